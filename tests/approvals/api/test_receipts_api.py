"""Receipts through the API: the chain's fields, the very text that is hashed, and the file."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from approvals.services.undoing import take_back
from core.models import User
from tests.factories.approvals import approve_all, submitted
from tests.fixtures.approvals import House
from verify_receipts import verify

pytestmark = pytest.mark.usefixtures("monday")


def test_receipts_are_listed_read_and_verified(api: Callable[..., Any], kafka: House, tmp_path: Path) -> None:
    approve_all(submitted(kafka.engineer, kafka.account, "10"))
    request = approve_all(submitted(kafka.engineer, kafka.account, "20", title="For <all> and ‘é’"))
    decision = request.decisions.get()
    take_back(decision_id=decision.pk, actor=decision.decider)
    program = api(kafka.engineer)
    place = f"requests/{request.number}/receipts"

    rows = program.get(place).json()["results"]
    assert [(row["number"], row["kind"]) for row in rows] == [(2, "decision"), (3, "taken_back")]
    assert "body" not in rows[0]
    assert (rows[0]["decision"], rows[0]["person"]) == (decision.pk, decision.decider.name)
    assert rows[1]["prev"] == rows[0]["hash"]

    whole = program.get(f"{place}/2").json()
    said = "\n".join((whole["prev"], whole["entity"], str(whole["number"]), whole["body"]))
    assert hashlib.sha256(said.encode()).hexdigest() == whole["hash"]
    file = program.get(f"{place}/2/content")
    assert file["Content-Disposition"] == f'attachment; filename="{request.number}-receipt-2.json"'
    path = tmp_path / "receipt.json"
    path.write_bytes(b"".join(file.streaming_content) if file.streaming else file.content)
    assert verify(path, [], {}).found == []
    # The first of the chain is another request's.
    assert program.get(f"{place}/1").status_code == 404


def test_others_see_none(api: Callable[..., Any], kafka: House, auditor: User, outsider: User) -> None:
    request = approve_all(submitted(kafka.engineer, kafka.account))
    place = f"requests/{request.number}/receipts"
    for path in (place, f"{place}/1", f"{place}/1/content"):
        assert api(auditor).get(path).status_code == 200
        assert api(outsider).get(path).status_code == 404
        assert api(kafka.engineer).post(path).status_code == 405


def test_reading_them_takes_as_many_queries_however_many_there_are(
    api: Callable[..., Any], kafka: House, django_assert_max_num_queries: Any
) -> None:
    request = approve_all(submitted(kafka.engineer, kafka.account))
    decision = request.decisions.get()
    take_back(decision_id=decision.pk, actor=decision.decider)
    program = api(kafka.engineer)
    with django_assert_max_num_queries(16):
        assert len(program.get(f"requests/{request.number}/receipts").json()["results"]) == 2
