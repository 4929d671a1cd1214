"""Kept files, and the rows that name them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import FileField

from core import clock, walls
from core.models import DiscardedFile

# A file is kept a moment before its row is committed: what is younger may still get one.
OLD_ENOUGH = timedelta(days=1)
AT_A_TIME = 500


def orphan_files() -> list[str]:
    """Return the names of kept files that are older than a day and that no row of any model names, in order."""
    # Whose rows they are does not matter here: a row that were not seen would make an orphan of its file.
    with walls.system():
        return sorted(orphans_among(old_files(), _named))


def orphans_among(names: Iterator[str], named: Callable[[str, str, list[str]], Iterable[str]]) -> Iterator[str]:
    """Yield those of `names` that no row has. `named` returns which of some names a column of a table has."""
    while some := list(islice(names, AT_A_TIME)):
        yield from set(some).difference(*(named(table, column, some) for table, column in naming_columns()))


def old_files() -> Iterator[str]:
    """Yield the names of the kept files that are older than a day."""
    root, before = Path(settings.MEDIA_ROOT), (clock.now() - OLD_ENOUGH).timestamp()
    for path in sorted(root.rglob("*")) if root.is_dir() else []:
        if path.is_file() and path.stat().st_mtime < before:
            yield path.relative_to(root).as_posix()


def naming_columns() -> list[tuple[str, str]]:
    """Return the tables and columns that name kept files: those of models, and that of files which wait to be removed."""
    fields = [field for model in apps.get_models() for field in model._meta.get_fields() if isinstance(field, FileField)]
    named = [(field.model._meta.db_table, str(field.column)) for field in fields]
    return [*named, (DiscardedFile._meta.db_table, "name")]


def _named(table: str, column: str, names: list[str]) -> list[str]:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {quote(column)} FROM {quote(table)} WHERE {quote(column)} = ANY(%s)", [names])  # noqa: S608  our own
        return [name for (name,) in cursor.fetchall()]
