"""The demo's year, told from its first day to the present."""

from dataclasses import dataclass
from datetime import UTC, datetime

from budgets.rules.months import add_months, first_of
from core import clock
from core.selectors.calendars import calendar_of
from demo.founding import found, plan_next_policy
from demo.story.engine import Story
from demo.story.meridian import Meridian
from demo.story.others import Distro, IntelliFlow
from demo.story.planning import plan_next_year, plan_staff

SEED = 20261121


@dataclass(frozen=True)
class Told:
    """How many acts were played, and what the product refused on the way."""

    acts: int
    refusals: list[str]


def tell(*, present: datetime) -> Told:
    """Found the organizations and tell their twelve months up to `present`, through the services."""
    first = add_months(first_of(present.date()), -11)
    with clock.at(datetime(first.year, first.month, 1, 8, tzinfo=UTC)):
        cast = found(present=present.date())
    calendar = calendar_of(cast.entities["meridian"], around=present)
    story = Story(ends=present, calendar=calendar, seed=SEED)
    Meridian(story, cast.entities["meridian"], cast.people, first=first).plan()
    Distro(story, cast.entities["distro-nation"], cast.people, first=first).plan()
    IntelliFlow(story, cast.entities["intelliflow"], cast.people, first=first).plan()
    plan_next_year(story, cast.people["finance"])
    plan_staff(story, cast.people["finance"])
    acts = story.tell()
    with clock.at(present):
        plan_next_policy(cast.entities["distro-nation"], cast.people["administrator"], present=present.date())
    return Told(acts, story.refusals)
