"""What is sent is bounded while it is read, comes from people we know, and is never a path."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from hypothesis import given
from hypothesis import strategies as st

from approvals.models import Attachment
from approvals.services.attachments import attach
from core import uploads
from core.errors import InvalidInput
from core.uploads import plain_name, read_bounded
from reconciliation.models import ImportFile
from tests.core.rules.hostile_files import BAD
from tests.factories.approvals import draft, everything
from tests.fixtures.approvals import House

NAMES = {
    "../../etc/passwd": "passwd",
    "C:\\temp\\of\nfer.pdf": "offer.pdf",
    "offer\u202efdp.exe": "offerfdp.exe",
    "a\u200bb\ufeff.pdf": "ab.pdf",
    "con:stream.pdf": "stream.pdf",
    "\x00/": "file",
    "...": "file",
    "": "file",
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(uploads, "ROOM_FOR_FIELDS", 1000)
    with override_settings(MAX_ATTACHMENT_BYTES=50_000, MAX_IMPORT_BYTES=50_000):
        yield


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    """Where every byte would lie that is kept of an upload, for good or for a moment."""
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    return tmp_path


def left(kept: Path) -> list[Path]:
    return [path for path in kept.rglob("*") if path.is_file()]


def send(client: Client, path: str, content: bytes, name: str = "offer.pdf", **fields: Any) -> Any:
    return client.post(path, {**fields, "quote": SimpleUploadedFile(name, content), "file": SimpleUploadedFile(name, content)})


@pytest.mark.usefixtures("small")
def test_what_is_stated_too_large_is_refused_before_it_is_read(client: Client, requester: Any, kept: Path) -> None:
    client.force_login(requester)
    answer = send(client, "/requests/new/", b"x" * 60_000)
    assert answer.status_code == 413
    assert "No file larger than" in answer.content.decode()
    assert left(kept) == []


@pytest.mark.usefixtures("small")
def test_what_turns_out_too_large_is_given_up_while_it_is_read(requester: Any, kept: Path, rf: Any) -> None:
    request = rf.post("/requests/new/")
    request.user = requester
    handler = uploads.BoundedUploadHandler(request)
    with pytest.raises(uploads.NotTaken):
        for start in range(0, 2_000_000, 10_000):
            handler.receive_data_chunk(b"x" * 10_000, start)
    assert handler.seen <= handler.most + 10_000
    assert left(kept) == []


def test_strangers_send_no_files(client: Client, db: None, kept: Path) -> None:
    answer = send(client, "/sign-in/", b"x" * 100)
    assert answer.status_code == 401
    assert "signed in" in answer.content.decode()
    assert left(kept) == []


def test_too_many_files_are_refused(client: Client, requester: Any, kept: Path) -> None:
    client.force_login(requester)
    files = {f"file{number}": SimpleUploadedFile("a.pdf", b"%PDF-1.7") for number in range(30)}
    assert client.post("/requests/new/", files).status_code == 400
    assert left(kept) == []


@pytest.mark.parametrize(
    "case", ["bomb", "macros", "PDF with a script", "PDF and archive", "page called text", "drawing by its name"]
)
def test_a_hostile_attachment_is_told_and_leaves_nothing(kafka: House, kept: Path, case: str) -> None:
    name, content, _ = BAD[case]
    request = draft(kafka.engineer, kafka.account)
    before = everything()
    with pytest.raises(InvalidInput) as refused:
        attach(request_id=request.pk, actor=kafka.engineer, name=name, content=content)
    assert refused.value.details["file"]
    assert everything() == before
    assert not Attachment.objects.exists()
    assert left(kept) == []


def test_reading_stops_at_the_limit() -> None:
    assert read_bounded(SimpleUploadedFile("a", b"12345"), most=5) == b"12345"
    with pytest.raises(InvalidInput, match="larger"):
        read_bounded(SimpleUploadedFile("a", b"123456"), most=5)


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    assert plain_name(name) == NAMES[name]


@given(st.text(max_size=300))
def test_no_name_is_a_path_or_invisible(name: str) -> None:
    plain = plain_name(name)
    assert 0 < len(plain) <= 200
    assert not set(plain) & set("/\\:\n\r\x00\u202e")
    assert plain not in {".", ".."}


def test_what_is_kept_is_for_the_app_alone(kafka: House, kept: Path) -> None:
    request = draft(kafka.engineer, kafka.account)
    row = attach(request_id=request.pk, actor=kafka.engineer, name="a.txt", content=b"words")
    path = Path(row.file.path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    assert ImportFile.objects.count() == 0
