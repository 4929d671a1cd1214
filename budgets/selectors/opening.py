"""What opening a budget with an old system's balances would post, and what was opened before. Nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import OuterRef, QuerySet, Subquery

from budgets.models import Budget, Entry, FundsAccount, Journal
from budgets.rules.opening import BUCKETS, ZERO, OpeningRow
from budgets.rules.opening_table import ReadRow
from budgets.selectors.balances import Figures, account_figures
from core.errors import NotFound
from core.names import fold

SOURCE = "opening"


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row of the table, and the budget line that it names; None where it names none."""

    row: ReadRow
    account: FundsAccount | None
    error: str


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """What is posted on one budget line, beside what stands there over all months, in its currency."""

    account: FundsAccount
    posts: Figures
    stands: Figures

    @property
    def after(self) -> Figures:
        return self.stands + self.posts

    @property
    def is_allotted_twice(self) -> bool:
        """Say whether there is an allotment already that this one would come on top of."""
        return bool(self.stands.allotted and self.posts.allotted)


@dataclass(frozen=True, slots=True)
class OpeningSum:
    """What the rows add up to in one bucket, and what the old system says."""

    bucket: str
    rows: Decimal
    stated: Decimal

    @property
    def difference(self) -> Decimal:
        return self.rows - self.stated


@dataclass(frozen=True, slots=True)
class OpeningPreview:
    """What the table would do. `blank` counts the rows that say nothing."""

    rows: list[PlacedRow]
    lines: list[OpeningLine]
    sums: list[OpeningSum]
    blank: int

    @property
    def bad(self) -> list[PlacedRow]:
        return [row for row in self.rows if row.error]

    @property
    def differs(self) -> bool:
        return any(each.difference for each in self.sums)

    @property
    def may_post(self) -> bool:
        return bool(self.lines) and not self.bad and not self.differs

    @property
    def postings(self) -> list[OpeningRow]:
        """Return the rows as the service takes them; those that are wrong are left out."""
        return [
            OpeningRow(placed.account.pk, **{name: placed.row.amounts[name] for name in BUCKETS}, reference=placed.row.reference)
            for placed in self.rows
            if placed.account is not None and not placed.error
        ]


def lines_to_open(budget: Budget) -> list[FundsAccount]:
    """Return the budget's lines, by category and name."""
    rows = FundsAccount.objects.filter(budget=budget).select_related("category", "cost_centre", "budget")
    return list(rows.order_by("category__path", "cost_centre__path"))


def preview_opening(budget: Budget, rows: Sequence[ReadRow], stated: Mapping[str, Decimal]) -> OpeningPreview:
    """Return what the rows of a table would post on the budget's lines, held against the old system's own sums."""
    accounts = lines_to_open(budget)
    saying = [row for row in rows if row.says_something]
    placed = _orders_once(_placed(accounts, saying))
    sums = [
        OpeningSum(name, sum((row.amounts.get(name, ZERO) for row in saying), ZERO), stated.get(name, ZERO)) for name in BUCKETS
    ]
    return OpeningPreview(placed, _lines(placed), sums, blank=len(rows) - len(saying))


def _placed(accounts: Sequence[FundsAccount], rows: Sequence[ReadRow]) -> list[PlacedRow]:
    """Find each row's line: a category by its code or its name, a cost centre by its code or its name."""
    known: dict[tuple[str, str], set[FundsAccount]] = {}
    for account in accounts:
        for category in {account.category.code, account.category.name}:
            for centre in {account.cost_centre.code, account.cost_centre.name}:
                known.setdefault((fold(category), fold(centre)), set()).add(account)
    by_code = {(account.category.code, account.cost_centre.code): {account} for account in accounts}
    return [_place(by_code.get(row.place) or known.get((fold(row.place[0]), fold(row.place[1])), set()), row) for row in rows]


def _place(found: set[FundsAccount], row: ReadRow) -> PlacedRow:
    category, centre = row.place
    if len(found) == 1:
        return PlacedRow(row, next(iter(found)), row.error)
    several = f"More than one line is called {category}, {centre}. Name them by their codes."
    none = f"The budget has no line for {category} at {centre}. Correct it, or put the line into a version of the budget first."
    return PlacedRow(row, None, row.error or (several if found else none))


def _orders_once(placed: list[PlacedRow]) -> list[PlacedRow]:
    """Mark an order that is there twice on one line."""
    first: dict[tuple[int, str], int] = {}
    made = []
    for each in placed:
        key = (each.account.pk, each.row.reference) if each.account and each.row.reference else None
        if key is not None and key in first and not each.error:
            said = f"{each.row.reference} is on this line in row {first[key]} too. Put the two together, or name them apart."
            made.append(replace(each, error=said))
            continue
        if key is not None:
            first.setdefault(key, each.row.number)
        made.append(each)
    return made


def _lines(placed: Sequence[PlacedRow]) -> list[OpeningLine]:
    posts: dict[FundsAccount, Figures] = {}
    for each in placed:
        if each.account is not None and not each.error:
            said = Figures(**{name: each.row.amounts[name] for name in BUCKETS})
            posts[each.account] = posts.get(each.account, Figures()) + said
    stands = account_figures([account.pk for account in posts])
    return [OpeningLine(account, figures, stands[account.pk]) for account, figures in posts.items()]


def source_id_of(budget: Budget, source_name: str) -> str:
    """Return by what a journal says from which old system which budget was opened."""
    return f"{budget.pk}:{source_name}"


def name_of(journal: Journal) -> str:
    """Return the old system's name, as the journal keeps it."""
    return journal.source_id.partition(":")[2] or journal.source_id


def openings_of(budget: Budget) -> QuerySet[Journal]:
    """Return the journals that opened the budget from its own page, the newest first."""
    rows = Journal.objects.filter(entity=budget.entity, kind=Journal.Kind.OPENING, source_type=SOURCE)
    month = Entry.objects.filter(journal=OuterRef("pk")).order_by("number").values("month")[:1]
    found = rows.filter(source_id__startswith=f"{budget.pk}:").annotate(month=Subquery(month))
    return found.select_related("actor", "reversed_by").order_by("-id")


def access_opening(budget: Budget, journal_id: int) -> Journal:
    """Return a journal that opened the budget. Raises NotFound."""
    journal = openings_of(budget).filter(pk=journal_id).first()
    if journal is None:
        raise NotFound("There is no such opening of this budget.", remedy="Choose one from its list.")
    return journal


def standing_opening(budget: Budget, source_name: str) -> Journal | None:
    """Return the journal that opened the budget from this old system and was not reversed, or None."""
    rows = openings_of(budget).filter(source_id=source_id_of(budget, source_name), reversed_by=None)
    return rows.first()


def month_of(journal: Journal) -> date | None:
    """Return the month that an opening, read by `openings_of`, posted into."""
    month: date | None = getattr(journal, "month", None)
    return month
