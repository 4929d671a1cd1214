"""Copies of kept files in the archive, made at once, so that a moment between two backups can be come back to with its files."""

import filecmp
import os
import secrets
import shutil
from datetime import UTC
from pathlib import Path

from django.conf import settings

from core import clock


def keep_copy(source: Path, name: str) -> None:
    """Copy a file that was just written to the archive, where there is one. Another file of that name is kept beside it."""
    folder: Path | None = settings.ARCHIVE_DIR
    if folder is None:
        return
    target = folder / name
    if target.exists():
        if filecmp.cmp(source, target, shallow=False):
            return
        target = target.with_name(f"{target.name}.{secrets.token_hex(4)}")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        shutil.copyfile(source, partial)
        sync(partial)
        partial.rename(target)
        sync(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def mark_gone(name: str) -> None:
    """Note beside a copy when its file was removed: it is kept as long as a moment before that can be come back to."""
    folder: Path | None = settings.ARCHIVE_DIR
    if folder is not None and (folder / name).is_file():
        moment = clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        (folder / f"{name}.gone").write_text(f"{moment}\n")


def sync(path: Path) -> None:
    """Let a file's bytes, or a folder's list of names, be on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
