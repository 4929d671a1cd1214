"""A policy's version is published while a request is being submitted: whichever comes first, the request goes by the dates.

A submission holds the policies together with others, a publication has them alone; behind that stands a wall in the database.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from approvals.models import PolicyVersion, Request
from approvals.selectors import chains
from approvals.services import policies, policy_lines, requests
from approvals.services.policies import load_policy, publish_version
from approvals.services.requests import submit_request
from core.models import User
from tests.factories.approvals import draft
from tests.factories.policy_changes import KAFKA
from tests.fixtures.approvals import House
from tests.races.test_decisions import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def fits(request: Request) -> bool:
    """Say whether a request went by the version that was in force when it was submitted."""
    request.refresh_from_db()
    version, at = request.policy_version, request.submitted_at
    assert version is not None
    assert version.effective_from is not None
    assert at is not None
    return version.effective_from <= at and (version.effective_to is None or at < version.effective_to)


@contextmanager
def published_unseen(monkeypatch: pytest.MonkeyPatch, *, lock: bool) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Let a version be in force, but not yet be seen, while a request is routed, and be seen before that is written.

    Give what says that it is in force, and what is to be told that it is seen.
    """
    stored, routed, seen = threading.Event(), threading.Event(), threading.Event()
    put, plan = policy_lines.put_in_line, chains.plan

    def put_in_line(*args: Any, **more: Any) -> None:
        put(*args, **more)
        stored.set()
        # With the lock nothing is routed meanwhile, and there is nothing to wait for.
        routed.wait(timeout=0.5 if lock else 20)

    def planned(*args: Any, **more: Any) -> Any:
        found = plan(*args, **more)
        routed.set()
        assert seen.wait(timeout=20)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(policies, "put_in_line", put_in_line)
        patch.setattr(requests, "plan", planned)
        if not lock:
            patch.setattr(requests, "hold_policies", lambda entity_id: None)
        yield stored, seen


def submitted_meanwhile(
    house: House, administrator: User, told: tuple[threading.Event, threading.Event]
) -> tuple[Request, list[Any]]:
    """Submit a request once a version is in force that nobody sees yet."""
    stored, seen = told
    request = draft(house.engineer, house.account, "100")
    version = load_policy(document=KAFKA | {"note": "Next."}, entity=house.entity, actor=None, publish=False)

    def publish() -> PolicyVersion:
        try:
            return publish_version(version_id=version.pk, actor=administrator)
        finally:
            seen.set()

    def submit() -> None:
        assert stored.wait(timeout=20)
        submit_request(request_id=request.pk, actor=request.requester)

    outcomes = at_once(publish, submit)
    return request, outcomes


def test_without_the_lock_a_request_by_a_version_that_ended_runs_into_the_wall(
    kafka: House, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with published_unseen(monkeypatch, lock=False) as told:
        request, (published, refused) = submitted_meanwhile(kafka, administrator, told)

    assert isinstance(published, PolicyVersion)
    assert "in force when it is submitted" in str(refused)
    request.refresh_from_db()
    assert (request.state, request.rounds.count()) == ("draft", 0)


def test_with_the_lock_a_request_goes_by_the_version_of_its_moment(
    kafka: House, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with published_unseen(monkeypatch, lock=True) as told:
        request, outcomes = submitted_meanwhile(kafka, administrator, told)

    assert not [each for each in outcomes if isinstance(each, Exception)]
    assert fits(request)


def test_two_publications_at_once_make_one_line(kafka: House, administrator: User) -> None:
    drafts = [
        load_policy(document=KAFKA | {"note": f"Next {number}."}, entity=kafka.entity, actor=None, publish=False)
        for number in (1, 2)
    ]
    steps = [lambda pk=each.pk: publish_version(version_id=pk, actor=administrator) for each in drafts]

    at_once(*steps)

    line = list(PolicyVersion.objects.filter(effective_from__isnull=False).order_by("effective_from", "number"))
    assert [before.effective_to for before in line[:-1]] == [after.effective_from for after in line[1:]]
    assert line[-1].effective_to is None
