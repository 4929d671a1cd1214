"""The figures of a report: what was planned, what happened, what is held. Every sum is made here and nowhere else.

Amounts are decimals in the budget's currency. Months are the first day of a calendar month.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from budgets.rules.achieving import achieved
from reporting.rules.rag import Status, share_of_threshold, status_of

ZERO = Decimal("0.00")
# Of a field that a report has on its page, and no pack keeps.
NOT_FROZEN = {"frozen": False}


@dataclass(frozen=True, slots=True)
class Figures:
    """The amounts of one account, or of several together."""

    plan_to_date: Decimal = ZERO
    actual_to_date: Decimal = ZERO
    plan_total: Decimal = ZERO
    actual_total: Decimal = ZERO
    reserved: Decimal = ZERO
    committed: Decimal = ZERO
    paid: Decimal = ZERO

    @property
    def variance(self) -> Decimal:
        """Actual less plan, to date. Positive costs more than planned."""
        return self.actual_to_date - self.plan_to_date

    @property
    def percent(self) -> Decimal | None:
        """The variance in per cent of the plan to date; None where nothing was planned yet."""
        return self.variance * 100 / self.plan_to_date if self.plan_to_date else None

    @property
    def achieved(self) -> Decimal | None:
        """Actual in per cent of the plan, to date; None for a plan of zero."""
        return achieved(self.plan_to_date, self.actual_to_date)

    @property
    def promised(self) -> Decimal:
        """Reserved by requests and committed by approvals: not spent yet, and not free either."""
        return self.reserved + self.committed

    @property
    def held(self) -> Decimal:
        """Everything that takes money from the plan: reserved, committed and spent, in all months."""
        return self.reserved + self.committed + self.actual_total

    @property
    def remaining(self) -> Decimal:
        """The whole plan less what is held: what may still be asked for."""
        return self.plan_total - self.held


def total_of(parts: Iterable[Figures]) -> Figures:
    """Return the sum of `parts`, amount by amount."""
    parts = list(parts)
    return Figures(**{each.name: sum((getattr(part, each.name) for part in parts), ZERO) for each in fields(Figures)})


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a report: a category or cost centre with its lines, a line, or the whole.

    `category`, `cost_centre` and `account` find the row's entries; blank where the row spans several.
    `thresholded` says whether a status is due on this row at all: lines answer through their category. `has_budget` says whether
    the version gives the row an envelope, or a line anything: one of zero is a budget. What is frozen does not have it.
    """

    name: str
    figures: Figures
    category: str = ""
    cost_centre: str = ""
    account: int | None = None
    threshold: Decimal | None = None
    thresholded: bool = False
    lines: "tuple[Row, ...]" = ()
    has_budget: bool = field(default=True, metadata=NOT_FROZEN)

    @property
    def status(self) -> Status | None:
        """Red, yellow, green or unset; None for rows that bear no status of their own."""
        return status_of(self.figures.variance, self.threshold) if self.thresholded else None

    @property
    def share(self) -> Decimal | None:
        """The variance in per cent of the threshold."""
        return share_of_threshold(self.figures.variance, self.threshold)


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """Plan and actual of one month. `actual` is None for a month after the one reported."""

    month: date
    plan: Decimal
    actual: Decimal | None

    @property
    def variance(self) -> Decimal | None:
        """Actual less plan; None for a month ahead."""
        return None if self.actual is None else self.actual - self.plan


class Source(NamedTuple):
    """Where figures came from, and when something last came from there."""

    name: str
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """Whether figures may still change, as of when they were read, and from which sources."""

    state: str
    as_of: datetime
    sources: tuple[Source, ...] = ()
    last_posting: datetime | None = None

    @property
    def is_final(self) -> bool:
        """Whether the month is closed."""
        return self.state == "final"


@dataclass(frozen=True, slots=True)
class FindingLine:
    """Something in the budget that does not add up."""

    code: str
    where: str
    amount: Decimal
    sentence: str


@dataclass(frozen=True, slots=True)
class Outside:
    """Money or rows that are known but not in the figures: no account yet, or not accepted. `amount` None: not known."""

    code: str
    sentence: str
    count: int
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Driver:
    """Who or what made an amount: a vendor, a person's line, a bill."""

    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BudgetLabel:
    """What a report is about."""

    code: str
    name: str
    entity: str
    currency: str
    first: date
    last: date
    version: int
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Report:
    """Budget against actual to the end of `month`, by category and by cost centre, with what stands around it."""

    budget: BudgetLabel
    month: date
    total: Row
    by_category: tuple[Row, ...]
    by_cost_centre: tuple[Row, ...]
    months: tuple[MonthFigures, ...]
    category_months: dict[str, tuple[MonthFigures, ...]]
    freshness: Freshness
    findings: tuple[FindingLine, ...] = ()
    outside: tuple[Outside, ...] = ()
    drivers: dict[str, tuple[Driver, ...]] = field(default_factory=dict)


def threshold_of_total(rows: Iterable[Row]) -> Decimal | None:
    """Return the sum of the categories' thresholds, or None where one of them has none."""
    thresholds = [row.threshold for row in rows]
    if not thresholds or None in thresholds:
        return None
    return sum((each for each in thresholds if each is not None), ZERO)


def widest_variance(rows: Iterable[Row]) -> Decimal:
    """Return the largest |variance| among rows and their lines: the scale that all bars of a table share."""
    every = [part for row in rows for part in (row, *row.lines)]
    return max((abs(row.figures.variance) for row in every), default=ZERO)


def widest_percent(rows: Iterable[Row]) -> Decimal:
    """Return the largest |variance in per cent| among rows and their lines, held to 100 %."""
    every = [part.figures.percent for row in rows for part in (row, *row.lines)]
    return min(max((abs(each) for each in every if each is not None), default=ZERO), Decimal(100))
