"""Who is told of reports that draws on reserves owe."""

from collections.abc import Iterable

from django.urls import reverse

from approvals.events import DrawEvent, DrawOwesReport, DrawReportOverdue, DrawReportReturned, DrawReportWritten
from approvals.models import DrawReport
from approvals.selectors.draws import confirmers_of
from budgets.rules.sentences import money
from core.access import people_with
from core.events import on
from core.models import User
from core.rules.rights import Right
from core.services.notices import notify


@on(DrawOwesReport)
def tell_of_owed_report(event: DrawOwesReport) -> None:
    """Its requester hears by when what is owed."""
    report = _report(event)
    if report is not None and report.written_at is None:
        request = report.draw.request
        body = f"{money(request.amount)} {request.currency} were drawn on {report.draw.reserve.name}. Say what came of it."
        _tell(report, [request.requester], "owed", f"A report about {request.number} is due", body, event.at, level="act")


@on(DrawReportWritten)
def put_before_approver(event: DrawReportWritten) -> None:
    """Whoever approved the draw confirms it."""
    report = _report(event)
    if report is not None and report.written_at is not None and report.confirmed_at is None:
        words = f"Confirm the report about {report.draw.request.number}, or say what it misses"
        _tell(report, confirmers_of(report.draw), "written", words, report.outcome[:500], event.at, level="act")


@on(DrawReportReturned)
def tell_of_returned_report(event: DrawReportReturned) -> None:
    """It is owed again."""
    report = _report(event)
    if report is not None and report.written_at is None:
        request = report.draw.request
        words = f"The report about {request.number} misses something"
        _tell(report, [request.requester], "returned", words, report.returned_because, event.at, level="act")


@on(DrawReportOverdue)
def tell_of_overdue_report(event: DrawReportOverdue) -> None:
    """Who owes it, who approved, and finance hear of it."""
    report = _report(event)
    if report is None or report.written_at is not None:
        return
    draw, request = report.draw, report.draw.request
    words = f"The report about {request.number} is overdue"
    body = f"{request.requester.name} owes it for {money(request.amount)} {request.currency} drawn on {draw.reserve.name}."
    _tell(report, [request.requester], "overdue", words, body, event.at, level="act")
    path = draw.reserve.account.cost_centre.path
    others = [*confirmers_of(draw), *people_with(Right.BUDGET, entity=request.entity, path=path)]
    _tell(report, others, "overdue", words, body, event.at, level="watch")


def _report(event: DrawEvent) -> DrawReport | None:
    """Return the report; None where the approval was taken back meanwhile, so that none is owed."""
    related = ("draw__request__entity", "draw__request__requester", "draw__terms", "draw__reserve__account__cost_centre")
    return DrawReport.objects.select_related(*related).filter(draw__request=event.request_id).first()


def _tell(report: DrawReport, people: Iterable[User], what: str, words: str, body: str, at: str, *, level: str) -> None:
    request = report.draw.request
    for person in dict.fromkeys(people):
        notify(
            person=person,
            kind=f"approvals.draw_report_{what}",
            subject=words,
            key=f"draw-report:{request.pk}:{what}:{at}",
            entity=request.entity,
            body=body,
            url=reverse("approvals:draw-report", args=[request.number]),
            level=level,
        )
