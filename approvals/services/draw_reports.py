"""The report that a draw on a reserve owes: written by who asked for it, confirmed by who approved, told of once overdue."""

import logging
from datetime import datetime

from django.db import transaction

from approvals.events import DrawReportOverdue, DrawReportReturned, DrawReportWritten
from approvals.locks import claim_overdue_reports, lock_draw_report
from approvals.models import DrawReport
from approvals.selectors.draws import figures_as_kept, may_confirm, spending_of
from core import clock
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import User
from core.rules.retrying import wait_after
from core.services import audit
from core.services.outbox import publish

logger = logging.getLogger(__name__)
LONGEST_OUTCOME = 20_000
LONGEST_WORD = 1_000
BATCH = 100


@transaction.atomic
def write_report(*, request_id: int, outcome: str, actor: User) -> DrawReport:
    """Say what came of a draw. The ledger's figures of the line are kept with it as they stand now.

    Until it is confirmed it is written anew. Raises NotAllowed (somebody else's), InvalidInput, WrongState (confirmed), NotFound.
    """
    report = lock_draw_report(request_id)
    request = report.draw.request
    if request.requester_id != actor.pk:
        raise NotAllowed(f"{request.requester.name} owes the report about {request.number}.", remedy="Only they write it.")
    _refuse_confirmed(report)
    text = _text(outcome, LONGEST_OUTCOME, "outcome", "Say what it was spent on and what came of it.")
    now = clock.now()
    report.outcome, report.figures = text, figures_as_kept(spending_of(report.draw))
    report.written_at, report.written_by, report.returned_because = now, actor, ""
    report.save(update_fields=["outcome", "figures", "written_at", "written_by", "returned_because"])
    after = {"outcome": text[:500], **report.figures}
    audit.record(actor=actor, verb="draw_report.written", subject=report, entity=request.entity, after=after)
    publish(DrawReportWritten(request_id=request.pk, at=now.isoformat()))
    return report


@transaction.atomic
def confirm_report(*, request_id: int, actor: User) -> DrawReport:
    """Confirm what is written. Raises NotAllowed (neither approved nor could), WrongState (not written, confirmed)."""
    report = lock_draw_report(request_id)
    _refuse_unless_before(report, actor)
    report.confirmed_at, report.confirmed_by = clock.now(), actor
    report.save(update_fields=["confirmed_at", "confirmed_by"])
    entity = report.draw.request.entity
    audit.record(actor=actor, verb="draw_report.confirmed", subject=report, entity=entity, after={"figures": report.figures})
    return report


@transaction.atomic
def return_report(*, request_id: int, missing: str, actor: User) -> DrawReport:
    """Give a report back with what it misses: it is owed again. Raises as confirm_report does, and InvalidInput."""
    report = lock_draw_report(request_id)
    _refuse_unless_before(report, actor)
    text = _text(missing, LONGEST_WORD, "missing", "Say what is missing; whoever wrote it reads this.")
    before = {"outcome": report.outcome[:500]}
    report.written_at = report.written_by = None
    report.returned_because = text
    report.save(update_fields=["written_at", "written_by", "returned_because"])
    request = report.draw.request
    after = {"missing": text[:500]}
    audit.record(actor=actor, verb="draw_report.returned", subject=report, entity=request.entity, before=before, after=after)
    publish(DrawReportReturned(request_id=request.pk, at=clock.now().isoformat()))
    return report


def remind_of_reports() -> int:
    """Tell of every report that is overdue and of which nobody was told; return of how many. Safe to run anywhere, any time."""
    told = 0
    while True:
        claimed, effects = _remind_batch()
        told += effects
        if not claimed:
            return told


@transaction.atomic
def _remind_batch() -> tuple[int, int]:
    now = clock.now()
    reports = claim_overdue_reports(now=now, limit=BATCH)
    return len(reports), sum(_tell_safely(report, now) for report in reports)


def _tell_safely(report: DrawReport, now: datetime) -> bool:
    try:
        with transaction.atomic():
            report.told_at = report.due_at
            report.save(update_fields=["told_at"])
            request = report.draw.request
            at = report.due_at.isoformat()
            audit.record(actor=None, verb="draw_report.overdue", subject=report, entity=request.entity, after={"deadline": at})
            publish(DrawReportOverdue(request_id=request.pk, at=at))
    except Exception as error:  # one may fail in any way; it is pushed forward and holds up no other
        logger.exception("Nobody was told of the overdue report %s.", report.pk, exc_info=error)
        wait = wait_after(report.attempts + 4)
        DrawReport.objects.filter(pk=report.pk).update(attempts=report.attempts + 1, not_before=now + wait)
        return False
    return True


def _refuse_unless_before(report: DrawReport, actor: User) -> None:
    number = report.draw.request.number
    if not may_confirm(actor, report.draw):
        raise NotAllowed(f"You do not confirm the report about {number}.", remedy="Whoever approves the reserve's use does.")
    _refuse_confirmed(report)
    if report.written_at is None:
        raise WrongState(f"The report about {number} is not written yet.", remedy="Wait for it, or ask for it.")


def _refuse_confirmed(report: DrawReport) -> None:
    if report.confirmed_at is not None:
        raise WrongState(f"The report about {report.draw.request.number} is confirmed; it does not change any more.")


def _text(said: str, most: int, field: str, sentence: str) -> str:
    text = said.strip()
    if not text:
        raise InvalidInput(sentence, details={field: sentence})
    if len(text) > most or "\x00" in text:
        too_long = f"Shorten this to {most:,} characters of text."
        raise InvalidInput(too_long, details={field: too_long})
    return text
