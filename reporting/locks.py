"""The one place in reporting that decides who waits for whom. Packs need no row lock: they read one moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_moment() -> Iterator[None]:
    """Run a transaction in which every read sees the same moment, whatever is posted meanwhile.

    Inside another transaction its isolation holds: it cannot be changed once something was read.
    """
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield
