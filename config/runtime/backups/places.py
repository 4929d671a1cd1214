"""A place: a database and the folders that belong to it. What is backed up is one, and what is restored into is another."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.db import connection

from config.runtime.archive import archive_of_settings
from config.runtime.bringing_up import lay_out
from config.runtime.database import NAME, Database, embedded_server, given
from config.runtime.embedded import EmbeddedServer
from config.runtime.logins import Login


@dataclass(frozen=True)
class Place:
    """`admin` sees every row: the embedded server's own, else the owner. `keys` maps names in a backup to where they lie."""

    database: Database
    admin: Login
    var: Path
    files: Path
    anchors: Path
    keys: dict[str, Path]
    server: EmbeddedServer | None = None

    @property
    def anchor_key(self) -> Path:
        return self.keys["anchor_key"]

    def environment(self) -> dict[str, str]:
        """Return what a command of manage.py must see to work here, as the app."""
        return settings.ENVIRONMENT_PASSED_ON | {
            "DATABASE_URL": self.database.app.url(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PURSER_VAR": str(self.var),
            "PURSER_ANCHOR_DIR": str(self.anchors),
            "PURSER_ANCHOR_KEY_FILE": str(self.anchor_key),
        }


@contextmanager
def this_place(*, archived: bool = True) -> Iterator[Place]:
    """Give the place of the settings, its server up and its database there; Django's connection stands in it as the app."""
    var = Path(settings.VAR_DIR)
    lay_out(var)
    if not is_embedded():
        login = owner_in_settings()
        database = given(login, app_role=settings.DATABASE_APP_ROLE)
        with _connected(database.app):
            yield _place(database, login, var, None)
        return
    roles = {"owner_role": settings.DATABASE_OWNER_ROLE, "app_role": settings.DATABASE_APP_ROLE}
    with (
        embedded_server(var, archive=archive_of_settings() if archived else None, **roles) as (server, database),
        _connected(database.app),
    ):
        yield _place(database, server.admin.to(NAME), var, server)


def is_embedded() -> bool:
    """Say whether the database is our own: none is named, or `up` named its own to this process."""
    kept = Path(settings.VAR_DIR) / "database_url"
    named = Login.from_settings(settings.DATABASES["default"]).url()
    return not settings.DATABASE_URL_GIVEN or (kept.is_file() and kept.read_text().strip() == named)


def owner_in_settings() -> Login:
    """Return the login of DATABASE_URL, without the switch to the app's role that `up` gives its children."""
    login = Login.from_settings(settings.DATABASES["default"])
    return replace(login, options=re.sub(r"-c\s*role=\S+", "", login.options).strip())


def keys_in_settings() -> dict[str, Path]:
    return {"anchor_key": Path(settings.ANCHOR_KEY_FILE), "secret_key": Path(settings.VAR_DIR) / "secret_key"}


def _place(database: Database, admin: Login, var: Path, server: EmbeddedServer | None) -> Place:
    return Place(database, admin, var, Path(settings.MEDIA_ROOT), Path(settings.ANCHOR_DIR), keys_in_settings(), server)


@contextmanager
def _connected(app: Login) -> Iterator[None]:
    """Let Django's connection be the app's in this block."""
    before = connection.settings_dict.copy()
    connection.close()
    connection.settings_dict.update(app.django())
    connection.settings_dict["OPTIONS"] = {**before.get("OPTIONS", {}), "options": app.options}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)
