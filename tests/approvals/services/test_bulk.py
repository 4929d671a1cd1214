"""Several stages answered at once: each for itself, bound to what was seen, and nothing lost."""

from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError

from approvals.models import Decision, Request
from approvals.services import bulk
from approvals.services.bulk import Pick, answer_many
from approvals.services.decisions import approve_stage
from approvals.services.hands import hand_over
from approvals.services.requests import withdraw_request
from core.errors import InvalidInput
from core.models import User
from tests.factories.approvals import everything, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


def ask(house: House, count: int) -> list[Request]:
    return [submitted(house.engineer, house.account, str(100 * number)) for number in range(1, count + 1)]


def pick(request: Request, digest: str | None = None) -> Pick:
    return Pick(stages_of(request)[0].pk, digest or request.digest)


def states(requests: list[Request]) -> list[str]:
    return [Request.objects.get(pk=request.pk).state for request in requests]


def test_each_is_answered_for_itself(kafka: House, director: User, outsider: User) -> None:
    requests = ask(kafka, 6)
    good, changed, gone, handed, again, last = requests
    picks = [pick(good), pick(changed, "0" * 64), pick(gone), pick(handed), pick(again), Pick(999_999, "x"), pick(last)]
    withdraw_request(request_id=gone.pk, actor=kafka.engineer)
    other = UserFactory.create(name="Other")
    assign(other, "program_director", kafka.entity)
    hand_over(stage_id=picks[3].stage_id, actor=director, person_id=other.pk, reason="Away.")
    approve_stage(stage_id=picks[4].stage_id, actor=director, digest=again.digest)

    answered = answer_many(picks=picks, actor=director, verdict="approve", comment="Fine.")

    assert [(each.counted, each.word) for each in answered] == [
        (True, "approved"),
        (False, "changed meanwhile"),
        (False, "changed meanwhile"),
        (False, "not yours any more"),
        (False, "changed meanwhile"),
        (False, "not found"),
        (True, "approved"),
    ]
    assert "changed after you opened it" in answered[1].note
    assert states(requests) == ["approved", "submitted", "withdrawn", "submitted", "approved", "approved"]
    assert set(Decision.objects.exclude(comment="").values_list("comment", flat=True)) == {"Fine."}


def test_one_that_fails_stops_no_other(kafka: House, director: User) -> None:
    requests = ask(kafka, 3)
    real = approve_stage

    def fail(**given: Any) -> Decision:
        if given["stage_id"] == pick(requests[1]).stage_id:
            real(**given)
            raise OperationalError("The connection was lost.")
        return real(**given)

    with mock.patch.dict(bulk.STEPS, {"approve": fail}):
        answered = answer_many(picks=[pick(request) for request in requests], actor=director, verdict="approve")

    assert [each.word for each in answered] == ["approved", "not done", "approved"]


def test_the_same_twice_counts_once(kafka: House, director: User) -> None:
    (request,) = ask(kafka, 1)
    answered = answer_many(picks=[pick(request)] * 2, actor=director, verdict="reject", comment="No.")
    assert [each.word for each in answered] == ["rejected"]
    assert Decision.objects.count() == 1


def test_nothing_is_decided_where_something_is_missing(kafka: House, director: User) -> None:
    (request,) = ask(kafka, 1)
    before = everything()
    wrong: list[tuple[list[Pick], str, str]] = [
        ([], "approve", ""),
        ([pick(request)], "reject", " "),
        ([pick(request)], "send_back", "Less."),
        ([Pick(number, "x") for number in range(51)], "approve", ""),
    ]
    for picks, verdict, comment in wrong:
        with pytest.raises(InvalidInput):
            answer_many(picks=picks, actor=director, verdict=verdict, comment=comment)
    assert everything() == before
