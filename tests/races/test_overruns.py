"""Two postings that go over one limit at once are asked about once, with what both took."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError

from approvals.models import Overrun, Request
from approvals.selectors import overruns as selectors
from approvals.services import overruns
from approvals.services.overruns import attend_overruns
from core.services.outbox import drain
from tests.factories.approvals import MARCH, at
from tests.factories.budgets import move
from tests.fixtures.approvals import House
from tests.races.test_decisions import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(kafka: House) -> Iterator[list[int]]:
    """Return two journals that took a line over its limit, 500.00 in all, which nobody has looked at."""
    with at(2026, 3, 2, 10, 0):
        budget, line = kafka.budget.budget, kafka.budget.accounts["PRODUCT", "training"]
        budget.owner = kafka.engineer
        budget.save()
        drain()
        yield [move(line, "spent", amount, month=MARCH, is_fact=True).id for amount in ("12300", "200")]


def looks(two: list[int]) -> list[Any]:
    return [lambda each=each: attend_overruns(journal_id=each) for each in two]


def test_two_at_once_without_the_lock_both_find_it_unanswered(two: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    met, answers = threading.Barrier(2), selectors.answers_within

    def read_together(*args: Any) -> Any:
        found = answers(*args)
        met.wait(timeout=20)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(overruns, "lock_overruns", lambda entity_id: None)
        patch.setattr(overruns, "answers_within", read_together)
        outcomes = at_once(*looks(two))

    # The database lets one window have one that is open: the other look fails, and its event would come again.
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [IntegrityError]


def test_two_at_once_are_asked_about_once(two: list[int]) -> None:
    outcomes = at_once(*looks(two))

    assert sorted(outcomes) == [0, 1]
    assert [(row.state, row.amount) for row in Overrun.objects.all()] == [("asked", Decimal(500))]
    assert Request.objects.get().amount == Decimal(500)
