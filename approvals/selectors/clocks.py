"""By whose calendar a stage's time is counted.

It is the calendar of whoever owns the stage: their own, else the organization's. Where several decide who work by different ones,
the time is over once as many as must approve have each had the whole of it by their own: the first of them where any may decide,
the last where all must. A committee decides by the organization's calendar.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from approvals.rules import sla
from approvals.selectors.seats import Seats
from core.models import Entity, User, WorkCalendar
from core.rules import worktime
from core.selectors.calendars import Stated, calendars_of_people, load_calendar, own_calendar


@dataclass(frozen=True, slots=True)
class Clock:
    """A calendar, whose it is (None: the organization's), and how it was come by, in words for the due time."""

    calendar: WorkCalendar
    whose: User | None = None
    words: str = ""


@dataclass(slots=True)
class Clocks:
    """What is known of the calendars of people, read once for all stages that are looked at together."""

    entity: Entity
    stated: Stated
    loaded: dict[int, worktime.Calendar] = field(default_factory=dict)

    def load(self, calendar: WorkCalendar, *, around: datetime) -> worktime.Calendar:
        """Return a calendar as the rules need it, read once."""
        if calendar.pk not in self.loaded:
            self.loaded[calendar.pk] = load_calendar(calendar, around=around)
        return self.loaded[calendar.pk]

    def of_stage(
        self, people: Sequence[User], *, needed: int, span: sla.Span, start: datetime, by_committee: bool = False
    ) -> Clock:
        """Return by whose calendar a span from `start` is counted for `people`, of whom the first owns the stage."""
        shared = self.entity.calendar
        if by_committee or not any(person.pk in self.stated for person in people):
            return Clock(shared)
        theirs = [own_calendar(self.stated, person.pk, at=start) or shared for person in people]
        if len({calendar.pk for calendar in theirs}) == 1:
            return self._clock(people[0], theirs[0], "")
        dues = [sla.due_at(span, self.load(calendar, around=start), start) for calendar in theirs]
        order = sorted(range(len(people)), key=lambda index: (dues[index], index))
        chosen = order[min(needed, len(people)) - 1]
        have = "has" if needed == 1 else "have"
        return self._clock(people[chosen], theirs[chosen], f", by which {needed} of {len(people)} {have} had the whole time")

    def _clock(self, person: User, calendar: WorkCalendar, how: str) -> Clock:
        if calendar.pk == self.entity.calendar_id:
            return Clock(calendar, None, f"by the organization's calendar{how}" if how else "")
        return Clock(calendar, person, f"by the calendar of {person.name}{how}")


def clocks_of(entity: Entity, people: Collection[User]) -> Clocks:
    """Return what is known of the calendars of people who may own stages of an organization."""
    return Clocks(entity, calendars_of_people({person.pk for person in people}))


def owner_first(people: Seats) -> list[User]:
    """Return those whom a stage asks, its owner first."""
    return [people.owner, *(person for person in people.members if person.pk != people.owner.pk)]
