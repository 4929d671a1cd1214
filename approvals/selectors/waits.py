"""Where approvals wait: an organization's own decisions and imported histories, by stage, never by person."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

import holidays
from django.db.models import QuerySet

from approvals.models import Decision, HistoryLog, PolicyVersion, Request, Round, Stage
from approvals.rules.document import PolicyDocument
from approvals.rules.document_rules import rules_of
from approvals.rules.event_logs import LoggedEvent
from approvals.rules.particulars import TRAVEL
from approvals.rules.waits import Figures, Outlook, Wait, figures_of, outlook_of
from approvals.selectors.particulars import ASKED_LATE, marks_of
from approvals.selectors.policies import versions_in_force
from budgets.selectors.balances import thread_balance
from core.access import whole_entities_of
from core.errors import InvalidInput, NotFound
from core.models import Entity, User, WorkCalendar
from core.rules.rights import Right
from core.rules.worktime import Calendar
from core.selectors.calendars import calendar_of, load_calendar

READERS = (Right.AUDIT, Right.ADMINISTER)
END_OF_DAY = time(23, 59, 59, 999_999)
MOST_LOOKED_AT, MOST_SHOWN = 2_000, 20


@dataclass(frozen=True, slots=True)
class TripFigures:
    """Trips that were approved: how many were asked for or approved once they had begun, and how many were overspent."""

    trips: int
    asked_late: int
    begun_before: int
    overspent: int


@dataclass(frozen=True, slots=True)
class LikelyLate:
    """A stage that waits, and what the past says of it."""

    stage: Stage
    outlook: Outlook


@dataclass(frozen=True, slots=True)
class Quiet:
    """A rule of a policy that routed nothing in the span that is looked at."""

    version: PolicyVersion
    rule: str


def calendar_named(name: str, *, first: datetime, last: datetime) -> Calendar:
    """Return the working days of a country (Monday to Friday but its public holidays, around the clock), or of a calendar here.

    Raises InvalidInput where neither is known.
    """
    kept = WorkCalendar.objects.filter(code=name).first()
    if kept is not None:
        return load_calendar(kept, around=first, years=max(3, last.year - first.year + 1))
    country, _, subdivision = name.upper().partition("-")
    parts = holidays.list_supported_countries().get(country)
    if parts is None or (subdivision and subdivision not in parts):
        raise InvalidInput(
            f"Nobody knows a calendar {name[:40]}.", remedy="Name a country, such as NL or DE-BY, or a work calendar of yours."
        )
    years = range(first.year - 1, last.year + 2)
    closed = frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=years))
    return Calendar(_zone_of(country), time(0), END_OF_DAY, frozenset(range(5)), closed)


def own_waits(entity: Entity, *, since: datetime, until: datetime) -> list[Wait]:
    """Return the waits of the decisions of a span. Escalated stages count from when they were assigned."""
    rows = Decision.objects.filter(
        request__entity=entity,
        voided_at__isnull=True,
        decided_at__gte=since,
        decided_at__lt=until,
        stage__assigned_at__isnull=False,
    )
    told = rows.values_list("request__number", "stage__name", "stage__assigned_at", "decided_at", "stage__due_at")
    return [Wait(number, stage, at, ended, due) for number, stage, at, ended, due in told.iterator() if at]


def own_figures(entity: Entity, waits: Sequence[Wait], *, since: datetime) -> Figures:
    """Return waits by stage, by the organization's calendar."""
    return figures_of(waits, calendar_of(entity, around=since))


def likely_late(entity: Entity, waits: Sequence[Wait], *, now: datetime) -> list[LikelyLate]:
    """Return what waits and is not due yet, where past decisions that had waited as long were late, the likeliest first."""
    by_stage: dict[str, list[Wait]] = defaultdict(list)
    for wait in waits:
        by_stage[wait.stage].append(wait)
    waiting = Stage.objects.filter(
        request__entity=entity, state=Stage.State.ASSIGNED, paused_at__isnull=True, due_at__gt=now, name__in=by_stage
    )
    found = []
    for stage in waiting.select_related("request").order_by("due_at", "id")[:MOST_LOOKED_AT]:
        assert stage.assigned_at is not None
        assert stage.due_at is not None
        outlook = outlook_of(by_stage[stage.name], begun=stage.assigned_at, due=stage.due_at, now=now)
        found += [LikelyLate(stage, outlook)] if outlook and outlook.late else []
    return sorted(found, key=lambda each: (-each.outlook.late / each.outlook.alike, each.stage.due_at))[:MOST_SHOWN]


def trips_of(entity: Entity, *, since: datetime, until: datetime) -> TripFigures:
    """Return the trips that were approved in a span: how many late, and how many cost more than was approved."""
    approved = Request.objects.filter(
        entity=entity, subject_kind=TRAVEL, state=Request.State.APPROVED, decided_at__gte=since, decided_at__lt=until
    )
    rows = list(approved.select_related("entity", "travel").prefetch_related("lines"))
    held = thread_balance([line.thread for row in rows for line in row.lines.all()])
    late = [marks_of(row) for row in rows]
    over = [sum((held[line.thread]["spent"] for line in row.lines.all()), Decimal(0)) > row.amount for row in rows]
    asked = sum(marks == [ASKED_LATE] for marks in late)
    return TripFigures(len(rows), asked, sum(bool(marks) for marks in late), sum(over))


def quiet_rules(entity: Entity, *, since: datetime) -> list[Quiet]:
    """Return the rules of the policies that route now which no request of the span fell under."""
    found = []
    versions = versions_in_force().filter(policy__entity=entity).select_related("policy")
    for version in versions:
        traces = Request.objects.filter(policy_version=version, submitted_at__gte=since).values_list("trace", flat=True)
        used = {step["position"] for trace in traces.iterator() for step in trace or () if step["chosen"]}
        rules = rules_of(PolicyDocument.model_validate(version.document))
        found += [Quiet(version, rule.name) for rule in rules if rule.position not in used]
    return found


def histories_of(user: User) -> QuerySet[HistoryLog]:
    """Return the imported histories of the entities that a person audits or administers as a whole."""
    return HistoryLog.objects.filter(entity__in=whole_entities_of(user, *READERS)).select_related("entity", "imported_by")


def access_history_by_id(user: User, log_id: int) -> HistoryLog:
    """Return an imported history that the person may see. Raises NotFound."""
    found = histories_of(user).filter(pk=log_id).first()
    if found is None:
        raise NotFound("There is no such history, or none that you may see.", remedy="Go back to where approvals wait.")
    return found


def entities_watched(user: User) -> Sequence[Entity]:
    """Return the entities whose waits a person may see: they tell of all its parts."""
    return list(whole_entities_of(user, *READERS).order_by("name"))


def _zone_of(country: str) -> ZoneInfo:
    """Return the zone of a country's calendar here, else the first that the zone database lists for it; UTC for none."""
    kept = WorkCalendar.objects.filter(country=country).values_list("time_zone", flat=True).first()
    return ZoneInfo(kept or _listed().get(country, "UTC"))


@cache
def _listed() -> dict[str, str]:
    """Return the first zone of each country. The list names the most populous first."""
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {row[0]: row[2] for row in reversed(rows)}


def logged_decisions(entity: Entity, *, since: datetime, until: datetime) -> dict[str, list[LoggedEvent]]:
    """Return an organization's own submissions and decisions of a span, as an event log: roles for people."""
    cases: dict[str, list[LoggedEvent]] = {}
    rounds = Round.objects.filter(request__entity=entity, submitted_at__gte=since, submitted_at__lt=until)
    for number, amount, at in rounds.values_list("request__number", "request__amount", "submitted_at"):
        cases.setdefault(number, []).append(LoggedEvent(number, "Request SUBMITTED by EMPLOYEE", "EMPLOYEE", "", at, amount))
    decisions = Decision.objects.filter(request__number__in=cases, request__entity=entity, voided_at__isnull=True)
    for number, verdict, role, at in decisions.values_list("request__number", "verdict", "stage__role_code", "decided_at"):
        name = (role or "policy").upper().replace("-", "_")
        cases[number].append(LoggedEvent(number, f"Request {VERBS[verdict]} by {name}", name, "", at))
    return {number: sorted(events, key=lambda event: event.at) for number, events in cases.items()}


VERBS = {"approve": "APPROVED", "reject": "REJECTED", "send_back": "RETURNED"}
