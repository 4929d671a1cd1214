"""Statements that are put together once, for pages that are open all day.

For a page of few rows the framework takes longer to turn a queryset into SQL than the server to answer it. A kept statement is a
queryset with places for what changes; its SQL is kept for as long as the process lives, and only the values are new each time.

    OF_REQUEST = Kept(lambda: Stage.objects.filter(request=Given("request")).select_related("owner"))
    OF_REQUEST.rows(request=7)
"""

from collections.abc import Callable, Iterable
from copy import copy
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, cast

from django.db import connections, models
from django.db.models import Expression, QuerySet
from django.db.models.sql.compiler import SQLCompiler

R = TypeVar("R")


class Given(Expression):
    """A value that is said when the statement is sent. It stands where the queryset takes an expression.

    The value goes to the server as it is: text, number, moment, or a list where the SQL takes an array.
    """

    def __init__(self, name: str, output_field: models.Field[Any, Any] | None = None) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return a place; the value comes later."""
        return "%s", (self,)


class Kept(Generic[R]):
    """A queryset of objects or of tuples whose SQL is put together at its first use. What it depends on is `Given`, nothing else.

    Prefetching is not done.
    """

    def __init__(self, made: Callable[[], QuerySet[Any, R]]) -> None:
        self._made = made
        self._parts: tuple[QuerySet[Any, R], SQLCompiler, str, tuple[Any, ...]] | None = None

    def rows(self, **given: Any) -> list[R]:
        """Send the statement with the values given; raises KeyError for one that is missing."""
        queryset, compiler, sql, params = self._statement()
        said = tuple(given[each.name] if isinstance(each, Given) else each for each in params)
        ready = copy(compiler)
        ready.connection = connections[queryset.db]
        ready.as_sql = lambda *_, **__: (sql, said)  # type: ignore[method-assign]  # what was put together before
        # What an iterable reads of a queryset, with the compiler that has its words.
        query = SimpleNamespace(get_compiler=lambda *_, **__: ready)
        asked: Any = SimpleNamespace(db=queryset.db, query=query, _known_related_objects={})
        return list(cast("Iterable[R]", queryset._iterable_class(asked)))

    def row(self, **given: Any) -> R | None:
        """Return the first of the rows, None where there is none."""
        return next(iter(self.rows(**given)), None)

    def _statement(self) -> tuple[QuerySet[Any, R], SQLCompiler, str, tuple[Any, ...]]:
        if self._parts is None:
            queryset = self._made()
            compiler = queryset.query.get_compiler(queryset.db)
            sql, params = compiler.as_sql()
            self._parts = (queryset, compiler, sql, tuple(params))
        return self._parts


class AnyOf(Given):
    """Any of several keys: `filter(pk__in=AnyOf("ids"))`."""

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return a place for an array of keys."""
        return "(SELECT unnest(%s::bigint[]))", (self,)
