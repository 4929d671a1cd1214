"""The only place in this room that locks. Taken before the check, in the order of their keys."""

from core.errors import NotFound
from reconciliation.models import ImportFile, RawRow


def lock_import_file(import_file_id: int) -> ImportFile:
    """Lock a file for the transaction, so that one worker at a time works on its rows. Raises NotFound."""
    found = ImportFile.objects.select_for_update(no_key=True, of=("self",)).select_related("source__entity").filter(pk=import_file_id).first()
    if found is None:
        raise NotFound("There is no such import.", remedy="Go back to the list of imports.")
    return found


def lock_rows(row_ids: list[int]) -> list[RawRow]:
    """Lock rows in the order of their ids and return them as they are now. Lock their file first."""
    return list(RawRow.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=row_ids).order_by("pk"))


def lock_pending_rows(import_file_id: int, *, after: int, limit: int) -> list[RawRow]:
    """Lock and return the next rows of a file that wait to be worked on. Lock the file first."""
    waiting = RawRow.objects.filter(import_file_id=import_file_id, status=RawRow.Status.PENDING, number__gt=after)
    return list(waiting.select_for_update(no_key=True, of=("self",)).order_by("number")[:limit])
