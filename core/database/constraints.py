"""Constraints that wait for the end of the transaction."""

from django.db import connection


def look_now() -> None:
    """Let what waits for the transaction's end look now, and wait again for what comes after.

    Within a savepoint, what it refuses takes that savepoint's work back, and not all of the transaction. Raises IntegrityError.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
