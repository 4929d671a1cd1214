"""Files on this machine, and how those are taken away again that were kept only to see what would happen."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.core.files.storage import FileSystemStorage

_to_undo: ContextVar[list[tuple[FileSystemStorage, str]] | None] = ContextVar("files_to_undo", default=None)


class KeptFiles(FileSystemStorage):
    """Keeps files in a folder. Inside of `files_undone` it remembers which."""

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        """Keep a file under a name that none has yet, and return it."""
        kept = super().save(name, content, max_length)
        noted = _to_undo.get()
        if noted is not None:
            noted.append((self, kept))
        return kept


@contextmanager
def files_undone() -> Iterator[None]:
    """Take away at the end every file that is kept inside the block."""
    noted: list[tuple[FileSystemStorage, str]] = []
    token = _to_undo.set(noted)
    try:
        yield
    finally:
        _to_undo.reset(token)
        for storage, name in noted:
            storage.delete(name)
