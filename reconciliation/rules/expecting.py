"""When a source's next file is due, and whether it is late. Pure: days in, days out."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from budgets.rules.months import add_months

LONGEST_GRACE = 60
FRIDAY = 4

# Formats say themselves what they come out of; a source of the others says so itself, and is taken for the first until then.
SYSTEMS_OF = {
    "spend_csv": ("erp", "billing", "cards", "other"),
    "bill_csv": ("billing", "erp", "cards", "other"),
    "invoice_csv": ("invoices",),
    "camt053": ("bank",),
}
MONTHS_OF = {"monthly": 1, "quarterly": 3}


class Standing(StrEnum):
    """How a source stands to what is expected of it."""

    UNASKED = "unasked"
    FRESH = "fresh"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Expected:
    """When the next file is due, its grace included, and by how many days it is late. `due_on` None: none is expected."""

    standing: Standing
    due_on: date | None = None
    days_late: int = 0


def expected(*, cadence: str, grace_days: int, last_on: date, today: date) -> Expected:
    """Return how a source stands whose last file came on `last_on`, or which was set up then and never had one."""
    due = _next_on(cadence, last_on)
    if due is None:
        return Expected(Standing.UNASKED)
    due += timedelta(days=grace_days)
    late = max((today - due).days, 0)
    return Expected(Standing.LATE if late else Standing.FRESH, due, late)


def _next_on(cadence: str, last_on: date) -> date | None:
    if cadence in MONTHS_OF:
        return _months_on(last_on, MONTHS_OF[cadence])
    if cadence == "weekly":
        return last_on + timedelta(days=7)
    if cadence == "daily":
        following = last_on + timedelta(days=1)
        # Nobody sends one over a weekend.
        return following + timedelta(days=max(7 - following.weekday(), 0)) if following.weekday() > FRIDAY else following
    return None


def _months_on(day: date, months: int) -> date:
    """Return the same day some months later, or the last one of a month that is shorter."""
    first = add_months(day.replace(day=1), months)
    return min(first + timedelta(days=day.day - 1), add_months(first, 1) - timedelta(days=1))
