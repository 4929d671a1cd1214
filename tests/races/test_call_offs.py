"""Two requests under one contract at the same moment do not both pass below what is left of it.

Two things see to it: the service, which looks at one after the other, and a wall in the database. Each holds without the other.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError

from approvals.models import Request
from approvals.selectors import chains
from approvals.services import requests
from approvals.services.requests import submit_request
from core.errors import NotAllowed
from tests.factories.approvals import approve_all, at, draft
from tests.factories.kinds import submitted_of_kind
from tests.fixtures.approvals import House
from tests.owner import as_owner
from tests.races.test_decisions import at_once

pytestmark = pytest.mark.django_db(transaction=True)
WALL = "round_keeps_to_contract"


@pytest.fixture
def two(kafka: House) -> Iterator[list[Request]]:
    """Return two drafts of 6,000 where 11,000 of a contract is left. No limit of their person makes one wait for the other."""
    with at(2026, 3, 2, 10, 0):
        contract = approve_all(submitted_of_kind("contract", kafka.engineer, kafka.account))
        yield [draft(kafka.engineer, kafka.account, "6000", contract=contract.number) for _ in range(2)]


def submissions(two: list[Request]) -> list[Any]:
    return [lambda each=each: submit_request(request_id=each.pk, actor=each.requester) for each in two]


@contextmanager
def looked_at_together(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take the service's lock away, and let both have looked at the contract before either goes on."""
    met, planned = threading.Barrier(2), chains.plan

    def plan_together(*args: Any, **more: Any) -> Any:
        found = planned(*args, **more)
        met.wait(timeout=20)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(requests, "lock_contract", lambda contract_id: None)
        patch.setattr(requests, "plan", plan_together)
        yield


@contextmanager
def without_the_wall() -> Iterator[None]:
    with as_owner() as cursor:
        cursor.execute(f"ALTER TABLE approvals_round DISABLE TRIGGER {WALL}")
    try:
        yield
    finally:
        with as_owner() as cursor:
            cursor.execute(f"ALTER TABLE approvals_round ENABLE TRIGGER {WALL}")


def test_two_at_once_without_the_lock_and_the_wall_both_pass(two: list[Request], monkeypatch: pytest.MonkeyPatch) -> None:
    with without_the_wall(), looked_at_together(monkeypatch):
        outcomes = at_once(*submissions(two))

    assert [outcome.state for outcome in outcomes] == [Request.State.SUBMITTED] * 2


def test_two_at_once_without_the_lock_meet_the_wall(two: list[Request], monkeypatch: pytest.MonkeyPatch) -> None:
    with looked_at_together(monkeypatch):
        outcomes = at_once(*submissions(two))

    [refused] = [outcome for outcome in outcomes if isinstance(outcome, DatabaseError)]
    assert getattr(refused.__cause__, "diag").sqlstate == "PU403"  # noqa: B009  psycopg's own, which types do not know
    assert Request.objects.filter(state=Request.State.SUBMITTED).count() == 1


def test_two_at_once_are_looked_at_one_after_the_other(two: list[Request]) -> None:
    outcomes = at_once(*submissions(two))

    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [NotAllowed]
    assert Request.objects.filter(state=Request.State.SUBMITTED).count() == 1
