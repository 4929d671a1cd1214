"""Estimate bands: what the parts of a cost come to, from low to high, against what their heading says. Pure.

Amounts are those of one month, in one currency, which the band states; shares are in per cent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from budgets.rules.months import add_months
from core.money import quantize

ZERO = Decimal("0.00")
HUNDRED = Decimal(100)


class Place(StrEnum):
    """Where a figure lies: the buffer is what a band may grow by, above its high end."""

    BELOW = "below"
    WITHIN = "within"
    BUFFER = "in the buffer"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class Band:
    """From low to high, both included. As a difference either may be negative."""

    low: Decimal = ZERO
    high: Decimal = ZERO

    def __add__(self, other: "Band") -> "Band":
        return Band(self.low + other.low, self.high + other.high)

    def __sub__(self, other: "Band") -> "Band":
        return Band(self.low - other.low, self.high - other.high)

    def __bool__(self) -> bool:
        return bool(self.low or self.high)


def sum_of(bands: Iterable[Band]) -> Band:
    """Return what bands add up to: the low ends, and the high ends."""
    return sum(bands, Band())


def unexplained(heading: Band, parts: Band) -> Band:
    """Return by how much the parts come to more than their heading says, low and high, each with its sign."""
    return parts - heading


def grown(band: Band, buffer: Band, *, currency: str) -> Band:
    """Return a band with its buffer: the low end by the buffer's low share, the high end by its high one."""
    return Band(_grown(band.low, buffer.low, currency), _grown(band.high, buffer.high, currency))


def _grown(amount: Decimal, by_pct: Decimal, currency: str) -> Decimal:
    return quantize(amount * (1 + by_pct / HUNDRED), currency)


def share_of(band: Band, shares: Band, *, currency: str) -> Band:
    """Return what a share of a band comes to: the low share of its low end, the high share of its high one."""
    return Band(quantize(band.low * shares.low / HUNDRED, currency), quantize(band.high * shares.high / HUNDRED, currency))


def in_pct(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return a part as a share of the whole, in per cent to two decimals; None of nothing, or of less."""
    return (part * HUNDRED / whole).quantize(Decimal("0.01")) if whole > 0 else None


def place_of(figure: Decimal, band: Band, *, with_buffer: Band | None = None) -> Place:
    """Return where a figure lies. What is above the band and within it once grown lies in its buffer."""
    if figure < band.low:
        return Place.BELOW
    if figure <= band.high:
        return Place.WITHIN
    return Place.BUFFER if with_buffer is not None and figure <= with_buffer.high else Place.ABOVE


def first_nested(paths: Sequence[str]) -> tuple[str, str] | None:
    """Return the first two paths of which one lies within the other, the outer one first; None where none does."""
    for outer in paths:
        for inner in paths:
            if inner != outer and inner.startswith(outer):
                return outer, inner
    return None


# ---------------------------------------------------------------- by how much it shall cost less, and by when


class Course(StrEnum):
    """How a target stands."""

    REACHED = "reached"
    ON_TRACK = "on track"
    BEHIND = "behind"
    MISSED = "missed"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class TargetTerms:
    """By which share a monthly cost shall fall below what it came to in a month, and by which day."""

    percent: Decimal
    baseline: Decimal
    baseline_month: date
    due_on: date


@dataclass(frozen=True, slots=True)
class TargetStand:
    """A target at a day: what it comes to, what a straight line asks of the measured month, what was spent in that month.

    `short` is by how much the spend is above the target: zero or less once it is reached. `days_left` is negative afterwards.
    """

    goal: Decimal
    asked: Decimal
    actual: Decimal | None
    days_left: int
    course: Course

    @property
    def days_over(self) -> int:
        return -self.days_left

    @property
    def short(self) -> Decimal | None:
        return None if self.actual is None else self.actual - self.goal


def goal_of(terms: TargetTerms, *, currency: str) -> Decimal:
    """Return what the monthly cost shall come to: the baseline less its share, rounded half up to the smallest coin."""
    return quantize(terms.baseline * (1 - terms.percent / HUNDRED), currency)


def asked_by(terms: TargetTerms, day: date, *, currency: str) -> Decimal:
    """Return what a straight line from the end of the baseline month to the target's day asks of a month that ends on `day`."""
    goal, start = goal_of(terms, currency=currency), last_day(terms.baseline_month)
    whole, gone = (terms.due_on - start).days, (day - start).days
    if gone >= whole:
        return goal
    return quantize(terms.baseline - (terms.baseline - goal) * max(gone, 0) / whole, currency)


def stand_of(terms: TargetTerms, *, actual: Decimal | None, measured_on: date, today: date, currency: str) -> TargetStand:
    """Return how a target stands `today`, by what was spent in the month that was measured on its last day, or on this one."""
    goal, asked = goal_of(terms, currency=currency), asked_by(terms, measured_on, currency=currency)
    return TargetStand(goal, asked, actual, (terms.due_on - today).days, _course(terms, goal, asked, actual, measured_on))


def _course(terms: TargetTerms, goal: Decimal, asked: Decimal, actual: Decimal | None, measured_on: date) -> Course:
    if actual is None:
        return Course.UNKNOWN
    if actual <= goal:
        return Course.REACHED
    if measured_on >= terms.due_on:
        return Course.MISSED
    return Course.ON_TRACK if actual <= asked else Course.BEHIND


def last_day(month: date) -> date:
    """Return the last day of the month that a day lies in."""
    return add_months(month, 1) - timedelta(days=1)
