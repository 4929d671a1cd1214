"""Two parts of one purchase that are submitted at the same moment do not both pass below the band."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from approvals.models import Request
from approvals.selectors import chains
from approvals.services import requests
from approvals.services.requests import submit_request
from tests.approvals.services.test_splits import KIND, decides, splitting
from tests.factories.approvals import at, draft
from tests.factories.budgets import VendorFactory
from tests.fixtures.approvals import House
from tests.races.test_decisions import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(kafka: House) -> Iterator[list[Request]]:
    """Return two drafts of 3,000 with one vendor, where the tech lead decides below 5,000."""
    with at(2026, 3, 2, 10, 0):
        splitting(kafka)
        vendor = VendorFactory.create(entity=kafka.entity)
        yield [draft(kafka.engineer, kafka.account, "3000", kind=KIND, vendor_id=vendor.pk) for _ in range(2)]


def submissions(two: list[Request]) -> list[Any]:
    return [lambda each=each: submit_request(request_id=each.pk, actor=each.requester) for each in two]


def test_two_parts_at_once_without_the_lock_both_pass(two: list[Request], monkeypatch: pytest.MonkeyPatch) -> None:
    met, planned = threading.Barrier(2), chains.plan

    def plan_together(*args: Any, **more: Any) -> Any:
        found = planned(*args, **more)
        met.wait(timeout=20)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(requests, "lock_asking", lambda *ids: None)
        patch.setattr(requests, "plan", plan_together)
        at_once(*submissions(two))

    assert [decides(each) for each in two] == [["tech_lead"]] * 2


def test_two_parts_at_once_are_added_up_one_after_the_other(two: list[Request]) -> None:
    outcomes = at_once(*submissions(two))

    assert [outcome.state for outcome in outcomes] == [Request.State.SUBMITTED] * 2
    assert sorted(decides(each) for each in two) == [["cfo"], ["tech_lead"]]
