"""An older version's database, with rows as it left them, is brought up to this one, and loses nothing."""

import lzma
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config.runtime.backups import programs
from config.runtime.backups.errors import BackupError
from config.runtime.backups.places import Place
from config.runtime.backups.tables import Sums, current_sums
from config.runtime.backups.upgrading import refuse_unless_older, upgrade
from config.runtime.backups.versions import applied_migrations, migrations_here

pytestmark = pytest.mark.django_db(transaction=True)
# What the version wrote that had budgets 0007, core 0002, approvals 0003, reconciliation 0002: the beginning of the demo's year.
OLD = Path(settings.BASE_DIR) / "tests" / "golden" / "before_funds_in_full.sql.xz"
EmptyPlace = Callable[[], Place]


@pytest.fixture
def old_place(empty_place: EmptyPlace) -> Place:
    place = empty_place()
    command = [programs.to_load().path("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-1", "-o", "/dev/null", "-f", "-"]
    seen = programs.environment_for(place.database.owner)
    subprocess.run(command, env=seen, input=lzma.decompress(OLD.read_bytes()), check=True)
    place.files.mkdir()
    return place


def rows_of(sums: Sums) -> dict[str, int]:
    return {table: each.rows for table, each in sums.items()}


def test_it_loses_nothing_and_its_ledger_is_whole(old_place: Place, tmp_path: Path) -> None:
    before = rows_of(current_sums(old_place.admin))
    assert before["public.budgets_entry"] > 200
    assert before["public.approvals_request"] > 10

    upgraded = upgrade(place=old_place, into=tmp_path / "backups", without_backup=False, anyway=False)

    assert (upgraded.ledger["drift"], upgraded.ledger["chain"]) == (0, "ok")
    assert "budgets.0008_funds_in_full" in upgraded.migrated
    after = rows_of(current_sums(old_place.admin))
    # What a version adds of its own: migrations, permissions and the like, schedules, an administrator, the check's own sign.
    added = {table: after[table] - rows for table, rows in before.items() if after[table] != rows}
    assert {table for table, more in added.items() if more < 0} == set()
    assert not {table for table in added if table.startswith(("public.budgets_", "public.approvals_", "public.reconciliation_"))}
    with old_place.database.app.connect() as app:
        assert app.execute("SELECT has_table_privilege('budgets_entry', 'INSERT')").fetchone() == (False,)
    assert upgraded.backup is not None
    assert rows_of(upgraded.backup.manifest.tables) == before
    # Once more there is nothing to do, and no backup for it.
    again = upgrade(place=old_place, into=None, without_backup=False, anyway=False)
    assert (again.migrated, again.backup) == ([], None)


def test_without_a_backup_nothing_is_migrated_unless_one_says_so(old_place: Place) -> None:
    before = current_sums(old_place.admin)
    with pytest.raises(BackupError, match=r"Say where to:  --backup DIR.*--no-backup"):
        upgrade(place=old_place, into=None, without_backup=False, anyway=False)
    assert current_sums(old_place.admin) == before


def test_while_others_work_nothing_is_migrated(old_place: Place, tmp_path: Path) -> None:
    before = current_sums(old_place.admin)
    with old_place.database.app.connect(), pytest.raises(BackupError, match=r"in use: 1 from .*Stop web, workers and beat"):
        upgrade(place=old_place, into=tmp_path / "backups", without_backup=False, anyway=False)
    assert current_sums(old_place.admin) == before
    assert not (tmp_path / "backups").exists()


def test_a_step_that_fails_says_how_to_go_back(old_place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: Any) -> Any:
        raise BackupError("prepare failed: a table is locked")

    monkeypatch.setattr("config.runtime.backups.upgrading.prepare_in", fail)
    with pytest.raises(BackupError, match=r"The upgrade stopped. To go back: .*manage.py restore .*purser-"):
        upgrade(place=old_place, into=tmp_path / "backups", without_backup=False, anyway=False)


def test_a_newer_versions_database_is_left_alone(place: Place) -> None:
    with place.admin.connect() as database:
        applied = applied_migrations(database)
    assert refuse_unless_older(applied) == []
    with pytest.raises(BackupError, match=r"does not know core\.9999_later"):
        refuse_unless_older({**applied, "core": [*applied["core"], "9999_later"]})
    assert "0008_funds_in_full" in migrations_here()["budgets"]
