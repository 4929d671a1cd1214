"""Windows of months: which of a control's windows has the least left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from budgets.rules.months import fiscal_year_of

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class WindowStand:
    """What one window of a control may hold (`cap`, tolerance included) and holds, in the control's currency."""

    first: date
    last: date
    cap: Decimal
    held: Decimal

    @property
    def left(self) -> Decimal:
        return self.cap - self.held


def _start_of(window: str, month: date, start_month: int) -> date:
    """Return the first month of the window of this kind that `month` lies in."""
    if window == "month":
        return month
    if window == "quarter":
        offset = (month.month - start_month) % 3
        year, index = divmod(month.year * 12 + month.month - 1 - offset, 12)
        return date(year, index + 1, 1)
    if window == "life":
        return date.min
    return fiscal_year_of(month, start_month)


def stands_of(
    window: str, months: Mapping[date, tuple[Decimal, Decimal]], *, tolerance: Decimal, start_month: int
) -> list[WindowStand]:
    """Return every window of a control, in order. `months` maps a month to its cap (without tolerance) and what is held.

    A year to date has a window for each month: from the year's first month to that one.
    """
    found: dict[date, WindowStand] = {}
    every: list[WindowStand] = []
    for month in sorted(months):
        cap, held = months[month]
        start = _start_of(window, month, start_month)
        before = found.get(start) or WindowStand(month, month, ZERO, ZERO)
        found[start] = WindowStand(before.first, month, before.cap + cap * (1 + tolerance), before.held + held)
        every.append(found[start])
    return every if window == "ytd" else list(found.values())


def tightest(stands: list[WindowStand]) -> WindowStand | None:
    """Return the window with the least left, the earlier one of two alike; None where there is none."""
    return min(stands, key=lambda stand: (stand.left, stand.first), default=None)
