"""A backup is taken while work goes on, and an empty place comes back from it, table for table and file for file."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from approvals.models import Attachment
from approvals.services.attachments import attach, detach
from budgets.models import Entry
from budgets.services.anchors import take_anchor
from config.runtime.backups import files, loading, taking
from config.runtime.backups.errors import BackupError
from config.runtime.backups.keeping import backups_in, keep_newest
from config.runtime.backups.manifest import DUMP, NAME, faults_in, read_manifest
from config.runtime.backups.places import Place
from config.runtime.backups.restoring import MARKER, finish, restore, unfinished
from config.runtime.backups.tables import current_sums
from config.runtime.backups.taking import free_name, take_backup
from core import clock
from core.models import DiscardedFile
from core.services.files import remove_discarded_files
from tests.factories.approvals import MONDAY, draft, submitted
from tests.fixtures.approvals import House

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("monday")]
PDF = b"%PDF-1.7\nOffer"
EmptyPlace = Callable[[], Place]


@pytest.fixture
def filled(kafka: House, place: Place) -> Attachment:
    """Fill the place with money, a request with its file, and an anchor."""
    submitted(kafka.engineer, kafka.account)
    request = draft(kafka.engineer, kafka.account)
    kept = attach(request_id=request.pk, actor=kafka.engineer, name="offer.pdf", content=PDF)
    take_anchor()
    return kept


def test_an_empty_place_comes_back_whole(filled: Attachment, place: Place, empty_place: EmptyPlace, tmp_path: Path) -> None:
    before = current_sums(place.admin)
    taken = take_backup(place=place, into=tmp_path / "backups", with_keys=True)
    assert taken.manifest.tables == before
    assert taken.manifest.ledger["entries"] == Entry.objects.count()
    other = empty_place()

    restored = finish(other, restore(place=other, folder=taken.folder), by="Operator")

    assert restored.is_whole
    assert (restored.ledger["drift"], restored.ledger["chain"], restored.ledger["anchors"]) == (0, "ok", 2)
    after = current_sums(other.admin)
    # The restore is written down, and anchored.
    assert {table for table in before if after[table] != before[table]} == {
        "public.budgets_acceptedrestore",
        "public.budgets_anchor",
    }
    assert len(restored.ledger["restores"]) == 1
    assert (other.files / str(filled.file.name)).read_bytes() == PDF
    assert other.anchor_key.read_bytes() == place.anchor_key.read_bytes()
    with other.database.app.connect() as app:
        may = "SELECT has_table_privilege('budgets_entry', 'SELECT'), has_table_privilege('budgets_entry', 'INSERT')"
        assert app.execute(may).fetchone() == (True, False)
    assert not unfinished(other.var)


def test_the_backup_is_of_one_moment_though_work_goes_on(
    filled: Attachment, kafka: House, place: Place, empty_place: EmptyPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = current_sums(place.admin)
    dump = taking._dump

    def dump_while_work_goes_on(*given: Any) -> Any:
        with clock.at(MONDAY):
            submitted(kafka.engineer, kafka.account, "77")
        return dump(*given)

    monkeypatch.setattr(taking, "_dump", dump_while_work_goes_on)
    taken = take_backup(place=place, into=tmp_path / "backups")

    assert current_sums(place.admin) != before
    assert taken.manifest.tables == before
    other = empty_place()
    other.anchor_key.write_bytes(place.anchor_key.read_bytes())
    restore(place=other, folder=taken.folder)
    assert current_sums(other.admin) == before


def test_a_file_that_is_taken_away_meanwhile_is_in_the_backup_and_goes_afterwards(
    filled: Attachment, kafka: House, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = place.files / str(filled.file.name)
    copy_files = taking._copy_files

    def take_away_first(*given: Any) -> Any:
        detach(request_id=filled.request_id, attachment_id=filled.pk, actor=kafka.engineer)
        return copy_files(*given)

    monkeypatch.setattr(taking, "_copy_files", take_away_first)
    taken = take_backup(place=place, into=tmp_path / "backups")

    assert taken.manifest.missing == []
    assert (taken.folder / "files" / str(filled.file.name)).read_bytes() == PDF
    assert kept.exists()
    assert not Attachment.objects.exists()
    assert remove_discarded_files() == 1
    assert not kept.exists()


def test_without_the_lock_the_backup_lacks_the_file(
    filled: Attachment, kafka: House, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_files = taking._copy_files

    def take_away_first(*given: Any) -> Any:
        detach(request_id=filled.request_id, attachment_id=filled.pk, actor=kafka.engineer)
        return copy_files(*given)

    monkeypatch.setattr(taking, "_copy_files", take_away_first)
    monkeypatch.setattr(taking, "LOCK", "SELECT 1")
    taken = take_backup(place=place, into=tmp_path / "backups")

    assert taken.manifest.missing == [f"{filled.file.name} is not there"]


def test_a_backup_waits_for_a_removal_that_is_under_way(filled: Attachment, place: Place, tmp_path: Path) -> None:
    with place.database.app.connect() as remover, remover.transaction():
        remover.execute("SELECT pg_advisory_xact_lock_shared(hashtext('purser: files stay'))")
        thread = threading.Thread(target=take_backup, kwargs={"place": place, "into": tmp_path / "backups"})
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        assert backups_in(tmp_path / "backups") == []
    thread.join(60)
    assert len(backups_in(tmp_path / "backups")) == 1


def test_a_failed_backup_leaves_nothing(
    filled: Attachment, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: Any) -> Any:
        raise OSError("The disk is full.")

    monkeypatch.setattr(taking, "_copy_anchors", fail)
    with pytest.raises(OSError, match="full"):
        take_backup(place=place, into=tmp_path / "backups")
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [".purser-backup.lock"]


def test_what_a_killed_backup_left_is_swept_and_two_do_not_run_at_once(filled: Attachment, place: Place, tmp_path: Path) -> None:
    into = tmp_path / "backups"
    left = into / ".purser-20260101T000000Z.partial"
    left.mkdir(parents=True)
    with taking.only_one(into), pytest.raises(BackupError, match="Another backup is being made"):
        take_backup(place=place, into=into)
    take_backup(place=place, into=into)
    assert not left.exists()


def test_a_file_that_was_lost_before_is_said_and_the_rest_is_kept(filled: Attachment, place: Place, tmp_path: Path) -> None:
    (place.files / str(filled.file.name)).unlink()
    taken = take_backup(place=place, into=tmp_path / "backups")
    assert taken.manifest.missing == [f"{filled.file.name} is not there"]
    assert read_manifest(taken.folder).missing == taken.manifest.missing


def test_nothing_is_restored_over_what_is_there(
    filled: Attachment, place: Place, empty_place: EmptyPlace, tmp_path: Path
) -> None:
    taken = take_backup(place=place, into=tmp_path / "backups", with_keys=True)
    before = current_sums(place.admin)
    with pytest.raises(BackupError, match="tables already, and nothing is overwritten"):
        restore(place=place, folder=taken.folder)
    assert current_sums(place.admin) == before
    other = empty_place()
    other.files.mkdir()
    (other.files / "theirs").write_text("theirs")
    with pytest.raises(BackupError, match="There are files in"):
        restore(place=other, folder=taken.folder)
    assert current_sums(other.admin) == {}


@pytest.mark.parametrize("harm", ["flip", "cut", "delete", "add", "manifest"])
def test_a_backup_that_was_changed_is_not_touched(
    filled: Attachment, place: Place, empty_place: EmptyPlace, tmp_path: Path, harm: str
) -> None:
    taken = take_backup(place=place, into=tmp_path / "backups", with_keys=True)
    other = empty_place()
    do_harm(taken.folder, harm)
    with pytest.raises(BackupError, match=r"not as it was made|was changed|cut short or changed"):
        restore(place=other, folder=taken.folder)
    assert current_sums(other.admin) == {}
    assert not other.files.exists()
    assert not unfinished(other.var)


def do_harm(folder: Path, harm: str) -> None:
    path = folder / (NAME if harm == "manifest" else DUMP)
    content = path.read_bytes()
    match harm:
        case "flip" | "manifest":
            path.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
        case "cut":
            path.write_bytes(content[:-1])
        case "delete":
            path.unlink()
        case "add":
            (folder / "files" / "more").write_bytes(b"x")


def test_every_byte_counts(filled: Attachment, place: Place, tmp_path: Path) -> None:
    taken = take_backup(place=place, into=tmp_path / "backups", with_keys=True)
    manifest = read_manifest(taken.folder)
    assert {name.partition("/")[0] for name in manifest.members} == {DUMP, "files", "anchors", "keys"}
    for name in manifest.members:
        path = taken.folder / name
        path.chmod(0o600)
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert list(faults_in(taken.folder, manifest)) == [f"{name} was changed: its SHA-256 is another"]
        path.write_bytes(content)
    content = (taken.folder / NAME).read_bytes()
    for at in range(0, len(content), 97):
        (taken.folder / NAME).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(BackupError):
            read_manifest(taken.folder)


@pytest.mark.parametrize("step", ["load_database", "load_files", "compare"])
def test_a_restore_that_was_cut_off_goes_on(
    filled: Attachment, place: Place, empty_place: EmptyPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    taken, other = take_backup(place=place, into=tmp_path / "backups", with_keys=True), empty_place()

    def cut(*given: Any, **more: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as during:
        during.setattr(f"config.runtime.backups.restoring.{step}", cut)
        with pytest.raises(KeyboardInterrupt):
            restore(place=other, folder=taken.folder)
    assert unfinished(other.var) == str(taken.folder)
    restore(place=other, folder=taken.folder)
    assert loading.compare(other, taken.manifest) == []


def test_a_dump_that_ends_in_the_middle_leaves_no_table(
    filled: Attachment, place: Place, empty_place: EmptyPlace, tmp_path: Path
) -> None:
    taken, other = take_backup(place=place, into=tmp_path / "backups", with_keys=True), empty_place()
    dump = taken.folder / DUMP
    dump.write_bytes(dump.read_bytes()[:-2000])
    with pytest.raises(BackupError, match="could not be loaded"):
        loading.load_database(other, taken.folder)
    assert current_sums(other.admin) == {}


def test_another_backups_half_done_place_is_left_alone(
    filled: Attachment, place: Place, empty_place: EmptyPlace, tmp_path: Path
) -> None:
    taken, other = take_backup(place=place, into=tmp_path / "backups", with_keys=True), empty_place()
    (other.var / MARKER).write_text(json.dumps({"folder": "/backups/purser-1", "manifest": "another"}))
    with pytest.raises(BackupError, match=r"A restore of /backups/purser-1 was cut off here.*To begin anew"):
        restore(place=other, folder=taken.folder)


def test_without_the_anchors_key_nothing_is_begun(
    filled: Attachment, place: Place, empty_place: EmptyPlace, tmp_path: Path
) -> None:
    taken, other = take_backup(place=place, into=tmp_path / "backups"), empty_place()
    with pytest.raises(BackupError, match="add --new-key"):
        restore(place=other, folder=taken.folder)
    assert current_sums(other.admin) == {}


def test_a_newer_versions_backup_is_refused(filled: Attachment, place: Place, empty_place: EmptyPlace, tmp_path: Path) -> None:
    taken, other = take_backup(place=place, into=tmp_path / "backups", with_keys=True), empty_place()
    manifest = read_manifest(taken.folder)
    manifest.migrations["core"].append("9999_from_the_future")
    (taken.folder / NAME).write_bytes(manifest.content())
    with pytest.raises(BackupError, match=r"made by a newer version.*9999_from_the_future"):
        restore(place=other, folder=taken.folder)


def test_a_table_that_differs_and_a_file_that_differs_are_named(
    filled: Attachment, place: Place, empty_place: EmptyPlace, tmp_path: Path
) -> None:
    taken, other = take_backup(place=place, into=tmp_path / "backups", with_keys=True), empty_place()
    restore(place=other, folder=taken.folder)
    with other.admin.connect() as admin:
        admin.execute("UPDATE core_user SET name = 'Somebody' WHERE id = (SELECT min(id) FROM core_user)")
        admin.execute("SELECT setval(pg_get_serial_sequence('core_user', 'id'), 1)")
    path = other.files / str(filled.file.name)
    path.write_bytes(b"%PDF-1.7\nOther")
    assert loading.compare(other, taken.manifest) == [
        "table public.core_user does not say what it said",
        "public.core_user_id_seq is behind the rows of public.core_user",
        f"file {filled.file.name} of approvals_attachment {filled.pk} is not what its row says",
    ]


def test_the_oldest_are_removed(tmp_path: Path) -> None:
    names = ["purser-20260101T000000Z", "purser-20260102T000000Z", "purser-20260102T000000Z-2", "purser-20260102T000000Z-10"]
    for name in [*names, "purser-20250101T000000Z"]:
        (tmp_path / name).mkdir()
    for name in names:
        (tmp_path / name / NAME).write_text("{}")
    assert free_name(tmp_path, MONDAY.replace(month=1, day=1, hour=0)) == "purser-20260101T000000Z-2"
    assert keep_newest(tmp_path, 2) == names[:2]
    assert [path.name for path in backups_in(tmp_path)] == names[2:]
    # What has no manifest is no backup, and nobody's to remove.
    assert (tmp_path / "purser-20250101T000000Z").exists()


def test_files_wait_in_a_row_until_they_can_go(place: Place) -> None:
    (place.files / "gone.bin").write_bytes(b"x")
    DiscardedFile.objects.create(name="gone.bin")
    with place.admin.connect() as backup:
        backup.execute(taking.LOCK)
        assert remove_discarded_files() == 0
        assert (place.files / "gone.bin").exists()
        backup.execute("SELECT pg_advisory_unlock_all()")
    assert remove_discarded_files() == 1
    assert list(files.files_under(place.files)) == []
