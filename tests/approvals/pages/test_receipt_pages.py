"""A receipt as a page and as a file."""

from pathlib import Path

import pytest
from django.test import Client

from approvals.models import Decision
from approvals.services.undoing import take_back
from core.models import User
from tests.factories.approvals import approve_all, submitted
from tests.fixtures.approvals import House
from verify_receipts import verify

pytestmark = pytest.mark.usefixtures("monday")


def test_a_receipt_is_read_and_downloaded_by_who_sees_the_request(
    client: Client, kafka: House, outsider: User, tmp_path: Path
) -> None:
    request = approve_all(submitted(kafka.engineer, kafka.account, title="For <all>"))
    client.force_login(kafka.engineer)
    address = f"/requests/{request.number}/receipts/1/"
    assert f'href="{address}"' in client.get(f"/requests/{request.number}/").content.decode()
    html = client.get(address).content.decode()
    for words in ("Approved by Program director", "For &lt;all&gt;", request.digest, "kafka, version 1", "1,200.00 USD"):
        assert words in html
    file = client.get(f"{address}file/")
    assert file["Content-Disposition"] == f'attachment; filename="{request.number}-receipt-1.json"'
    path = tmp_path / "receipt.json"
    path.write_bytes(file.content)
    assert verify(path, [], {}).found == []

    decision = Decision.objects.get()
    take_back(decision_id=decision.pk, actor=decision.decider)
    html = client.get(f"/requests/{request.number}/receipts/2/").content.decode()
    assert "Program director took back: approved" in html
    assert client.get(f"/requests/{request.number}/receipts/3/").status_code == 404
    client.force_login(outsider)
    for place in (address, f"{address}file/"):
        assert client.get(place).status_code == 404
