"""Two draws at the same moment do not both take what a reserve has left, whatever its controls let pass.

Two things see to it: the service, which looks at one after the other, and a wall in the database. Each holds without the other.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from approvals.models import Request, Reserve
from approvals.selectors.reserves import RELATED, available_in
from approvals.services import draws
from approvals.services.decisions import send_back
from approvals.services.requests import submit_request
from budgets.models import Mode
from budgets.services.controls import set_controls
from core.errors import NoFunds, WrongState
from core.models import User
from tests.factories.approvals import MARCH, at, stages_of
from tests.factories.reserves import draw, reserve
from tests.fixtures.approvals import House
from tests.owner import as_owner
from tests.races.test_decisions import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(distro: House, controller: User) -> Iterator[list[Request]]:
    """Return two draws of 300 that were sent back, on a reserve of 500 on which no control stops anything."""
    with at(2026, 3, 2, 10, 0):
        kept = reserve(distro.budget, controller)
        budget = distro.budget.budget
        budget.line_mode = budget.group_mode = Mode.TRACK
        budget.save()
        set_controls(budget=budget, categories=[*distro.budget.categories.values(), kept.account.category])
        yield [_sent_back(distro, kept, code) for code in ("training", "people")]


def _sent_back(distro: House, kept: Reserve, code: str) -> Request:
    request = draw(distro.engineer, kept, distro.budget.accounts["PLATFORM", code], "300")
    [stage] = stages_of(request)
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Wait.")
    return Request.objects.get(pk=request.pk)


def submissions(two: list[Request]) -> list[Any]:
    return [lambda each=each: submit_request(request_id=each.pk, actor=each.requester) for each in two]


@contextmanager
def looked_at_together(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take the service's lock away, and let both have looked at the reserve before either goes on."""
    met = threading.Barrier(2)

    def look_together(*args: Any) -> Decimal:
        found = available_in(*args)
        met.wait(timeout=20)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(draws, "lock_reserve", lambda pk: Reserve.objects.select_related(*RELATED).get(pk=pk))
        patch.setattr(draws, "available_in", look_together)
        yield


@contextmanager
def without_the_wall() -> Iterator[None]:
    with as_owner() as cursor:
        cursor.execute("ALTER TABLE budgets_entry DISABLE TRIGGER reserves_are_drawn_on")
    try:
        yield
    finally:
        with as_owner() as cursor:
            cursor.execute("ALTER TABLE budgets_entry ENABLE TRIGGER reserves_are_drawn_on")


def left() -> Decimal:
    return available_in(Reserve.objects.get().account, MARCH)


def test_two_at_once_without_the_lock_and_the_wall_take_more_than_there_is(
    two: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    with without_the_wall(), looked_at_together(monkeypatch):
        outcomes = at_once(*submissions(two))

    assert [outcome.state for outcome in outcomes] == [Request.State.SUBMITTED] * 2
    assert left() == -100


def test_two_at_once_without_the_lock_meet_the_wall(two: list[Request], monkeypatch: pytest.MonkeyPatch) -> None:
    with looked_at_together(monkeypatch):
        outcomes = at_once(*submissions(two))

    [refused] = [outcome for outcome in outcomes if isinstance(outcome, WrongState)]
    assert (refused.code, refused.details["short"]) == ("reserve", "100.00")
    assert left() == 200


def test_two_at_once_are_looked_at_one_after_the_other(two: list[Request]) -> None:
    with without_the_wall():
        outcomes = at_once(*submissions(two))

    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [NoFunds]
    assert left() == 200
