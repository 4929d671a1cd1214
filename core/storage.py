"""Files on this machine, and how those are taken away again that were kept only to see what would happen.

A file is on the disk before the row that names it is committed, and copied to the archive where there is one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

from django.core.files.storage import FileSystemStorage
from django.db import InterfaceError, OperationalError

from core import archive

_to_undo: ContextVar[list[tuple[FileSystemStorage, str]] | None] = ContextVar("files_to_undo", default=None)


class KeptFiles(FileSystemStorage):
    """Keeps files in a folder. Inside of `files_undone` and `files_with_rows` it remembers which."""

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        """Keep a file under a name that none has yet, and return it."""
        kept = super().save(name, content, max_length)
        noted = _to_undo.get()
        if noted is not None:
            noted.append((self, kept))
        return kept

    def delete(self, name: str) -> None:
        """Remove a file. Its copy in the archive stays as long as a moment before can be come back to."""
        super().delete(name)
        archive.mark_gone(f"files/{name}")

    def _save(self, name: str, content: IO[Any]) -> str:
        saved: str = super()._save(name, content)  # type: ignore[misc]
        path = Path(self.path(saved))
        archive.sync(path)
        archive.sync(path.parent)
        archive.keep_copy(path, f"files/{saved}")
        return saved


@contextmanager
def files_undone() -> Iterator[None]:
    """Take away at the end every file that is kept inside the block."""
    with _noting() as noted:
        try:
            yield
        finally:
            _take_away(noted)


@contextmanager
def files_with_rows() -> Iterator[None]:
    """Take away every file that is kept inside the block where it ends in an error, which undoes their rows.

    Goes around the transaction: what is refused when it is committed counts too. Where the connection was lost nobody knows
    whether the rows are there, so their files stay; what that, or a machine that stops, leaves behind is found by
    `manage.py orphan_files`.
    """
    outer = _to_undo.get()
    with _noting() as noted:
        try:
            yield
        except (OperationalError, InterfaceError):
            raise
        except BaseException:
            _take_away(noted)
            raise
    if outer is not None:
        outer.extend(noted)


@contextmanager
def _noting() -> Iterator[list[tuple[FileSystemStorage, str]]]:
    noted: list[tuple[FileSystemStorage, str]] = []
    token = _to_undo.set(noted)
    try:
        yield noted
    finally:
        _to_undo.reset(token)


def _take_away(noted: list[tuple[FileSystemStorage, str]]) -> None:
    for storage, name in noted:
        storage.delete(name)
