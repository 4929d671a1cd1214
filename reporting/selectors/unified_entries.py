"""The entries that a figure of the unified view is made of: their sum is the figure."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from budgets.models import Entry
from core.errors import InvalidInput
from reconciliation.models import Source
from reporting.rules.figures import ZERO
from reporting.rules.unified import SYSTEMS, Origin
from reporting.selectors.unified import OWN, scope_of, values_of
from reporting.selectors.unified_scope import Scope, category_path
from reporting.selectors.unified_sql import BUCKETS_SHOWN, entries_sql

ROWS = 50


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the view: of a category with all below it (`direct`: of it alone), a system or one origin, a month, a bucket.

    `elsewhere`: only what a document dates in another month than the one it is posted in.
    """

    bucket: str = "spent"
    category: str = ""
    direct: bool = False
    system: str = ""
    origin: str = ""
    month: date | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class EntryShown:
    """An entry, what it came from, and what its document is dated. `row_id` is its imported row."""

    entry: Entry
    amount: Decimal
    origin: Origin
    dated_on: date | None
    row_id: int | None

    @property
    def is_elsewhere(self) -> bool:
        """Whether the document bears another month than the posting."""
        return self.dated_on is not None and self.dated_on.replace(day=1) != self.entry.month


@dataclass(frozen=True, slots=True)
class EntriesShown:
    """A page of a figure's entries, how many there are, and what they come to."""

    rows: tuple[EntryShown, ...]
    count: int
    total: Decimal
    page: int

    @property
    def pages(self) -> int:
        return max(-(-self.count // ROWS), 1)


def origins_of(scope: Scope) -> tuple[Origin, ...]:
    """Return what the organization's figures may come from."""
    rows = Source.objects.filter(entity=scope.entity).order_by("name", "pk").values_list("pk", "name", "system")
    return (*(Origin(f"source-{pk}", name, system, pk) for pk, name, system in rows), *OWN)


def entries_of(
    scope: Scope, figure: Figure, origins: tuple[Origin, ...], *, as_of: datetime | None = None, page: int = 1
) -> EntriesShown:
    """Return a page of the entries of a figure, the latest month first. Raises InvalidInput for a figure that there is not."""
    accounts, amount = scope_of(scope)
    wanted = [each for each in origins if figure.origin in {"", each.key} and figure.system in {"", each.system}]
    if figure.bucket not in BUCKETS_SHOWN or (figure.system and figure.system not in SYSTEMS):
        raise InvalidInput("There is no such figure.", remedy="Start from the unified view.", code="unknown_figure")
    values = values_of(scope, as_of) | {
        "buckets": list(BUCKETS_SHOWN[figure.bucket]),
        "below": category_path(scope.entity, figure.category) if figure.category else None,
        "direct": figure.direct,
        "month": figure.month,
        "sources": [each.source_id for each in wanted if each.source_id],
        "own": [each.key for each in wanted if not each.source_id],
        "elsewhere": figure.elsewhere,
        "limit": ROWS,
        "offset": (page - 1) * ROWS,
    }
    with connection.cursor() as cursor:
        cursor.execute(entries_sql(accounts, amount, narrow=bool(figure.system or figure.origin)), values)
        found = cursor.fetchall()
    count, total = found[0][0], found[0][1]
    by_place = {each.source_id or each.key: each for each in origins}
    related = ("journal", "account__category", "account__cost_centre", "account__budget")
    entries = Entry.objects.select_related(*related).in_bulk([row[2] for row in found if row[2]])
    rows = tuple(
        EntryShown(entries[pk], worth, by_place[source or what], dated, row_id)
        for _, _, pk, worth, what, source, dated, row_id in found
        if pk
    )
    return EntriesShown(rows, count, total or ZERO, page)
