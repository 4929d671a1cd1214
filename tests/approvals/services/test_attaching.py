"""Files kept with a request."""

from pathlib import Path

import pytest
from django.conf import settings

from approvals.models import Attachment
from approvals.services.attachments import detach
from approvals.services.requests import attach
from core.errors import InvalidInput, NotAllowed, WrongState
from core.uploads import plain_name
from tests.factories.approvals import draft, everything, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
PDF = b"%PDF-1.7\nOffer"


def test_a_file_is_kept_by_its_hash_outside_what_is_served(kafka: House) -> None:
    request = draft(kafka.engineer, kafka.account)

    kept = attach(request_id=request.pk, actor=kafka.engineer, name="../../etc/Offer 2026.pdf", content=PDF)

    assert (kept.name, kept.size, kept.content_type) == ("Offer 2026.pdf", len(PDF), "application/pdf")
    path = Path(kept.file.path)
    assert path.read_bytes() == PDF
    assert path.is_relative_to(settings.MEDIA_ROOT)
    assert not path.is_relative_to(settings.STATIC_ROOT)
    assert "Offer" not in path.name


def test_the_same_file_twice_is_one(kafka: House) -> None:
    request = draft(kafka.engineer, kafka.account)

    first, second = (attach(request_id=request.pk, actor=kafka.engineer, name=name, content=PDF) for name in ("a.pdf", "b.pdf"))

    assert first == second
    assert Attachment.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("offer.pdf", b"MZ not a PDF", "not what its name says"),
        ("offer.exe", b"MZ", "of a kind that is not taken"),
        ("offer.pdf", b"", "empty"),
        ("offer", PDF, "of a kind that is not taken"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(kafka: House, name: str, content: bytes, match: str) -> None:
    request = draft(kafka.engineer, kafka.account)
    before = everything()

    with pytest.raises(InvalidInput, match=match) as refusal:
        attach(request_id=request.pk, actor=kafka.engineer, name=name, content=content)

    assert list(refusal.value.details) == ["file"]
    assert everything() == before


def test_a_file_that_is_too_large_is_refused(kafka: House, settings: object) -> None:
    request = draft(kafka.engineer, kafka.account)
    settings.MAX_ATTACHMENT_BYTES = len(PDF) - 1  # type: ignore[attr-defined]

    with pytest.raises(InvalidInput, match="at most"):
        attach(request_id=request.pk, actor=kafka.engineer, name="offer.pdf", content=PDF)

    assert not Attachment.objects.exists()


def test_files_are_added_and_taken_away_by_the_requester_while_it_is_a_draft(kafka: House) -> None:
    request = draft(kafka.engineer, kafka.account)
    kept = attach(request_id=request.pk, actor=kafka.engineer, name="offer.pdf", content=PDF)
    other = kafka.people["tech_lead"]

    with pytest.raises(NotAllowed):
        attach(request_id=request.pk, actor=other, name="offer.pdf", content=PDF)
    with pytest.raises(NotAllowed):
        detach(request_id=request.pk, attachment_id=kept.pk, actor=other)
    detach(request_id=request.pk, attachment_id=kept.pk, actor=kafka.engineer)
    detach(request_id=request.pk, attachment_id=kept.pk, actor=kafka.engineer)

    assert not Attachment.objects.exists()


def test_the_files_of_a_request_that_waits_stay_as_they_are(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)

    with pytest.raises(WrongState):
        attach(request_id=request.pk, actor=kafka.engineer, name="offer.pdf", content=PDF)


def test_names_are_made_plain() -> None:
    assert plain_name("C:\\temp\\of\nfer.pdf") == "offer.pdf"
    assert plain_name("\x00/") == "file"
    assert plain_name("x" * 300 + ".pdf").endswith("x.pdf")
    assert len(plain_name("x" * 300 + ".pdf")) <= 200
