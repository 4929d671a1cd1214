"""How long decisions waited: of an organization's own requests, or of another system's event log. Pure.

A decision is APPROVED, FINAL_APPROVED or REJECTED by anyone but the employee. Its wait begins at the event of the same document
before it; waits that begin at a rejection are left out, since nobody was asked then.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from approvals.rules.event_logs import LoggedEvent
from core.rules.worktime import Calendar, add_business_days

ACTIVITY = re.compile(r"^(?P<document>.+?) (?P<verb>[A-Z][A-Z_]*) by (?P<role>[A-Z][A-Z_ ]*)$")
DECIDING = frozenset({"APPROVED", "FINAL_APPROVED", "REJECTED"})
ASKING = frozenset({"SUBMITTED"})
EMPLOYEE = "EMPLOYEE"
LONG = timedelta(hours=72)
LONG_DAYS = 3
# Fewer past decisions foretell nothing.
FEWEST_ALIKE = 5
ONE_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wait:
    """A decision and since when it was waited for. `stage` is whose decision it was; `due` its deadline, where it had one."""

    case: str
    stage: str
    begun: datetime
    ended: datetime
    due: datetime | None = None

    @property
    def elapsed(self) -> timedelta:
        """The time between."""
        return self.ended - self.begun


@dataclass(frozen=True, slots=True)
class Outlook:
    """What past decisions of a stage say of one that waits: of those that had waited as long, how many came after their due time.

    `usual_at` is when half of these had come, if it goes as they did.
    """

    late: int
    alike: int
    usual_at: datetime


@dataclass(frozen=True, slots=True)
class StageFigures:
    """The decisions of one stage. Hours are elapsed time."""

    stage: str
    decisions: int
    median_hours: float
    ninth_decile_hours: float
    over_3_business_days: int
    over_72_hours: int
    late: int


@dataclass
class Figures:
    """Everything that the waits of one source come to."""

    decisions: int = 0
    over_3_business_days: int = 0
    over_72_hours: int = 0
    late: int = 0
    by_stage: list[StageFigures] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LogFigures:
    """What an event log comes to besides its waits."""

    document: str
    waits: tuple[Wait, ...]
    resubmitted: int
    reversed_after_final: int


def document_of(cases: Mapping[str, Sequence[LoggedEvent]]) -> str:
    """Return which document the log is about: the one that most of its activities begin with."""
    found = Counter(
        match["document"] for events in cases.values() for event in events if (match := ACTIVITY.match(event.activity))
    )
    return found.most_common(1)[0][0] if found else ""


def figures_of_log(cases: Mapping[str, Sequence[LoggedEvent]]) -> LogFigures:
    """Read the waits of a log, how many cases were submitted again, and how many were rejected after their final approval."""
    document = document_of(cases)
    waits: list[Wait] = []
    again = undone = 0
    for case, events in cases.items():
        steps = steps_of(events, document)
        waits += _waits(case, steps)
        verbs = [verb for _, verb, _ in steps]
        again += sum(verb in ASKING for verb in verbs) > 1
        undone += "FINAL_APPROVED" in verbs and "REJECTED" in verbs[verbs.index("FINAL_APPROVED") :]
    return LogFigures(document, tuple(waits), again, undone)


def decided_by(events: Sequence[LoggedEvent], document: str) -> tuple[str, ...]:
    """Return whose decisions a case had, in order, each stage once."""
    steps = steps_of(events, document)
    return tuple(dict.fromkeys(word_of(role) for _, verb, role in steps if verb in DECIDING and role != EMPLOYEE))


def figures_of(waits: Iterable[Wait], calendar: Calendar) -> Figures:
    """Add waits up, in all and by stage, the stage with the most overdue first."""
    by_stage: dict[str, list[Wait]] = {}
    for wait in waits:
        by_stage.setdefault(wait.stage, []).append(wait)
    stages = [_stage_figures(stage, some, calendar) for stage, some in by_stage.items()]
    return Figures(
        decisions=sum(each.decisions for each in stages),
        over_3_business_days=sum(each.over_3_business_days for each in stages),
        over_72_hours=sum(each.over_72_hours for each in stages),
        late=sum(each.late for each in stages),
        by_stage=sorted(stages, key=lambda each: (-each.over_3_business_days, each.stage)),
    )


def outlook_of(past: Iterable[Wait], *, begun: datetime, due: datetime, now: datetime) -> Outlook | None:
    """Return what past waits say of one that has begun and is not yet due; None where too few had waited as long.

    Each is measured in shares of its own time, so that other spans and the days off within them compare.
    """
    whole, spent = due - begun, now - begun
    if not timedelta(0) <= spent < whole:
        return None
    alike = sorted(
        share
        for wait in past
        if wait.due is not None and wait.due > wait.begun and (share := wait.elapsed / (wait.due - wait.begun)) > spent / whole
    )
    if len(alike) < FEWEST_ALIKE:
        return None
    return Outlook(sum(share > 1 for share in alike), len(alike), begun + whole * median(alike))


def _stage_figures(stage: str, waits: Sequence[Wait], calendar: Calendar) -> StageFigures:
    hours = sorted(wait.elapsed / ONE_HOUR for wait in waits)
    return StageFigures(
        stage=stage,
        decisions=len(waits),
        median_hours=round(median(hours), 2),
        ninth_decile_hours=round(hours[min(len(hours) - 1, len(hours) * 9 // 10)], 2),
        over_3_business_days=sum(_is_long(wait, calendar) for wait in waits),
        over_72_hours=sum(wait.elapsed > LONG for wait in waits),
        late=sum(wait.due is not None and wait.ended > wait.due for wait in waits),
    )


def _is_long(wait: Wait, calendar: Calendar) -> bool:
    """Three business days are no shorter than three days, so only longer waits are looked up."""
    return wait.elapsed > timedelta(days=LONG_DAYS) - ONE_HOUR and wait.ended > add_business_days(calendar, wait.begun, LONG_DAYS)


def steps_of(events: Sequence[LoggedEvent], document: str) -> list[tuple[datetime, str, str]]:
    """Return the steps of a case that are about the document: when, what, by which role."""
    matches = ((event, ACTIVITY.match(event.activity)) for event in events)
    return [(event.at, match["verb"], match["role"]) for event, match in matches if match and match["document"] == document]


def _waits(case: str, steps: Sequence[tuple[datetime, str, str]]) -> list[Wait]:
    found = []
    for (begun, before, _), (ended, verb, role) in pairwise(steps):
        if verb in DECIDING and role != EMPLOYEE and before != "REJECTED":
            found.append(Wait(case, word_of(role), begun, ended))
    return found


def word_of(role: str) -> str:
    """Return what the stage of a role is called."""
    return role.replace("_", " ").capitalize()
