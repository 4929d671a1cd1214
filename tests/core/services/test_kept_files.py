"""A kept file has its row: what is refused leaves none behind, and what a stop left behind is found."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import OperationalError, transaction

from approvals.models import Attachment
from approvals.services import attachments
from core import clock, walls
from core.models import User
from core.selectors.files import orphan_files
from core.services import audit
from core.services.files import remove_discarded_files
from core.storage import files_undone, files_with_rows
from reconciliation.models import ImportFile, Source
from reconciliation.services import ingest
from tests.factories.approvals import draft
from tests.fixtures.approvals import House

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def files() -> set[str]:
    return {path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}


def _fails(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("It could not be recorded.")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def test_an_upload_that_fails_after_its_file_was_kept_leaves_nothing(
    api: Callable[..., Any], kafka: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = draft(kafka.engineer, kafka.account)
    program = api(kafka.engineer)
    with monkeypatch.context() as patch:
        patch.setattr(audit, "record", _fails)
        answer = program.upload(f"requests/{kept.number}/attachments", name="offer.pdf", content=PDF)
    assert answer.status_code == 500
    assert (files(), Attachment.objects.count()) == (set(), 0)
    assert program.upload(f"requests/{kept.number}/attachments", name="offer.pdf", content=PDF).status_code == 201
    assert len(files()) == 1


def test_an_upload_whose_answer_cannot_be_kept_leaves_nothing(
    api: Callable[..., Any], kafka: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service is through, and what comes after it in the call's transaction fails."""
    kept = draft(kafka.engineer, kafka.account)
    program = api(kafka.engineer)
    monkeypatch.setattr("core.api.carrying.keep_answer", _fails)
    answer = program.upload(f"requests/{kept.number}/attachments", name="offer.pdf", content=PDF, idempotency_key="one")
    assert answer.status_code == 500
    assert (files(), Attachment.objects.count()) == (set(), 0)


def test_the_same_on_a_page_and_for_an_import(kafka: House, monkeypatch: pytest.MonkeyPatch, spend_source: Source) -> None:
    kept = draft(kafka.engineer, kafka.account)
    monkeypatch.setattr(audit, "record", _fails)
    with pytest.raises(RuntimeError):
        attachments.attach(request_id=kept.pk, actor=kafka.engineer, name="offer.pdf", content=PDF)
    with pytest.raises(RuntimeError):
        ingest.receive_file(source=spend_source, name="rows.csv", content=b"a,b\n1,2\n", actor=None)
    assert files() == set()
    assert (Attachment.objects.count(), ImportFile.objects.count()) == (0, 0)


def test_a_block_within_a_block_hands_its_files_on() -> None:
    with pytest.raises(RuntimeError), files_with_rows():
        with files_with_rows():
            default_storage.save("attachments/a.bin", ContentFile(b"a"))
        assert len(files()) == 1
        raise RuntimeError
    assert files() == set()
    with files_undone(), files_with_rows():
        default_storage.save("attachments/a.bin", ContentFile(b"a"))
    assert files() == set()
    with files_with_rows():
        default_storage.save("attachments/a.bin", ContentFile(b"a"))
    assert len(files()) == 1


@pytest.mark.django_db(transaction=True)
def test_what_a_stop_left_behind_is_found_after_a_day_and_removed_when_that_is_asked(
    kafka: House, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = draft(kafka.engineer, kafka.account)
    row = attachments.attach(request_id=kept.pk, actor=kafka.engineer, name="offer.pdf", content=PDF)
    name = default_storage.save("attachments/2026/03/left.bin", ContentFile(b"left"))
    two_days_ago = (clock.now() - timedelta(days=2)).timestamp()
    assert orphan_files() == []
    for each in (name, str(row.file.name)):
        os.utime(default_storage.path(each), (two_days_ago, two_days_ago))
    assert orphan_files() == [name]
    with pytest.raises(SystemExit):
        call_command("orphan_files")
    assert name in capsys.readouterr().out
    call_command("orphan_files", "--remove")
    remove_discarded_files()
    assert files() == {Path(str(row.file.name)).name}
    assert orphan_files() == []


def test_rows_that_the_caller_does_not_see_name_their_files_too(kafka: House, outsider: User) -> None:
    """What is no orphan for one organization's people is none for anybody."""
    kept = draft(kafka.engineer, kafka.account)
    row = attachments.attach(request_id=kept.pk, actor=kafka.engineer, name="offer.pdf", content=PDF)
    old = (clock.now() - timedelta(days=2)).timestamp()
    os.utime(default_storage.path(str(row.file.name)), (old, old))
    with transaction.atomic(), walls.looking_as(outsider):
        assert orphan_files() == []


def test_a_connection_that_is_lost_leaves_the_file_since_its_row_may_be_there() -> None:
    with pytest.raises(OperationalError), files_with_rows():
        default_storage.save("attachments/a.bin", ContentFile(b"a"))
        raise OperationalError("the connection was lost while it was committed")
    assert len(files()) == 1
