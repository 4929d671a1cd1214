"""The commands: what they print, what they end with, and the sign that a backup leaves."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from approvals.models import Attachment
from approvals.services.attachments import attach
from config.runtime.backups import verifying
from config.runtime.backups.keeping import backups_in
from config.runtime.backups.places import Place
from config.tasks import take_backup
from core.models import Sign
from tests.factories.approvals import draft
from tests.fixtures.approvals import House

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("monday")]
EmptyPlace = Callable[[], Place]


@pytest.fixture
def here(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Let the commands work in the test's place."""

    @contextmanager
    def this_place() -> Iterator[Place]:
        yield place

    monkeypatch.setattr("config.management.commands.backup.this_place", this_place)
    return place


@pytest.fixture
def kept(kafka: House, here: Place) -> Attachment:
    request = draft(kafka.engineer, kafka.account)
    return attach(request_id=request.pk, actor=kafka.engineer, name="offer.pdf", content=b"%PDF-1.7\nOffer")


def said_by(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def test_a_backup_is_taken_said_and_leaves_its_sign(kept: Attachment, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("backup", str(tmp_path / "b"), "--json", "--keep", "1")
    said = said_by(capsys)
    assert (said["files"], said["missing"], said["with_keys"], said["removed"]) == (1, [], False, [])
    sign = Sign.objects.get(name=Sign.BACKUP)
    assert (sign.is_well, sign.said) == (True, said["folder"])
    call_command("backup", str(tmp_path / "b"), "--keep", "1")
    words = capsys.readouterr().out
    assert f"Removed {Path(said['folder']).name}" in words
    assert "Not in it: the settings, and the keys" in words
    assert len(backups_in(tmp_path / "b")) == 1


def test_a_file_that_was_lost_is_told_by_the_exit_code_and_the_sign(
    kept: Attachment, here: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here.files / str(kept.file.name)).unlink()
    with pytest.raises(SystemExit) as ended:
        call_command("backup", str(tmp_path / "b"), "--json")
    assert ended.value.code == 3
    assert said_by(capsys)["missing"] == [f"{kept.file.name} is not there"]
    assert not Sign.objects.get(name=Sign.BACKUP).is_well


def test_a_backup_that_fails_leaves_its_sign(here: Place, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("no folder")
    with pytest.raises(CommandError, match="exists"):
        call_command("backup", str(tmp_path / "b"))
    assert not Sign.objects.get(name=Sign.BACKUP).is_well


def test_without_a_folder_it_says_how(here: Place, settings: Any) -> None:
    settings.BACKUP_DIR = ""
    with pytest.raises(CommandError, match=r"manage\.py backup DIR"):
        call_command("backup")
    assert take_backup() is False


def test_verify_restores_into_an_empty_place_and_names_what_differs(
    kept: Attachment,
    empty_place: EmptyPlace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(verifying, "temporary_place", _once(empty_place()))
    call_command("backup", str(tmp_path / "b"), "--json")
    folder = Path(said_by(capsys)["folder"])

    call_command("verify", str(folder), "--json")
    said = said_by(capsys)
    assert (said["good"], said["different"], said["ledger"]["chain"]) == (True, [], "ok")

    (folder / "files" / str(kept.file.name)).write_bytes(b"%PDF-1.7\nOther")
    with pytest.raises(SystemExit):
        call_command("verify", str(folder), "--json")
    assert said_by(capsys)["different"] == [f"files/{kept.file.name} was changed: its SHA-256 is another"]


def _once(place: Place) -> Any:
    @contextmanager
    def temporary_place() -> Iterator[Place]:
        yield place

    return temporary_place
