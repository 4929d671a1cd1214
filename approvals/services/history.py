"""Past approvals from another system, kept so that waits and replays have a history to stand on."""

import hashlib
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from approvals.models import HistoryEvent, HistoryLog
from approvals.rules.event_logs import EventLog, LogRefusedError, read_log
from approvals.rules.waits import Figures, LogFigures, figures_of, figures_of_log
from approvals.selectors.waits import calendar_named
from core.errors import InvalidInput
from core.models import Entity, User
from core.services import audit

CENT = Decimal("0.01")
BATCH = 5000


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """A log that was read and added up; nothing of it is kept yet."""

    name: str
    sha256: str
    log: EventLog
    told: LogFigures
    figures: Figures
    calendar: str

    def as_json(self) -> dict[str, Any]:
        """Return the figures as the command prints them and the row keeps them."""
        return {
            "format": self.log.format,
            "document": self.told.document,
            "cases": len(self.log.cases),
            "events": self.log.events,
            "decisions": self.figures.decisions,
            "over_3_business_days": self.figures.over_3_business_days,
            "over_72_hours": self.figures.over_72_hours,
            "resubmitted": self.told.resubmitted,
            "reversed_after_final": self.told.reversed_after_final,
            "unread": dict(self.log.unread),
            "by_stage": [asdict(each) for each in self.figures.by_stage],
            "calendar": self.calendar,
        }


def read_history(*, content: bytes, name: str, calendar: str) -> ReadHistory:
    """Read a log and add its waits up by a calendar: a country's code, or the code of a work calendar here.

    Raises InvalidInput for a file that is no event log, and for a calendar that nobody knows.
    """
    try:
        log = read_log(content, name=name, limit=settings.MAX_IMPORT_BYTES)
    except LogRefusedError as refused:
        raise InvalidInput(str(refused), remedy=refused.remedy, code="no_event_log") from refused
    told = figures_of_log(log.cases)
    moments = [event.at for events in log.cases.values() for event in events]
    days = calendar_named(calendar, first=min(moments), last=max(moments))
    return ReadHistory(name[:200], hashlib.sha256(content).hexdigest(), log, told, figures_of(told.waits, days), calendar)


@transaction.atomic
def keep_history(*, read: ReadHistory, entity: Entity, actor: User | None, kind: str = "") -> HistoryLog:
    """Keep a log that was read. The same file again is the log that is here already."""
    known = HistoryLog.objects.filter(entity=entity, sha256=read.sha256).first()
    if known is not None:
        return known
    row = HistoryLog.objects.create(
        entity=entity,
        name=read.name,
        sha256=read.sha256,
        document=read.told.document,
        kind=kind,
        calendar=read.calendar,
        cases=len(read.log.cases),
        events=read.log.events,
        figures=read.as_json(),
        imported_by=actor,
    )
    events = (event for events in read.log.cases.values() for event in events)
    HistoryEvent.objects.bulk_create(
        (
            HistoryEvent(
                log=row,
                number=number,
                case=event.case,
                activity=event.activity,
                role=event.role,
                person=event.person,
                at=event.at,
                amount=event.amount.quantize(CENT, ROUND_HALF_UP) if event.amount is not None else None,
            )
            for number, event in enumerate(events, start=1)
        ),
        batch_size=BATCH,
    )
    after = {"name": row.name, "sha256": row.sha256, "cases": row.cases, "events": row.events}
    audit.record(actor=actor, verb="history.imported", subject=row, entity=entity, after=after)
    return row


@transaction.atomic
def drop_history(*, log_id: int, actor: User) -> None:
    """Take a log away again. Nothing but figures stands on it."""
    row = HistoryLog.objects.select_related("entity").filter(pk=log_id).first()
    if row is None:
        return
    audit.record(
        actor=actor, verb="history.dropped", subject=row, entity=row.entity, before={"name": row.name, "sha256": row.sha256}
    )
    row.delete()
