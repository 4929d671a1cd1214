"""Pages of a list by cursor: each says where the next begins, so that rows which come or go meanwhile shift nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from core.api.errors import BadParameter

M = TypeVar("M", bound=Model)
USUAL, MOST = 50, 200
SALT = "api.cursor"
PARAMETERS = ("cursor", "page_size", "ordering")


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows of a list, and the addresses of those before and after them."""

    rows: list[M]
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: after (or, backwards, before) the row with these values of what the list is ordered by."""

    ordering: str
    values: list[str]
    backwards: bool = False

    def text(self) -> str:
        """Return it as text that nobody can make up."""
        return signing.dumps([self.ordering, self.values, self.backwards], salt=SALT)

    @classmethod
    def read(cls, text: str, ordering: str) -> "Cursor":
        """Return what a page gave. Raises BadParameter."""
        try:
            cursor = cls(*signing.loads(text, salt=SALT))
        except (signing.BadSignature, TypeError, ValueError) as error:
            raise _bad("cursor", "This is no cursor of ours. Leave it out, or take it from the page before.") from error
        if cursor.ordering != ordering:
            raise _bad("cursor", "This cursor belongs to another ordering. Leave it out.")
        return cursor


def page_of(rows: QuerySet[M], request: Request, orderings: Sequence[str]) -> Page[M]:
    """Return the page of `rows` that a request asks for. `orderings` may be asked for; the first is the usual one.

    Each is a column that is never empty, with a minus sign for the other way round; the row's number makes it stable. Raises
    BadParameter.
    """
    query = request.query_params
    ordering, size = _ordering(query.get("ordering"), orderings), _size(query.get("page_size"))
    cursor = Cursor.read(query["cursor"], ordering) if "cursor" in query else None
    columns = _columns(ordering)
    backwards = cursor is not None and cursor.backwards
    steps = [_turned(column) for column in columns] if backwards else columns
    wanted = rows.order_by(*steps)
    found = list((wanted.filter(_after(cursor, columns)) if cursor else wanted)[: size + 1])
    more, shown = len(found) > size, found[:size]
    if backwards:
        shown.reverse()
    follows, precedes = (True, more) if backwards else (more, cursor is not None)
    return Page(
        shown,
        _address(request, ordering, columns, shown[-1:], backwards=False) if follows else None,
        _address(request, ordering, columns, shown[:1], backwards=True) if precedes else None,
    )


def _ordering(asked: str | None, orderings: Sequence[str]) -> str:
    if asked is None:
        return orderings[0]
    if asked not in orderings:
        raise _bad("ordering", f"Order by one of: {', '.join(orderings)}.")
    return asked


def _size(asked: str | None) -> int:
    if asked is None:
        return USUAL
    if not (asked.isascii() and asked.isdigit() and len(asked) <= 4 and 1 <= int(asked) <= MOST):
        raise _bad("page_size", f"Ask for 1 to {MOST} rows.")
    return int(asked)


def _columns(ordering: str) -> list[str]:
    """Return what a list is ordered by: the row's number decides between equals, and has the last word alone."""
    own_number = "-pk" if ordering.startswith("-") else "pk"
    return [own_number] if ordering.lstrip("-") in {"id", "pk"} else [ordering, own_number]


def _turned(column: str) -> str:
    return column.removeprefix("-") if column.startswith("-") else f"-{column}"


def _after(cursor: Cursor, columns: Sequence[str]) -> Q:
    """Return the condition for the rows beyond the cursor's."""
    condition, equal = Q(pk__in=[]), Q()
    for column, value in zip(columns, cursor.values, strict=True):
        name = column.lstrip("-")
        is_down = column.startswith("-") is not cursor.backwards
        condition |= equal & Q(**{f"{name}__{'lt' if is_down else 'gt'}": value})
        equal &= Q(**{name: value})
    return condition


def _address(request: Request, ordering: str, columns: Sequence[str], edge: Sequence[M], *, backwards: bool) -> str | None:
    if not edge:
        return None
    values = [_text(_value(edge[0], column.lstrip("-"))) for column in columns]
    cursor = Cursor(ordering, values, backwards)
    return str(replace_query_param(request.build_absolute_uri(), "cursor", cursor.text()))


def _value(row: Model, name: str) -> Any:
    value: Any = row
    for step in name.split("__"):
        value = getattr(value, step)
    return value


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _bad(name: str, sentence: str) -> BadParameter:
    return BadParameter(f"The parameter {name} does not fit.", remedy=sentence, details={name: sentence})
