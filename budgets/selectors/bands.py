"""How a budget's estimate bands stand in a month: against their headings, the plan, what was spent, and each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db.models import Prefetch

from budgets.models import Balance, BandPart, BandTarget, Budget, Category, EstimateBand, FundsAccount
from budgets.rules.bands import (
    Band,
    Place,
    TargetStand,
    grown,
    in_pct,
    last_day,
    place_of,
    share_of,
    stand_of,
    sum_of,
    unexplained,
)
from budgets.rules.months import first_of
from budgets.selectors.balances import Figures, account_figures
from budgets.selectors.band_statements import bands_in_reach, terms_of
from budgets.selectors.overview import accounts_of
from core import clock
from core.models import User


@dataclass(frozen=True, slots=True)
class Judged:
    """A figure of the month and where it lies in a band."""

    amount: Decimal
    place: Place


@dataclass(frozen=True, slots=True)
class Against:
    """What is allotted, what was spent, and what is to be expected once orders and requests are invoiced too."""

    plan: Judged
    spent: Judged
    expected: Judged


@dataclass(frozen=True)
class PartRow:
    """A category of a band: its parts, what they come to, and the month's figures of the category at the cost centre."""

    category: Category
    parts: list[BandPart]
    band: Band
    against: Against


@dataclass(frozen=True)
class Shared:
    """A band as a share of another's: what the share comes to, by how much the parts differ, and the share that was spent."""

    of: EstimateBand
    shares: Band
    comes_to: Band
    gap: Band
    spent_pct: Decimal | None
    place: Place | None


@dataclass(frozen=True)
class TargetRow:
    """A target and how it stands."""

    target: BandTarget
    stand: TargetStand


@dataclass
class BandRow:
    """A band as it stands in a month. `outside` is what lies at the cost centre and in no part; never swallowed."""

    band: EstimateBand
    parts: list[PartRow]
    sum: Band
    against: Against
    figures: Figures
    outside: Figures
    targets: list[TargetRow]
    heading: Band | None = None
    gap: Band | None = None
    buffer: Band | None = None
    buffered: Band | None = None
    shared: Shared | None = None
    below: list["BandRow"] = field(default_factory=list)

    @property
    def below_sum(self) -> Band:
        """What the bands right below it add up to."""
        return sum_of(row.sum for row in self.below)

    @property
    def below_gap(self) -> Band:
        """By how much the bands right below it come to more than its own parts."""
        return unexplained(self.sum, self.below_sum)


@dataclass(frozen=True)
class Together:
    """What bands beside each other add up to, and their headings; where one has none its parts stand for it."""

    rows: list[BandRow]
    sum: Band
    heading: Band
    gap: Band


@dataclass(frozen=True)
class Standing:
    """The bands of a budget in a month, in the order of the tree."""

    budget: Budget
    month: date
    today: date
    rows: list[BandRow]

    @property
    def is_running(self) -> bool:
        """Whether the month is not over, so that more may be spent in it."""
        return last_day(self.month) >= self.today

    @property
    def differing(self) -> int:
        """How many headings say something else than their parts add up to."""
        return sum(1 for row in self.rows if row.gap)

    @property
    def together(self) -> Together:
        """The bands that have none below them, added up: nothing counts twice."""
        return together([row for row in self.rows if not row.below])


def together(rows: list[BandRow]) -> Together:
    """Add up bands that do not lie in each other."""
    parts = sum_of(row.sum for row in rows)
    heading = sum_of(row.heading or row.sum for row in rows)
    return Together(rows, parts, heading, unexplained(heading, parts))


def month_to_show(user: User, budget: Budget) -> date:
    """Return the last month of the budget in which something was spent within the reader's reach; without one the present."""
    spent = Balance.objects.filter(
        account__in=accounts_of(user, budget).order_by(), month__range=(budget.starts_on, budget.ends_on)
    )
    present = min(max(first_of(_today(budget)), budget.starts_on), budget.ends_on)
    months = spent.exclude(spent=0).filter(month__lte=present).order_by("-month").values_list("month", flat=True)
    return months.first() or present


def _today(budget: Budget) -> date:
    return clock.now().astimezone(ZoneInfo(budget.entity.time_zone)).date()


def standing(user: User, budget: Budget, month: date) -> Standing:
    """Return how the bands that hold in a month stand, as far as the reader's role reaches."""
    today = _today(budget)
    accounts = list(accounts_of(user, budget))
    figures = account_figures([account.pk for account in accounts], month=month)
    at = [(account, figures[account.pk]) for account in accounts]
    rows = [_row(band, at, month, today) for band in _holding(user, budget, month)]
    by_centre = {row.band.cost_centre_id: row for row in rows}
    for row in rows:
        row.shared = _shared(row, by_centre.get(row.band.share_of_id or 0))
        if (above := _nearest_above(row, rows)) is not None:
            above.below.append(row)
    return Standing(budget, month, today, rows)


def _holding(user: User, budget: Budget, month: date) -> list[EstimateBand]:
    """Return of each cost centre the newest statement whose month has come, those withdrawn left out."""
    parts = Prefetch("parts", BandPart.objects.select_related("category").order_by("position"))
    targets = Prefetch("targets", BandTarget.objects.select_related("category").order_by("position"))
    rows = bands_in_reach(user, budget).filter(starts_on__lte=month).prefetch_related(parts, targets)
    newest = rows.order_by("cost_centre__path", "-number").distinct("cost_centre__path")
    return [band for band in newest if not band.is_withdrawn]


Held = Sequence[tuple[FundsAccount, Figures]]


def _row(band: EstimateBand, accounts: Held, month: date, today: date) -> BandRow:
    here = [(account, held) for account, held in accounts if account.cost_centre.path.startswith(band.cost_centre.path)]
    currency = band.currency
    grouped = groupby(_by_category(band), key=lambda part: part.category)
    parts = [_part_row(category, list(each), here) for category, each in grouped]
    whole, in_parts = _figures(here), sum((_figures(_within(here, row.category)) for row in parts), Figures())
    total = sum_of(row.band for row in parts)
    heading, buffer = _ends(band.heading_low, band.heading_high), _ends(band.buffer_low_pct, band.buffer_high_pct)
    buffered = grown(total, buffer, currency=currency) if buffer else None
    return BandRow(
        band=band,
        parts=parts,
        sum=total,
        against=_against(whole, total, buffered),
        figures=whole,
        outside=_without(whole, in_parts),
        targets=[_target_row(target, band, here, month, today) for target in band.targets.all()],
        heading=heading,
        gap=unexplained(heading, total) if heading else None,
        buffer=buffer,
        buffered=buffered,
    )


def _by_category(band: EstimateBand) -> list[BandPart]:
    """Return the parts with those of one category beside each other, each category where it first stands."""
    parts = list(band.parts.all())
    first: dict[int, int] = {}
    for part in parts:
        first.setdefault(part.category_id, part.position)
    return sorted(parts, key=lambda part: (first[part.category_id], part.position))


def _part_row(category: Category, parts: list[BandPart], here: Held) -> PartRow:
    band = sum_of(Band(part.low, part.high) for part in parts)
    return PartRow(category, parts, band, _against(_figures(_within(here, category)), band, None))


def _within(accounts: Held, category: Category | None) -> Held:
    if category is None:
        return accounts
    return [(account, held) for account, held in accounts if account.category.path.startswith(category.path)]


def _figures(accounts: Iterable[tuple[FundsAccount, Figures]]) -> Figures:
    return sum((held for _, held in accounts), Figures())


def _without(whole: Figures, part: Figures) -> Figures:
    return Figures(
        whole.allotted - part.allotted,
        whole.reserved - part.reserved,
        whole.committed - part.committed,
        whole.spent - part.spent,
        whole.paid - part.paid,
    )


def _against(figures: Figures, band: Band, buffered: Band | None) -> Against:
    plan, spent, expected = (
        Judged(amount, place_of(amount, band, with_buffer=buffered)) for amount in (figures.allotted, figures.spent, figures.held)
    )
    return Against(plan, spent, expected)


def _ends(low: Decimal | None, high: Decimal | None) -> Band | None:
    return None if low is None or high is None else Band(low, high)


def _target_row(target: BandTarget, band: EstimateBand, here: Held, month: date, today: date) -> TargetRow:
    """Measure a target by what was spent in the month; where nothing was, nothing is known yet."""
    spent = _figures(_within(here, target.category)).spent
    measured_on = min(last_day(month), today)
    stand = stand_of(terms_of(target), actual=spent or None, measured_on=measured_on, today=today, currency=band.currency)
    return TargetRow(target, stand)


def _shared(row: BandRow, base: BandRow | None) -> Shared | None:
    """Hold a band against the share that it is of another; None where it is none, or the reader does not see that one."""
    shares = _ends(row.band.share_low_pct, row.band.share_high_pct)
    if base is None or shares is None:
        return None
    comes_to = share_of(base.sum, shares, currency=row.band.currency)
    spent = in_pct(row.figures.spent, base.figures.spent)
    place = place_of(spent, shares) if spent is not None else None
    return Shared(base.band, shares, comes_to, unexplained(comes_to, row.sum), spent, place)


def _nearest_above(row: BandRow, rows: list[BandRow]) -> BandRow | None:
    path = row.band.cost_centre.path
    above = [each for each in rows if each is not row and path.startswith(each.band.cost_centre.path)]
    return max(above, key=lambda each: len(each.band.cost_centre.path), default=None)
