"""What looks stand on: the moment, and a connection of the doctor's own where the database answers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection as django_connection

from config.operations.parts import Part
from config.runtime.logins import Login
from core import walls

CONNECT_WITHIN = 4
STATEMENT_WITHIN = "5s"
Connection = psycopg.Connection[Any]


@dataclass(slots=True)
class Ground:
    """Handed to every look. `database` is None where none answered; `beat_ok` is what an earlier look found."""

    now: datetime
    database: Connection | None = None
    failure: str = ""
    beat_ok: bool = True
    one_role: bool = False
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> Connection:
        """Return the connection for looks that are only made when there is one."""
        assert self.database is not None
        return self.database

    def one(self, query: str, *parameters: Any) -> tuple[Any, ...]:
        """Return the first row of a query that has one."""
        row = self.rows.execute(query.encode(), parameters or None).fetchone()
        assert row is not None
        return tuple(row)

    def column(self, query: str, *parameters: Any) -> list[Any]:
        """Return the first column of all rows."""
        return [row[0] for row in self.rows.execute(query.encode(), parameters or None)]


@dataclass(frozen=True, slots=True)
class Look:
    """A look and the parts it answers for, so that each is answered for though the look fails."""

    parts: tuple[str, ...]
    look: Callable[[Ground], Iterable[Part]]
    needs_database: bool = False
    within: float = 15.0


def connect() -> tuple[Connection | None, str]:
    """Return a connection as the app, or None and why there is none. Never waits long."""
    login = Login.from_settings(django_connection.settings_dict)
    given = {key: value for key, value in vars(login).items() if value}
    try:
        connection: Connection = psycopg.connect(autocommit=True, connect_timeout=CONNECT_WITHIN, **given)
        connection.execute("SELECT set_config('statement_timeout', %s, false)", [STATEMENT_WITHIN])
        connection.execute("SELECT set_config('lock_timeout', '500ms', false)")
        connection.execute("SELECT set_config(%s, %s, false)", [walls.SETTING, walls.ALL])
    except psycopg.Error as error:
        return None, plain(error)
    return connection, ""


def plain(error: BaseException) -> str:
    """Return what went wrong in one line, without a password or an address in it."""
    from config.operations.redaction import clean_text

    return clean_text(" ".join(str(error).split()) or type(error).__name__)[:200]
