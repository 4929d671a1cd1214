"""The doctor over a real database: each wall taken down is seen, and nothing that is ill keeps it from telling the rest."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings

from config.operations import doctor
from config.operations.looking import database, ground, machine, work
from config.operations.looking.ground import Ground, Look
from config.operations.parts import Part, fine
from config.runtime.schedules import ensure_schedules
from core import clock
from core.models import Sign, User
from core.services.signs import leave_sign
from tests.owner import as_owner


@pytest.fixture
def here(db: None) -> Ground:
    """The ground of a doctor that looks from the test's own transaction."""
    connection.ensure_connection()
    return Ground(now=clock.now(), database=connection.connection)


def only(parts: Iterator[Part]) -> Part:
    (part,) = parts
    return part


LOOKS: dict[str, Callable[[Ground], Iterator[Part]]] = {
    "role": database.role,
    "walls": database.ledger_walls,
    "hardening": database.hardening,
    "triggers": database.triggers,
    "migrations": database.migrations,
    "rows": database.row_security,
}


@pytest.mark.parametrize("name", [*LOOKS, "encoding", "clock"])
def test_the_walls_stand(here: Ground, name: str) -> None:
    found = only({**LOOKS, "encoding": database.encoding, "clock": database.clock}[name](here))
    # The tests' login may be a superuser that switches to the app's role.
    assert found.ok, found


TAKEN_DOWN = {
    "walls": "GRANT UPDATE ON budgets_balance TO purser_app",
    "hardening": "GRANT TRUNCATE ON core_auditrecord TO purser_app",
    "triggers": "ALTER TABLE core_auditrecord DISABLE TRIGGER USER",
    "migrations": "DELETE FROM django_migrations WHERE app = 'core' AND name LIKE '0002%%'",
    "rows": "ALTER TABLE budgets_budget DISABLE ROW LEVEL SECURITY",
}


@pytest.mark.parametrize("name", TAKEN_DOWN)
def test_a_wall_that_is_taken_down_is_seen(here: Ground, name: str) -> None:
    with as_owner() as owner:
        owner.execute(TAKEN_DOWN[name].replace("purser_app", settings.DATABASE_APP_ROLE).replace("%%", "%"))
    assert not only(LOOKS[name](here)).ok


def test_rows_that_are_shown_to_nobody_in_particular_are_seen(here: Ground, small_budget: Any) -> None:
    assert only(database.row_security(here)).ok
    with as_owner() as owner:
        owner.execute(f'CREATE POLICY sly ON budgets_budget FOR SELECT TO "{settings.DATABASE_APP_ROLE}" USING (true)')
    found = only(database.row_security(here))
    assert not found.ok
    assert "budgets_budget" in found.found


def test_a_function_that_runs_as_the_owner_and_is_open_is_seen(here: Ground) -> None:
    with as_owner() as owner:
        owner.execute("CREATE FUNCTION sly() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'SELECT'")
    found = only(database.hardening(here))
    assert not found.ok
    assert "sly()" in found.found


def test_a_missing_trigger_is_seen(here: Ground) -> None:
    with as_owner() as owner:
        owner.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = 'core_auditrecord'::regclass AND NOT tgisinternal")
        owner.execute(f"DROP TRIGGER {owner.fetchone()[0]} ON core_auditrecord")
    assert "core_auditrecord.append_only" in only(database.triggers(here)).found


def test_as_the_owner_one_role_is_said(here: Ground) -> None:
    with as_owner():
        part = only(database.role(here))
        assert (part.level, here.one_role) == ("note", True)
        assert only(database.ledger_walls(here)).level == "note"


def test_trying_the_walls_leaves_no_trace(here: Ground, entity: Any) -> None:
    def rows() -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables ORDER BY 1")
            return list(cursor.fetchall())

    before = rows()
    only(database.ledger_walls(here))
    assert rows() == before


def test_signs_and_queue_are_read(here: Ground) -> None:
    assert [part.ok for part in work.beat_and_worker(here)] == [False, False]
    leave_sign(name=Sign.BEAT)
    leave_sign(name=Sign.WORKER)
    here.now = clock.now()
    assert [part.ok for part in work.beat_and_worker(here)] == [True, True]
    assert only(work.queue(here)).ok
    here.now += timedelta(hours=1)
    assert [part.ok for part in work.beat_and_worker(here)] == [False, False]


def test_schedules_anchors_check_backup_zones_and_holidays_are_read(here: Ground, small_budget: Any) -> None:
    assert not only(work.schedules(here)).ok
    ensure_schedules()
    assert only(work.schedules(here)).ok
    found = only(work.anchors(here))
    assert found.ok
    assert "wait for the day's anchor" in found.found
    here.now += timedelta(days=3)
    assert not only(work.anchors(here)).ok
    assert only(work.ledger_check(here)).level == "note"
    assert only(work.backup(here)).level == "note"
    assert only(machine.zones(here)).ok
    assert only(machine.public_holidays(here)).ok
    User.objects.update(time_zone="Mars/Olympus")
    type(small_budget.budget.entity.calendar).objects.update(country="QQ")
    assert "Mars/Olympus" in only(machine.zones(here)).found
    assert "QQ" in only(machine.public_holidays(here)).found


def test_the_machine_is_looked_at(here: Ground, tmp_path: Path) -> None:
    for name in machine.FOLDERS:
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "secret_key").write_text("x")
    (tmp_path / "secret_key").chmod(0o600)
    with override_settings(VAR_DIR=tmp_path, MEDIA_ROOT=tmp_path / "files", CELERY_BROKER_URL="redis://x"):
        assert only(machine.folders(here)).ok
        assert only(machine.key_files(here)).ok
        assert only(machine.disk(here)).found.startswith(str(tmp_path))
        (tmp_path / "secret_key").chmod(0o644)
        assert not only(machine.key_files(here)).ok
        (tmp_path / "log").rmdir()
        assert "log" in only(machine.folders(here)).found


def test_a_folder_is_open_only_where_those_above_are(tmp_path: Path) -> None:
    inner = tmp_path / "closed" / "inner"
    inner.mkdir(parents=True)
    inner.chmod(0o755)
    inner.parent.chmod(0o700)
    assert not machine.is_open_to_others(inner)


def test_style_and_fonts_are_there(here: Ground) -> None:
    assert only(machine.static(here)).ok
    assert only(machine.fonts(here)).ok


def test_a_broker_and_a_mail_server_that_are_away_are_bad_and_say_no_password(here: Ground) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with override_settings(CELERY_BROKER_URL=f"redis://:hunter2@127.0.0.1:{port}/0"):
            broker = only(work.broker(here))
        smtp = "django.core.mail.backends.smtp.EmailBackend"
        with override_settings(EMAIL_BACKEND=smtp, EMAIL_HOST="127.0.0.1", EMAIL_PORT=port, DEMO=False):
            mail = only(work.mail(here))
    assert not broker.ok
    assert "hunter2" not in str(broker)
    assert not mail.ok


def test_a_look_that_hangs_or_fails_keeps_nobody_from_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    forever = threading.Event()

    def hang(_: Ground) -> list[Part]:
        forever.wait()
        return []

    def fail(_: Ground) -> list[Part]:
        raise RuntimeError("postgresql://purser:hunter2hunter2@db broke")

    looks = (
        Look(("hangs",), hang, within=0.05),
        Look(("fails",), fail),
        Look(("needs",), hang, needs_database=True),
        Look(("well",), lambda _: [fine("well", "Well.")]),
    )
    monkeypatch.setattr(doctor, "LOOKS", looks)
    monkeypatch.setattr(doctor, "connect", lambda: (None, "away"))
    found = {part.id: part for part in doctor.examine()}
    forever.set()
    assert {name: part.ok for name, part in found.items()} == {"hangs": False, "fails": False, "needs": False, "well": True}
    assert "hunter2hunter2" not in found["fails"].found
    assert all(part.fix for part in found.values() if not part.ok)


def test_it_works_when_the_database_is_away(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": str(taken.getsockname()[1])}
        monkeypatch.setattr(ground, "django_connection", type("Away", (), {"settings_dict": away}))
        monkeypatch.setattr(machine, "render", lambda *_, **__: type("Made", (), {"content": b"%PDF-"}))
        with pytest.raises(SystemExit) as ended:
            call_command("doctor", "--json")
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    found = {each["id"]: each for each in told["checks"]}
    assert {name for look in doctor.LOOKS for name in look.parts} - {"database-version"} <= set(found)
    assert not found["database"]["ok"]
    assert not found["triggers"]["ok"]
    assert found["pdf"]["ok"]
    assert all(each["fix"] for each in told["checks"] if not each["ok"])


def test_all_well_is_nought(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOOKS", (Look(("well",), lambda _: [fine("well", "Well.")]),))
    monkeypatch.setattr(doctor, "connect", lambda: (None, ""))
    call_command("doctor")
    assert "1 checks: all is well." in capsys.readouterr().out


def test_administrators_read_it_and_others_do_not(
    client: Client, administrator: User, controller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [Part("pdf", False, "PDFs cannot be made.", "apt-get install <pango>"), fine("disk", "Room.")]
    monkeypatch.setattr("config.operations.views.examine", lambda: parts)
    client.force_login(controller)
    assert client.get("/-/doctor/").status_code == 403
    client.force_login(administrator)
    page = client.get("/-/doctor/").content.decode()
    assert "thing is not well" in page
    assert "apt-get install &lt;pango&gt;" in page
    assert 'href="/-/doctor/"' in page
    client.logout()
    assert client.get("/-/doctor/").status_code == 302
