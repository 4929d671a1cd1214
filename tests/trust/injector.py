"""Faults in a call: the n-th thing that it sends to the database fails, before it is sent or after it was carried out.

What Django sends by `execute`, savepoints included, is counted, and so are COPY and COMMIT, which go past that.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest import mock

import psycopg
from django.db import OperationalError, connection

Execute = Callable[..., Any]
COMMIT = "COMMIT"


@dataclass(frozen=True)
class Fault:
    """What fails: the `number`-th thing sent, counted from one, or the first COMMIT where it is 0.

    `after` lets it be carried out first, so that only its answer is lost. `kill` ends the connection's own backend at that
    moment instead of raising an error here.
    """

    number: int
    after: bool = False
    kill: Callable[[int], None] | None = None

    def __str__(self) -> str:
        what = "its backend killed" if self.kill else "failed"
        return f"{what} {'after' if self.after else 'before'} it was carried out"


@dataclass
class Sent:
    """What a call sent, each in short, and whether its fault came about. `committed` counts what became durable."""

    fault: Fault | None = None
    durable: Callable[[], None] | None = None
    texts: list[str] = field(default_factory=list)
    fired: bool = False
    committed: int = 0

    def __call__(self, execute: Execute, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Stand between Django and the cursor (`connection.execute_wrapper`)."""
        return self.step(str(sql), lambda: execute(sql, params, many, context), is_durable=not connection.in_atomic_block)

    def commit(self, really: Callable[[], None]) -> None:
        """Stand in for the connection's `_commit`."""
        self.step(COMMIT, really, is_durable=True)

    def in_place_of(self, really: Callable[..., Any]) -> Callable[..., Any]:
        """Return what stands in for psycopg's `Cursor.copy`."""
        return lambda *given, **more: self._copy(really, *given, **more)

    @contextmanager
    def _copy(self, really: Callable[..., Any], cursor: Any, statement: Any, *values: Any, **more: Any) -> Iterator[Any]:
        hit = self._count(str(statement))
        if hit and self.fault and not self.fault.after:
            self._fail()
        with really(cursor, statement, *values, **more) as copy:
            yield copy
        if hit and self.fault and self.fault.after:
            self._fail()

    def step(self, text: str, really: Callable[[], Any], *, is_durable: bool) -> Any:
        """Carry one thing out, and fail where it is the one that fails."""
        hit = self._count(text)
        if hit and self.fault and not self.fault.after:
            self._fail()
        answer = really()
        if is_durable:
            self.committed += 1
            if self.durable:
                self.durable()
        if hit and self.fault and self.fault.after:
            self._fail()
        return answer

    def _count(self, text: str) -> bool:
        self.texts.append(" ".join(text.split())[:120])
        if self.fault is None or self.fired:
            return False
        if self.fault.number:
            return len(self.texts) == self.fault.number
        return text == COMMIT

    def _fail(self) -> None:
        assert self.fault is not None
        self.fired = True
        if self.fault.kill is None:
            raise OperationalError("the fault of this attempt")
        # What comes next meets a connection that the server has closed.
        self.fault.kill(connection.connection.info.backend_pid)


@contextmanager
def watching(fault: Fault | None = None, *, durable: Callable[[], None] | None = None) -> Iterator[Sent]:
    """Count what the block sends on Django's connection, and let `fault` happen. `durable` is called after each commit."""
    connection.ensure_connection()
    sent = Sent(fault, durable)
    commit, copy = connection._commit, psycopg.Cursor.copy  # type: ignore[attr-defined]  # the stubs leave it out
    with (
        mock.patch.object(connection, "_commit", partial(sent.commit, commit)),
        mock.patch.object(psycopg.Cursor, "copy", sent.in_place_of(copy)),
        connection.execute_wrapper(sent),
    ):
        yield sent
