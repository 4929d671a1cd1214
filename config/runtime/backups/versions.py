"""Which version made a database, and which one runs here."""

import subprocess
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

Connection = psycopg.Connection[Any]
Migrations = dict[str, list[str]]


def version_here() -> str:
    """Return the version, with the commit where it is a checkout: what is to be checked out to come back to it."""
    project: dict[str, Any] = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text())
    version = str(project["project"]["version"])
    with suppress(OSError):
        asked = ["git", "-C", str(settings.BASE_DIR), "rev-parse", "--short=12", "HEAD"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return f"{version} ({done.stdout.strip()})"
    return version


def applied_migrations(database: Connection) -> Migrations:
    """Return the names of the migrations that a database has been through, by app."""
    there = database.execute("SELECT to_regclass('public.django_migrations')").fetchone()
    found: Migrations = {}
    if there and there[0]:
        for app, name in database.execute("SELECT app, name FROM public.django_migrations ORDER BY app, name"):
            found.setdefault(app, []).append(name)
    return found


def migrations_here() -> Migrations:
    """Return the names of the migrations of the code that runs, by app."""
    found: Migrations = {}
    for app, name in sorted(MigrationLoader(None).disk_migrations):
        found.setdefault(app, []).append(name)
    return found


def unknown_here(applied: Migrations) -> list[str]:
    """Return the migrations that this code does not know: the database is of a newer version."""
    here = migrations_here()
    return [f"{app}.{name}" for app, names in applied.items() for name in names if app in here and name not in here[app]]


def not_yet_applied(applied: Migrations) -> list[str]:
    """Return the migrations of this code that the database has not been through."""
    return [f"{app}.{name}" for app, names in migrations_here().items() for name in names if name not in applied.get(app, ())]
