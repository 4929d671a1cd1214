"""What tests do with more rights than the app has."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper


@contextmanager
def as_owner() -> Iterator[CursorWrapper]:
    """Give a cursor with the owner's rights on the test's own connection, inside its transaction where it has one."""
    with connection.cursor() as cursor:
        cursor.execute(f'SET ROLE "{settings.DATABASE_OWNER_ROLE}"')
        try:
            yield cursor
        finally:
            if not connection.needs_rollback and not _failed():
                cursor.execute("RESET ROLE")


def _failed() -> bool:
    """Say whether the transaction is broken; its rollback takes the role back as well."""
    inner = connection.connection
    return inner is not None and inner.info.transaction_status.name == "INERROR"
