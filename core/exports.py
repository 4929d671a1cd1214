"""Lists given out as CSV, row by row as they are read: as long as they are, with little in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from core import walls
from core.rules.sheets import as_csv
from core.serving import SAFETY

AT_ONCE = 1000
Lines = Callable[[Sequence[Any]], Iterable[Sequence[str]]]


def csv_of(rows: QuerySet[Any], *, head: Sequence[str], lines: Lines, name: str) -> StreamingHttpResponse:
    """Answer with rows as CSV, the latest first. `lines` makes cells of some hundreds of rows at once; it guards its own text.

    The answer is read after the request has ended, so what the reader sees is kept for it.
    """
    answer = StreamingHttpResponse(_pieces(rows, head, lines, walls.current()), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    for header, value in SAFETY.items():
        answer[header] = value
    return answer


def _pieces(rows: QuerySet[Any], head: Sequence[str], lines: Lines, reach: str) -> Iterator[bytes]:
    mark = len(as_csv([]))
    first = [as_csv([head])]
    # Only the file's first bytes bear the mark by which spreadsheets know it.
    yield from chain(first, (as_csv(piece)[mark:] for piece in _batches(rows, lines, reach)))


def _batches(rows: QuerySet[Any], lines: Lines, reach: str) -> Iterator[list[Sequence[str]]]:
    """Yield the cells of some rows at a time, each of them read as the reader sees."""
    last: int | None = None
    while True:
        with walls.seeing(reach):
            later = rows if last is None else rows.filter(pk__lt=last)
            found = list(later.order_by("-pk")[:AT_ONCE])
            made = list(lines(found)) if found else []
        if not found:
            return
        last = found[-1].pk
        yield made
