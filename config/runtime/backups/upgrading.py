"""Bringing an older version's database up to this one: a backup first, then migrations, rights, schedules, the check."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from config.runtime.backups.checking import check_ledger_in, is_whole, prepare_in
from config.runtime.backups.errors import BackupError
from config.runtime.backups.places import Place
from config.runtime.backups.restoring import accept_what_waits
from config.runtime.backups.taking import Taken, take_backup
from config.runtime.backups.versions import Migrations, applied_migrations, not_yet_applied, unknown_here

Say = Callable[[str], None]
OTHERS = """
SELECT coalesce(host(client_addr), 'this machine'), count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True)
class Upgraded:
    """What was done: the migrations gone through, the backup from before, what the ledger's check says after."""

    migrated: list[str]
    ledger: dict[str, Any]
    backup: Taken | None = None
    scheduled: list[str] = field(default_factory=list)
    accepted_restore: bool = False

    @property
    def is_whole(self) -> bool:
        return is_whole(self.ledger)


def upgrade(*, place: Place, into: Path | None, without_backup: bool, anyway: bool, say: Say = lambda _: None) -> Upgraded:
    """Bring the database up to this version. `into` is where the backup goes. Raises BackupError; then nothing was migrated."""
    with place.admin.connect() as database:
        applied = applied_migrations(database)
        pending = refuse_unless_older(applied)
        if pending and not anyway:
            refuse_while_others_work(database.execute(OTHERS).fetchall())
    # An empty database has nothing to lose, and one of this version is only looked after.
    backup = backed_up(place, into, without_backup=without_backup, say=say) if pending and applied else None
    say(f"Migrating: {len(pending)} steps" if pending else "There is nothing to migrate")
    scheduled = migrate(place, backup)
    accepted = accept_what_waits(place)
    say("Checking the ledger")
    return Upgraded(pending, check_ledger_in(place), backup, scheduled, accepted)


def refuse_unless_older(applied: Migrations) -> list[str]:
    """Return the migrations to come. Raises BackupError for a database that a newer version made."""
    if unknown := unknown_here(applied):
        raise BackupError(
            f"A newer version made this database: this one does not know {unknown[0]}. Run that version, or restore a backup "
            f"from before into an empty place."
        )
    return not_yet_applied(applied)


def refuse_while_others_work(others: list[Any]) -> None:
    """Raise BackupError where somebody is connected: code of the old version would meet tables of the new one."""
    if others:
        who = ", ".join(f"{count} from {where}" for where, count in others)
        raise BackupError(
            f"The database is in use: {who}. Stop web, workers and beat everywhere first; or, if you know that what is connected "
            f"runs none of the old code, add --anyway."
        )


def backed_up(place: Place, into: Path | None, *, without_backup: bool, say: Say) -> Taken | None:
    if without_backup:
        say("No backup is taken, as you say")
        return None
    if into is None:
        raise BackupError(
            "Before anything is migrated a backup is taken. Say where to:  --backup DIR  (or set PURSER_BACKUP_DIR). "
            "If you have one already:  --no-backup"
        )
    taken = take_backup(place=place, into=into, say=say)
    say(f"Backup {taken.folder}")
    return taken


def migrate(place: Place, backup: Taken | None) -> list[str]:
    """Migrate as the owner, give the app its rights, make the schedules. Returns what was newly scheduled."""
    try:
        return prepare_in(place)
    except BackupError as error:
        raise BackupError(f"{error}\nThe upgrade stopped. {how_to_go_back(backup)}") from error


def how_to_go_back(backup: Taken | None) -> str:
    if backup is None:
        return "To go back: check out the version before, and restore your backup into an empty place."
    made = backup.manifest
    return (
        f"To go back: check out version {made.version} as it was before, and `manage.py restore {backup.folder}` into an empty "
        f"place (another PURSER_VAR, or another database in DATABASE_URL)."
    )


def folder_for_backup(given: Path | None) -> Path | None:
    return given or (Path(settings.BACKUP_DIR) if settings.BACKUP_DIR else None)
