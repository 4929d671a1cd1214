"""R8: a year of stages in twelve zones, with clocks that change and are set back and days off that are stated meanwhile."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from unittest import mock
from zoneinfo import ZoneInfo

from django.db import transaction

from approvals.models import Stage, Timer
from approvals.services import timers
from approvals.services.policies import load_policy
from budgets.models import FundsAccount
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from core import clock
from core.models import CalendarDay, OutboxEvent, User, WorkCalendar
from core.rules.worktime import Calendar
from core.selectors.calendars import load_calendar
from tests.factories.approvals import MARCH, submitted
from tests.factories.budgets import BudgetFactory, CategoryFactory, allot, open_year
from tests.factories.core import EntityFactory, UserFactory, WorkCalendarFactory, assign
from tests.measures.harness import Outcome, Setting
from tests.trust.minutes import Office, due
from tests.trust.scenarios.ground import PEOPLE, POLICY

ID = "R8"
NAME = "a year of clocks in twelve zones"
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
# Zones whose clocks change at two or three in the night have offices that are open then.
NIGHT, DAY, LATE = (time(0), time(8)), (time(9), time(17)), (time(13, 30), time(22, 45))
OFFICES = {
    "UTC": (DAY, "01234"),
    "America/New_York": (NIGHT, "0123456"),
    "America/St_Johns": (NIGHT, "01456"),
    "America/Los_Angeles": (DAY, "01234"),
    "America/Santiago": (LATE, "01234"),
    "Europe/Berlin": (NIGHT, "123456"),
    "Africa/Cairo": (DAY, "01236"),
    "Asia/Kathmandu": (LATE, "01236"),
    "Asia/Tokyo": (DAY, "01234"),
    "Australia/Sydney": (NIGHT, "56"),
    "Australia/Lord_Howe": (NIGHT, "0123456"),
    "Pacific/Chatham": (NIGHT, "0456"),
}
SPANS = ("same day", "4 business hours", "2 business days", "24 hours", "1 week")
ESCALATION = "3 business days"
# By which event each clock shows itself.
TOPICS = {"warn": "approvals.stage_warned", "escalate": "approvals.stage_escalated", "breach": "approvals.stage_breached"}


@dataclass
class House:
    """An organization in a zone, and its office as the walker through minutes knows it."""

    office: Office
    calendar: WorkCalendar
    requester: User
    account: FundsAccount
    days_off: int = 0


@dataclass
class Watched:
    """A clock that must ring once: what it counts from when, and when that is over by the office as it was last seen."""

    house: House
    stage_id: int
    kind: str
    words: str
    start: datetime
    _reckoned: tuple[int, datetime] | None = None

    def due(self) -> datetime:
        if self._reckoned is None or self._reckoned[0] != self.house.days_off:
            self._reckoned = self.house.days_off, due(self.words, self.house.office, self.start)
        return self._reckoned[1]


@dataclass
class Year:
    """What is watched, what rang, and what was wrong about it."""

    houses: list[House]
    chance: random.Random
    waiting: dict[int, Watched] = field(default_factory=dict)
    rang: dict[int, datetime] = field(default_factory=dict)
    of: dict[int, Watched] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    begins: list[datetime] = field(default_factory=list)

    def begin_stage(self) -> None:
        """Submit a request somewhere, and note when each clock of its stage must ring."""
        house, now = self.houses[self.done["stages"] % len(self.houses)], clock.now()
        words = self.chance.choice(SPANS)
        request = submitted(house.requester, house.account, "1", kind=_kind(words))
        stage = Stage.objects.get(request=request, state=Stage.State.ASSIGNED)
        escalation = words if due(words, house.office, now) < due(ESCALATION, house.office, now) else ESCALATION
        spans = {"warn": f"half of {escalation}", "escalate": escalation, "breach": words}
        for timer in stage.timers.all():
            self.waiting[timer.pk] = self.of[timer.pk] = Watched(house, stage.pk, timer.kind, spans[timer.kind], now)
        self.done["stages"] += 1

    def state_day_off(self) -> None:
        """Close one office on one of the next days that it is open on."""
        house, today = self.chance.choice(self.houses), clock.now().date()
        days = [today + timedelta(days=offset) for offset in range(1, 9)]
        open_days = [day for day in days if house.office.is_day(day)]
        if len(open_days) < 3:
            return
        day = self.chance.choice(open_days)
        CalendarDay.objects.create(calendar=house.calendar, day=day, name="A day off")
        house.calendar.version += 1
        house.calendar.save(update_fields=["version"])
        house.office = replace(house.office, away=house.office.away | {day})
        house.days_off += 1
        self.done["days_off"] += 1

    def sweep(self) -> None:
        """Fire what is due, and hold what rang, and what did not, against the walker's moments."""
        now = clock.now()
        timers.fire_due()
        self.done["sweeps"] += 1
        fired = Timer.objects.filter(pk__in=self.waiting, state=Timer.State.FIRED).values_list("pk", "due_at", "fired_at")
        for pk, due_at, fired_at in fired:
            wanted = self.waiting.pop(pk).due()
            self.rang[pk] = wanted
            self.faults["early"] += now < wanted
            self.faults["due_otherwise"] += due_at != wanted
            self.faults["fired_otherwise"] += fired_at != now
        self.faults["missed"] += sum(watched.due() <= now for watched in self.waiting.values())


def run(setting: Setting, *, planted: bool) -> Outcome:
    stages = len(OFFICES) if planted else setting.pick(small=24, full=1000)
    with setting.database("r08"), ExitStack() as stack, transaction.atomic():
        with clock.at(FIRST):
            year = Year([_house(zone, *terms) for zone, terms in OFFICES.items()], random.Random(stages))
        if planted:
            stack.enter_context(mock.patch.object(timers, "load_calendar", _everywhere_greenwich))
        _live(year, stages)
        year.faults["rang_otherwise_than_once"] = _otherwise_than_once(year)
        transaction.set_rollback(True)
    faults = {name: year.faults[name] for name in (*FAULTS, "rang_otherwise_than_once")}
    return Outcome(not any(faults.values()), {"zones": len(OFFICES), **year.done, "rang": len(year.rang), **faults})


FAULTS = ("early", "missed", "due_otherwise", "fired_otherwise")


def _live(year: Year, stages: int) -> None:
    minutes = year.chance.sample(range(int((LAST - FIRST).total_seconds()) // 60), stages)
    year.begins = [FIRST + timedelta(minutes=minute) for minute in sorted(minutes)]
    for now in _moments(year):
        with clock.at(now):
            while year.begins and year.begins[0] <= now:
                year.begins.pop(0)
                year.begin_stage()
            if year.chance.random() < 0.03:
                year.state_day_off()
            year.sweep()
        if not year.begins and not year.waiting:
            break


def _moments(year: Year) -> Iterator[datetime]:
    """Yield when the sweep comes by, now and then by a clock that was set back; where nothing waits, when something does."""
    now = FIRST
    while now < LAST + timedelta(days=60):
        yield now
        if not year.waiting and year.begins:
            now = year.begins[0]
        elif year.chance.random() < 0.05:
            year.done["set_back"] += 1
            now -= timedelta(minutes=year.chance.randint(1, 180))
        else:
            now += timedelta(minutes=year.chance.choice((1, 15, 60, 240, 600)))


def _otherwise_than_once(year: Year) -> int:
    """Count the clocks whose event was announced never, twice, or of another moment."""
    announced: dict[tuple[int, str], list[datetime]] = {}
    for topic, payload in OutboxEvent.objects.filter(topic__in=TOPICS.values()).values_list("topic", "payload"):
        announced.setdefault((payload["stage_id"], topic), []).append(datetime.fromisoformat(payload["at"]))
    wanted = {(each.stage_id, TOPICS[each.kind]): [year.rang[pk]] for pk, each in year.of.items() if pk in year.rang}
    silent = len(year.of) - len(year.rang)
    return silent + sum(announced.get(key) != moments for key, moments in wanted.items()) + len(announced.keys() - wanted.keys())


def _kind(words: str) -> str:
    return f"within_{words.replace(' ', '_')}"


def _house(zone: str, hours: tuple[time, time], weekdays: str) -> House:
    calendar = WorkCalendarFactory.create(
        code=zone.replace("/", "-").lower(), time_zone=zone, opens_at=hours[0], closes_at=hours[1], weekdays=weekdays
    )
    entity = EntityFactory.create(calendar=calendar)
    people = {code: UserFactory.create() for code in PEOPLE}
    for code, kind in PEOPLE.items():
        assign(people[code], code, entity, kind=kind)
    open_year(entity)
    budget = BudgetFactory.create(entity=entity)
    account = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=entity))
    set_controls(budget=budget)
    allot(account, 100_000, month=MARCH)
    rules = [{"kind": _kind(words), "over": 0, "stages": ["program_director"], "sla": words} for words in SPANS]
    kinds = {_kind(words): {"name": words.capitalize()} for words in SPANS}
    load_policy(document={**POLICY, "kinds": kinds, "rules": rules}, entity=entity, actor=None)
    office = Office(ZoneInfo(zone), *hours, frozenset(map(int, weekdays)))
    return House(office, calendar, people["project_manager"], account)


def _everywhere_greenwich(calendar: WorkCalendar, *, around: datetime | date) -> Calendar:
    """The planted bug: the hours are taken for those of Greenwich."""
    return replace(load_calendar(calendar, around=around), zone=ZoneInfo("UTC"))  # type: ignore[arg-type]
