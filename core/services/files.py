"""Removing kept files. A backup copies files after its snapshot of the database, so none may go while it reads.

A row whose deletion is committed before the snapshot is not in it, and one deleted later waits for the backup to end before its
file goes. So every row of the snapshot has its file.
"""

from collections.abc import Sequence

from django.core.files.storage import default_storage
from django.db import transaction

from core import clock
from core.locks import claim_discarded_files, may_remove_files
from core.models import DiscardedFile

AT_A_TIME = 100


@transaction.atomic
def discard_file(*, name: str) -> None:
    """Let a kept file go with the row that named it: soon after the commit, at the latest by the sweep."""
    DiscardedFile.objects.create(name=name, discarded_at=clock.now())
    transaction.on_commit(remove_discarded_files, robust=True)


@transaction.atomic
def discard_orphans(*, names: Sequence[str]) -> int:
    """Let kept files go that no row names; return how many. The caller has found them by `orphan_files`."""
    for name in names:
        discard_file(name=name)
    return len(names)


@transaction.atomic
def remove_discarded_files() -> int:
    """Remove the files that are to go, and return how many; none while a backup reads. What fails is tried again by the sweep."""
    if not may_remove_files():
        return 0
    waiting = claim_discarded_files(limit=AT_A_TIME)
    for row in waiting:
        default_storage.delete(row.name)
        row.delete()
    return len(waiting)
