"""Pages of lists that grow for years: counted up to a bound, beyond which a count costs more than it tells."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Paginator
from django.db.models import Func, IntegerField, QuerySet
from django.utils.functional import cached_property

MOST = 10_000


def counted(rows: QuerySet[Any]) -> int:
    """Return how many rows there are, and one more than `MOST` where there are more than that."""
    return rows.order_by().values("pk")[: MOST + 1].count()


def count_of(rows: QuerySet[Any]) -> Func:
    """Return the same as a column, for several counts in one query."""
    return Func(ArraySubquery(rows.order_by().values("pk")[: MOST + 1]), function="cardinality", output_field=IntegerField())


class LongPaginator(Paginator[Any]):
    """Pages over the first `MOST` rows. What lies behind them is found by narrowing the list; `is_more` says that it is there."""

    def __init__(self, rows: QuerySet[Any], per_page: int, *, known: int | None = None) -> None:
        super().__init__(rows, per_page)
        self.known = known

    @cached_property
    def found(self) -> int:
        """What was counted."""
        return counted(self.object_list) if self.known is None else self.known  # type: ignore[arg-type]  # rows are a queryset

    @cached_property
    def count(self) -> int:
        """How many rows the pages hold."""
        return min(self.found, MOST)

    @property
    def is_more(self) -> bool:
        """Whether there are more rows than the pages hold."""
        return self.found > MOST
