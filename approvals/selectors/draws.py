"""A draw on a reserve as it is typed, what it did, and the report that it owes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from approvals.models import Decision, DrawReport, Request, Reserve, ReserveDraw, ReserveTerms
from approvals.rules.reserves import used_of
from approvals.selectors.delegations import counted
from approvals.selectors.owners import holders_at
from approvals.selectors.places import path_of
from approvals.selectors.requests import sees
from approvals.selectors.reserves import draw_kind, terms_at
from budgets.models import FundsAccount
from budgets.rules.sentences import month_name
from budgets.selectors.balances import Figures, account_figures
from core.errors import InvalidInput, Missing, NotFound
from core.models import User

ZERO = Decimal("0.00")
OWED, OVERDUE, WRITTEN, CONFIRMED = "owed", "overdue", "written", "confirmed"


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is to be drawn: by month, from a reserve's line to another one, in the currency of both, with its document."""

    reserve: Reserve
    taker: FundsAccount
    amounts: Mapping[date, Decimal]
    reason: str = ""
    document: str = ""

    @property
    def total(self) -> Decimal:
        """What is drawn in all months together."""
        return sum(self.amounts.values(), ZERO)

    @property
    def title(self) -> str:
        """The draw in a few words, as a request is called."""
        return f"Draw {self.total:,.2f} on {self.reserve.name} for {self.taker.name}"[:200]


@dataclass(frozen=True, slots=True)
class Spending:
    """What the line that was given to did with the months of a draw, in its currency. `used` is how much of the draw is used."""

    month: date
    drawn: Decimal
    figures: Figures

    @property
    def used(self) -> Decimal:
        """Its own budget goes first."""
        return used_of(self.drawn, self.figures.allotted, self.figures.held)


def needed_terms(reserve: Reserve, months: Iterable[date]) -> ReserveTerms:
    """Return what is stated of a reserve for the first month of a draw. Raises InvalidInput where nothing is."""
    first = min(months)
    terms = terms_at(reserve, first)
    if terms is None:
        said = f"Nothing is stated of {reserve.name} for {month_name(first)}. Choose a later month."
        raise InvalidInput(said, details={"month": said})
    return terms


def needed_kind(drawing: Drawing) -> str:
    """Return the kind under which a draw is decided. Raises Missing where the policy knows none."""
    kind = draw_kind(drawing.reserve, drawing.taker)
    if not kind:
        raise Missing(
            f"The approval policy of {drawing.taker.name} knows no draws on reserves.",
            remedy="Ask an administrator for a kind with the subject reserve_draw.",
            code="no_kind",
        )
    return kind


def spending_of(draw: ReserveDraw) -> list[Spending]:
    """Return what the line did in each month of a draw."""
    lines = draw.request.lines.order_by("month").values_list("month", "funds")
    return [Spending(month, drawn, account_figures([draw.taker_id], month=month)[draw.taker_id]) for month, drawn in lines]


def figures_as_kept(spending: Iterable[Spending]) -> dict[str, Any]:
    """Return the ledger's figures as they are kept with a report."""
    return {
        "months": [
            {
                "month": f"{each.month:%Y-%m}",
                "drawn": f"{each.drawn:.2f}",
                "allotted": f"{each.figures.allotted:.2f}",
                "reserved": f"{each.figures.reserved:.2f}",
                "committed": f"{each.figures.committed:.2f}",
                "spent": f"{each.figures.spent:.2f}",
                "used": f"{each.used:.2f}",
            }
            for each in spending
        ]
    }


def state_of(report: DrawReport, now: datetime) -> str:
    """Say how a report stands: owed, overdue, written, or confirmed."""
    if report.confirmed_at is not None:
        return CONFIRMED
    if report.written_at is not None:
        return WRITTEN
    return OVERDUE if report.due_at <= now else OWED


def approvals_of(draws: Iterable[ReserveDraw]) -> dict[int, list[Decision]]:
    """Return by request who approved it as the reserve's own approver, in the present round; what was taken back left out."""
    named = {draw.request_id: draw for draw in draws}
    rows = Decision.objects.filter(request__in=named, verdict="approve", voided_at__isnull=True).select_related(
        "person", "on_behalf_of", "stage"
    )
    found: dict[int, list[Decision]] = {}
    for decision in rows.order_by("id"):
        draw = named[decision.request_id]
        if decision.round == draw.request.round and decision.stage and decision.stage.role_code == draw.terms.approver:
            found.setdefault(decision.request_id, []).append(decision)
    return found


def may_confirm(person: User, draw: ReserveDraw) -> bool:
    """Say whether a person confirms the report of a draw: who approved it for the reserve, or could; never who asked for it."""
    request = draw.request
    if person.pk == request.requester_id:
        return False
    decided = counted(request.decisions.filter(round=request.round), round_number=request.round)
    if person.pk in decided and any(each.person_id == person.pk for each in approvals_of([draw]).get(draw.request_id, [])):
        return True
    able = holders_at(draw.terms.approver, entity=request.entity, path=path_of(request), requester_id=request.requester_id)
    return person in able


def confirmers_of(draw: ReserveDraw) -> list[User]:
    """Return whom a written report is put before: who approved for the reserve, while they are here; else who could."""
    approved = [decision.person for decision in approvals_of([draw]).get(draw.request_id, []) if decision.person]
    there = [person for person in dict.fromkeys(approved) if person.is_active and person.pk != draw.request.requester_id]
    if there:
        return there
    request = draw.request
    able = holders_at(draw.terms.approver, entity=request.entity, path=path_of(request), requester_id=request.requester_id)
    return [person for person in able if person.pk != request.requester_id]


def reports_owed(reserves: Iterable[Reserve]) -> QuerySet[DrawReport]:
    """Return the reports on reserves that are not confirmed yet, the longest due first."""
    rows = DrawReport.objects.filter(draw__reserve__in=list(reserves), confirmed_at__isnull=True)
    return rows.select_related("draw__request__requester", "draw__reserve", "draw__terms", "written_by").order_by("due_at", "pk")


def access_draw_by_number(user: User, number: str) -> ReserveDraw:
    """Return the draw of a request, if `user` may see it. Raises NotFound either way it is not so."""
    related = ("request__entity__calendar", "request__requester", "reserve__account", "terms", "taker__budget", "report")
    draw = ReserveDraw.objects.select_related(*related).filter(request__number=number).first()
    if draw is None or not sees(user, draw.request):
        raise NotFound("There is no such draw, or it is not yours to see.", remedy="Start from the list of reserves.")
    return draw


def report_of(draw: ReserveDraw) -> DrawReport | None:
    """Return the report that a draw owes or has; None before it is approved."""
    if draw.request.state != Request.State.APPROVED:
        return None
    return DrawReport.objects.filter(draw=draw).select_related("written_by", "confirmed_by").first()
