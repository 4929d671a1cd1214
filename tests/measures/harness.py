"""What a measure is given, and what it hands back."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from operator import ge, le
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection
from django.test.utils import override_settings

from config.runtime.embedded import EmbeddedServer, home_of, sweep_homes_of_dead
from config.runtime.logins import Login
from core import walls
from tests import database, doorbell

T = TypeVar("T")
COMPARISONS = {">=": ge, "<=": le}


@dataclass(frozen=True)
class Outcome:
    """What a trust measure came to. `figures` go into the report as they are: plain numbers, texts and lists."""

    passed: bool
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """One speed or size. `limit` is what `value` is held against, in the same `unit`; `n` is how much work was measured.

    `goal` says what `ratio` must come to: ">= 0.5" where more is better, "<= 2" where less is.
    """

    id: str
    name: str
    value: float
    limit: float
    ratio: float
    unit: str
    n: int
    goal: str = ">= 1"

    @property
    def passed(self) -> bool:
        comparison, number = self.goal.split()
        return bool(COMPARISONS[comparison](self.ratio, float(number)))


@dataclass(frozen=True)
class Setting:
    """Where a measure runs and how much it does. `server` may make databases and roles; `folder` is for files of the run.

    `embedded` is there where the server is our own: its log can be read, at `embedded.log`.
    """

    size: str
    server: Login
    folder: Path
    embedded: EmbeddedServer | None = None

    def pick(self, *, small: T, full: T) -> T:
        return full if self.size == "full" else small

    def at(self, size: str) -> "Setting":
        return replace(self, size=size)

    def on(self, server: EmbeddedServer) -> "Setting":
        """Return the same setting on a server of the measure's own."""
        return replace(self, server=server.admin, embedded=server)

    @contextmanager
    def database(self, name: str) -> Iterator[Login]:
        """Make a fresh database, migrated and hardened, and put this process's connection on it in the app role.

        Gives the app's login, for other processes. The owner's is `owner(login)`, the server's `server.to(login.dbname)`.
        """
        fresh = f"{self.server.dbname}_measures_{os.getpid()}_{name}"
        before = connection.settings_dict.copy()
        connection.close()
        connection.settings_dict.update(self.server.django())
        database.make_roles(self.server)
        database.create(self.server, name=fresh, template=database.template_on(self.server))
        try:
            yield database.take_role(settings.DATABASE_APP_ROLE, name=fresh)
        finally:
            connection.close()
            connection.settings_dict.update(before)
            database.drop(self.server, fresh)

    def owner(self, login: Login) -> Login:
        """Return the login of the ledger's owner, who may replace its functions, in the database of `login`."""
        return self.server.to(login.dbname).as_role(settings.DATABASE_OWNER_ROLE)


@contextmanager
def surroundings(size: str) -> Iterator[Setting]:
    """Give a server, DATABASE_URL's or one of our own with the product's settings, and a folder; remove what was made."""
    folder = Path(tempfile.mkdtemp(prefix="purser-measures-"))
    server = None if settings.DATABASE_URL_GIVEN else own_server("measures")
    admin = database.admin_login() if server is None else server.admin
    setting = Setting(size, admin, folder, server)
    doorbell.muffle()
    walls.open_by_default()
    try:
        with override_settings(MEDIA_ROOT=folder / "files"):
            yield setting
    finally:
        if server is not None:
            server.remove()
        shutil.rmtree(folder, ignore_errors=True)


def own_server(purpose: str, make: Callable[[Path], EmbeddedServer] = EmbeddedServer) -> EmbeddedServer:
    """Start a server of our own, in a folder that a later run sweeps if this process is killed."""
    base = home_of(Path(settings.VAR_DIR))
    sweep_homes_of_dead(base)
    server = make(base / f"tests-{purpose}-{os.getpid()}")
    server.start()
    return server
