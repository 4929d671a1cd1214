"""Windows of months: which of a control's windows has the least left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from budgets.rules.months import add_months, fiscal_year_of

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
LENGTHS = {"month": 1, "quarter": 3, "year": 12}
# A life runs from the first to the last month there can be, as the database has it.
LIFE = (date(1, 1, 1), date(9999, 12, 1))


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


def bounds_of(window: str, month: date, start_month: int) -> tuple[date, date]:
    """Return the first and the last month of the window of this kind around `month`; a year to date ends with it."""
    if window == "life":
        return LIFE
    start = _start_of(window, month, start_month)
    return (start, month) if window == "ytd" else (start, add_months(start, LENGTHS[window] - 1))


def own_cap(limit: Decimal, window: str, first: date, last: date) -> Decimal:
    """Return what a control's own limit comes to in a window, without tolerance.

    To date it grows by a twelfth for each month begun, rounded so that twelve make it whole; elsewhere it is the limit itself.
    """
    if window != "ytd":
        return limit
    begun = (last.year - first.year) * 12 + last.month - first.month + 1
    return (limit * begun / 12).quantize(CENT, rounding=ROUND_HALF_UP)


def stands_of(
    window: str,
    months: Mapping[date, tuple[Decimal, Decimal]],
    *,
    tolerance: Decimal,
    start_month: int,
    own_limit: Decimal | None = None,
) -> list[WindowStand]:
    """Return every window of a control, in order. `months` maps a month to what is allotted and what is held in it.

    The cap is `own_limit`, or without one what is allotted. A year to date has a window for each month: from the year's first
    month to that one.
    """
    running: dict[date, tuple[Decimal, Decimal]] = {}
    found: dict[tuple[date, date], tuple[Decimal, Decimal]] = {}
    for month in sorted(months):
        start = _start_of(window, month, start_month)
        cap, held = running.get(start, (ZERO, ZERO))
        running[start] = found[bounds_of(window, month, start_month)] = (cap + months[month][0], held + months[month][1])
    caps = {at: cap if own_limit is None else own_cap(own_limit, window, *at) for at, (cap, _) in found.items()}
    return [WindowStand(*at, caps[at] * (1 + tolerance), held) for at, (_, held) in found.items()]


def tightest(stands: list[WindowStand]) -> WindowStand | None:
    """Return the window with the least left, the earlier one of two alike; None where there is none."""
    return min(stands, key=lambda stand: (stand.left, stand.first), default=None)
