"""The queue and decisions through the API: bound to what was seen, once, by whom it was put before."""

from collections.abc import Callable
from typing import Any

import pytest

from approvals.models import Decision, Request
from core.models import User
from tests.factories.approvals import everything, held, stages_of, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def waiting(kafka: House) -> Request:
    return submitted(kafka.engineer, kafka.account)


@pytest.fixture
def decider(api: Callable[..., Any], waiting: Request) -> Any:
    return api(stages_of(waiting)[0].owner)


def address(request: Request) -> str:
    return f"queue/{stages_of(request)[0].pk}"


def test_what_waits_is_listed_seen_and_approved(decider: Any, waiting: Request, kafka: House) -> None:
    (row,) = decider.get("queue").json()["results"]
    assert (row["request"], row["amount"], row["digest"]) == (waiting.number, "1200.00", waiting.digest)
    for query, count in (("due=open", 1), ("due=overdue", 0), ("due=escalated", 0), ("q=platform", 1), ("kind=scope_change", 0)):
        assert len(decider.get(f"queue?{query}").json()["results"]) == count
    for ordering in ("due_at", "-request__amount", "-assigned_at"):
        assert len(decider.get(f"queue?ordering={ordering}&page_size=1").json()["results"]) == 1

    seen = decider.get(address(waiting)).json()
    assert (seen["may_decide"], seen["lines"][0]["amount"]) == (True, "1200.00")
    assert seen["effects"]
    answer = decider.post(f"{address(waiting)}/approve", {"digest": seen["digest"]}, idempotency_key="yes")
    assert answer.status_code == 200
    assert (answer.json()["verdict"], answer.json()["request_state"]) == ("approve", "approved")
    assert str(held(kafka.account)[1]) == "1200.00"
    again = decider.post(f"{address(waiting)}/approve", {"digest": seen["digest"]}, idempotency_key="yes")
    assert again["Idempotency-Replayed"] == "true"
    assert Decision.objects.count() == 1
    assert decider.get("queue").json()["results"] == []


@pytest.mark.parametrize(("verdict", "state"), [("reject", "rejected"), ("send-back", "returned")])
def test_a_no_needs_its_reason_and_frees_the_money(
    decider: Any, waiting: Request, kafka: House, verdict: str, state: str
) -> None:
    before = everything()
    blank = decider.post(f"{address(waiting)}/{verdict}", {"digest": waiting.digest, "comment": " "})
    assert (blank.status_code, blank.json()["errors"][0]["field"]) == (400, "comment")
    tried = decider.post(f"{address(waiting)}/{verdict}?dry_run=true", {"digest": waiting.digest, "comment": "Too dear."})
    assert tried.json()["request_state"] == state
    assert everything() == before
    assert decider.post(f"{address(waiting)}/{verdict}", {"digest": waiting.digest, "comment": "Too dear."}).status_code == 200
    assert Request.objects.get().state == state
    assert held(kafka.account) == (0, 0)


def test_an_answer_to_something_else_does_not_count(decider: Any, waiting: Request) -> None:
    before = everything()
    answer = decider.post(f"{address(waiting)}/approve", {"digest": "0" * 64})
    assert (answer.status_code, answer.json()["code"]) == (409, "stale")
    changed = decider.post(f"{address(waiting)}/approve", {"digest": waiting.digest}, if_match='"old"')
    assert (changed.status_code, changed.json()["code"]) == (412, "changed")
    assert decider.post(f"{address(waiting)}/approve", {}).status_code == 400
    assert everything() == before


def test_only_who_was_asked_decides(
    api: Callable[..., Any], waiting: Request, kafka: House, auditor: User, outsider: User, controller: User
) -> None:
    people = ((auditor, 200, 403), (controller, 200, 403), (kafka.engineer, 200, 403), (outsider, 404, 404))
    programs = [(api(person), read, write) for person, read, write in people]
    before = everything()
    for program, read, write in programs:
        assert program.get(address(waiting)).status_code == read
        assert program.get("queue").json()["results"] == []
        for verdict in ("approve", "reject", "send-back"):
            answer = program.post(f"{address(waiting)}/{verdict}", {"digest": waiting.digest, "comment": "So be it."})
            assert answer.status_code == write
    assert everything() == before


def test_queries_do_not_grow_with_what_waits(
    api: Callable[..., Any], kafka: House, waiting: Request, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        submitted(kafka.engineer, kafka.account)
    decider = api(stages_of(waiting)[0].owner)
    with django_assert_max_num_queries(22):
        assert len(decider.get("queue").json()["results"]) == 9
    with django_assert_max_num_queries(40):
        assert decider.get(address(waiting)).status_code == 200


def test_a_question_stops_the_clock_until_its_answer(
    decider: Any, api: Callable[..., Any], waiting: Request, kafka: House
) -> None:
    before = everything()
    tried = decider.post(f"{address(waiting)}/ask?dry_run=true", {"text": "Why now?"})
    assert (tried.json()["asked"], everything()) == ("Engineer", before)
    unknown = decider.post(f"{address(waiting)}/ask", {"text": "Why now?", "person": "nobody@example.org"})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (400, "person")
    asked = decider.post(f"{address(waiting)}/ask", {"text": "Why now?"})
    assert (asked.status_code, asked.json()["pauses"]) == (201, True)
    assert decider.get(address(waiting)).json()["paused_at"]
    place = f"requests/{waiting.number}/questions"
    requester = api(kafka.engineer)
    assert [row["text"] for row in requester.get(place).json()["results"]] == ["Why now?"]
    number = asked.json()["id"]
    assert decider.post(f"{place}/{number}/answer", {"text": "Mine."}).status_code == 403
    answered = requester.post(f"{place}/{number}/answer", {"text": "It ends."})
    assert (answered.json()["state"], requester.get(f"{place}/{number}").json()["answer"]) == ("answered", "It ends.")
    assert decider.post(f"{place}/{number}/withdraw").status_code == 409


def test_a_decision_is_taken_back_through_the_api(decider: Any, waiting: Request, kafka: House, api: Callable[..., Any]) -> None:
    place = address(waiting)
    refused = decider.post(f"{place}/undo")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
    said = decider.post(f"{place}/reject", {"digest": waiting.digest, "comment": "Too dear."}).json()
    assert (said["undo_until"], said["taken_back_at"]) == ("2026-03-02T10:01:00Z", None)
    before = everything()
    tried = decider.post(f"{place}/undo?dry_run=true")
    assert (tried.status_code, tried.json()["request_state"], everything()) == (200, "submitted", before)

    undone = decider.post(f"{place}/undo", idempotency_key="oops").json()

    assert (undone["taken_back_at"], undone["request_state"], undone["stage_state"]) == (
        "2026-03-02T10:00:00Z",
        "submitted",
        "assigned",
    )
    assert str(held(kafka.account)[0]) == "1200.00"
    again = decider.post(f"{place}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "stale")
