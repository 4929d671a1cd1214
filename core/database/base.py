"""Tells the server before each statement whose rows the running code sees, where it was told otherwise before.

A setting of the session outlives transactions, as one of a transaction would not (`SET LOCAL` ends with a commit in mid-request).
But a rollback takes it back, and a new connection never heard of it: then it is told again. Who runs next on this connection
says for themselves what they see, so nothing has to be cleared away behind a request, however it ended.
"""

from collections.abc import Callable
from typing import Any

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from core import walls

_TELL = f"SELECT set_config('{walls.SETTING}', %s, false)"


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that keeps the walls. `told` is what its server was told last; None where that is not known."""

    told: str | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(self._tell_first)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; the new session knows nothing.

        Without just-in-time compilation: where the planner guesses too high, it takes a second for what takes milliseconds.
        """
        self.told = None
        options = f"{conn_params.get('options', '')} -c jit=off".strip()
        return super().get_new_connection({**conn_params, "options": options})

    def _cursor(self, name: str | None = None) -> Any:
        # For COPY, which goes past `execute`.
        cursor = super()._cursor(name)  # type: ignore[misc]  # the stubs hide it
        self._tell()
        return cursor

    def _set_autocommit(self, autocommit: bool) -> None:
        if not autocommit:
            # Before a transaction begins: its own first statement may have to be the first (SET TRANSACTION).
            self._tell()
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # the stubs hide it

    def _rollback(self) -> Any:
        self.told = None
        return super()._rollback()  # type: ignore[misc]  # the stubs hide it

    def _savepoint_rollback(self, sid: str) -> None:
        try:
            super()._savepoint_rollback(sid)  # type: ignore[misc]  # the stubs hide it
        finally:
            # After it: whatever was told on the way there was told within what was rolled back.
            self.told = None

    def _tell_first(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        self._tell()
        return execute(sql, params, many, context)

    def _tell(self) -> None:
        reach = walls.current()
        if reach == self.told or self._is_broken():
            return
        self.told = None
        with self.wrap_database_errors:
            self.connection.execute(_TELL, [reach])
        self.told = reach

    def _is_broken(self) -> bool:
        """Say whether the transaction takes no statement any more; its rollback is what comes next."""
        status = self.connection.info.transaction_status if self.connection is not None else TransactionStatus.UNKNOWN
        return self.needs_rollback or status in (TransactionStatus.INERROR, TransactionStatus.UNKNOWN)
