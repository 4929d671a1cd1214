"""The embedded server for one command: `manage.py load_budget …` works whether `up` runs or not.

Where DATABASE_URL names a server, or the command needs no database, nothing is started.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from config.runtime.archive import archive_of_settings
from config.runtime.bringing_up import lay_out
from config.runtime.database import Database, embedded_server
from config.runtime.logins import Login

ROOMS = ("core", "budgets", "approvals", "reconciliation", "reporting", "demo")
OF_DJANGO = {"shell", "dbshell", "createsuperuser", "changepassword", "showmigrations"}
# Left by a restore that is under way or was cut off.
RESTORING = "restoring.json"
# The demo states when its past happened, which only the owner may.
AS_OWNER = {"load_demo"}


@contextmanager
def server_for(arguments: Sequence[str]) -> Iterator[None]:
    """Hold the embedded server up, with its database prepared, while the command runs that `arguments` name."""
    command = arguments[1] if len(arguments) > 1 else ""
    if not needs_server(command) or "--help" in arguments or settings.DATABASE_URL_GIVEN:
        yield
        return
    if (Path(settings.VAR_DIR) / RESTORING).exists():
        sys.exit("A restore was cut off here. Run it again first:  manage.py restore DIR")
    lay_out(Path(settings.VAR_DIR))
    roles = {"owner_role": settings.DATABASE_OWNER_ROLE, "app_role": settings.DATABASE_APP_ROLE}
    with embedded_server(Path(settings.VAR_DIR), archive=archive_of_settings(), **roles) as (_, database):
        _prepare_once(database)
        login = database.owner if command in AS_OWNER else database.app
        settings.DATABASES["default"].update(login.django())
        yield


def needs_server(command: str) -> bool:
    """Say whether it is one of ours or one of Django's that works on data. Looks at files: Django is not set up yet."""
    folders = (Path(settings.BASE_DIR) / room / "management" / "commands" for room in ROOMS)
    return command in OF_DJANGO or (command.isidentifier() and any((folder / f"{command}.py").is_file() for folder in folders))


def _prepare_once(database: Database) -> None:
    """Migrate a database that was just made. A newer version of the product migrates in `up`."""
    with database.owner.connect() as connection:
        row = connection.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL").fetchone()
    if not (row and row[0]):
        prepare(database.owner)


def prepare(owner: Login) -> None:
    """Run `manage.py prepare` as the owner, in a process of its own."""
    manage = str(Path(settings.BASE_DIR) / "manage.py")
    environment = settings.ENVIRONMENT_PASSED_ON | {"DATABASE_URL": owner.url()}
    subprocess.run([sys.executable, manage, "prepare", "--verbosity=0"], env=environment, stdout=sys.stderr, check=True)
