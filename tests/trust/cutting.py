"""Losing the line to the database in the worst places: what was sent may be done or not, and nobody says which."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from django.db import connection, transaction


class CutOff(Exception):
    """The line was cut before the answer was read."""


@contextmanager
def cut_transaction(where: str) -> Iterator[None]:
    """Run a transaction that loses its line after sending its posting (`posting`), or its COMMIT (`commit`); else a whole one.

    Raises CutOff where it was cut. The next statement opens a new connection.
    """
    try:
        with transaction.atomic():
            if where == "posting":
                with connection.execute_wrapper(_cut_at_posting):
                    yield
            else:
                yield
            if where == "commit":
                send_and_leave("COMMIT")
    except CutOff:
        connection.close()
        raise


def send_and_leave(text: str) -> NoReturn:
    """Send a statement, and close the socket without reading what comes back."""
    assert connection.connection is not None
    line = connection.connection.pgconn
    line.send_query(text.encode())
    with socket.socket(fileno=os.dup(line.socket)) as ours:
        ours.shutdown(socket.SHUT_RDWR)
    raise CutOff


def _cut_at_posting(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if "budgets_post(" not in sql:
        return execute(sql, params, many, context)
    send_and_leave(context["cursor"].cursor.mogrify(sql, params))
