"""Files are handed out as downloads that no browser runs, whole, in part, or by their headers alone."""

import io
from typing import Any

import pytest
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

from approvals.services.attachments import attach
from core.serving import send_file
from tests.factories.approvals import draft
from tests.fixtures.approvals import House

CONTENT = bytes(range(256)) * 400
DIGEST = "ab" * 32


def ask(method: str = "GET", name: str = "offer.pdf", **headers: str) -> HttpResponseBase:
    request = RequestFactory().generic(method, "/x", headers=headers)
    return send_file(
        request, file=io.BytesIO(CONTENT), name=name, content_type="application/pdf", size=len(CONTENT), digest=DIGEST
    )


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_a_download_is_guarded() -> None:
    answer = ask()
    assert (answer.status_code, body(answer)) == (200, CONTENT)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Length"] == str(len(CONTENT))
    assert answer["Content-Disposition"] == 'attachment; filename="offer.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer["Cache-Control"] == "private, no-store"


HOSTILE = {
    'a".pdf\r\nSet-Cookie: x=1': 'attachment; filename="a\\".pdfSet-Cookie x=1"',
    "../../etc/passwd": 'attachment; filename="passwd"',
    "Gr\u00fc\u00dfe \u202efdp.pdf": "attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe%20fdp.pdf",
    "": 'attachment; filename="file"',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_names(name: str) -> None:
    header = ask(name=name)["Content-Disposition"]
    assert header.startswith("attachment; filename")
    assert "\n" not in header
    assert "\r" not in header
    assert "/" not in header
    if "Set-Cookie" not in name:
        assert header == HOSTILE[name]


RANGES: dict[str, tuple[int, int, int]] = {
    "bytes=0-9": (206, 0, 9),
    "bytes=100-": (206, 100, len(CONTENT) - 1),
    "bytes=-5": (206, len(CONTENT) - 5, len(CONTENT) - 1),
    "bytes=0-99999999": (200, 0, len(CONTENT) - 1),
    "bytes=9-1": (200, 0, len(CONTENT) - 1),
    "bytes=1-2,4-5": (200, 0, len(CONTENT) - 1),
    "lines=1-2": (200, 0, len(CONTENT) - 1),
    "bytes=-": (200, 0, len(CONTENT) - 1),
}


@pytest.mark.parametrize("wanted", RANGES)
def test_ranges(wanted: str) -> None:
    status, first, last = RANGES[wanted]
    answer = ask(Range=wanted)
    assert answer.status_code == status
    assert body(answer) == CONTENT[first : last + 1]
    assert answer["Content-Length"] == str(last - first + 1)
    if status == 206:
        assert answer["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"


def test_a_part_that_is_not_there() -> None:
    for wanted in (f"bytes={len(CONTENT)}-", "bytes=-0"):
        answer = ask(Range=wanted)
        assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")


def test_a_part_of_another_file_is_the_whole() -> None:
    assert ask(Range="bytes=0-9", **{"If-Range": '"old"'}).status_code == 200
    assert ask(Range="bytes=0-9", **{"If-Range": f'"{DIGEST}"'}).status_code == 206


def test_head_has_the_headers_alone() -> None:
    answer = ask("HEAD")
    assert (answer.status_code, body(answer), answer["Content-Length"]) == (200, b"", str(len(CONTENT)))


def test_an_attachment_comes_in_parts_over_http(client: Client, kafka: House) -> None:
    request = draft(kafka.engineer, kafka.account)
    row = attach(request_id=request.pk, actor=kafka.engineer, name="a.txt", content=b"0123456789")
    client.force_login(kafka.engineer)
    address = f"/requests/{request.number}/attachments/{row.pk}/"
    answer = client.get(address, headers={"range": "bytes=2-4"})
    assert (answer.status_code, b"".join(answer.streaming_content)) == (206, b"234")  # type: ignore[attr-defined]
    assert client.head(address)["Content-Length"] == "10"
