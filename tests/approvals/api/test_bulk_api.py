"""Several stages answered by one call: each for itself, once under the call's key, or only to see what would come of it."""

from collections.abc import Callable
from typing import Any

import pytest

from approvals.models import Decision, Request
from approvals.services import bulk
from approvals.services.decisions import approve_stage
from core.models import IdempotencyKey, User
from tests.factories.approvals import everything, held, stages_of, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def waiting(kafka: House) -> list[Request]:
    return [submitted(kafka.engineer, kafka.account, amount) for amount in ("100", "200", "300")]


@pytest.fixture
def decider(api: Callable[..., Any], waiting: list[Request]) -> Any:
    return api(stages_of(waiting[0])[0].owner)


def picks(*requests: Request) -> list[dict[str, Any]]:
    return [{"stage": stages_of(request)[0].pk, "digest": request.digest} for request in requests]


def said(*requests: Request, verdict: str = "approve", **more: Any) -> dict[str, Any]:
    return {"verdict": verdict, "picks": picks(*requests), **more}


def test_each_is_decided_for_itself_and_one_that_is_refused_stops_no_other(
    decider: Any, waiting: list[Request], kafka: House
) -> None:
    body = said(*waiting)
    body["picks"][1]["digest"] = "0" * 64
    body["picks"].append({"stage": 2**40, "digest": "none"})

    answer = decider.post("queue/bulk", body)

    assert answer.status_code == 207
    answers = answer.json()["answers"]
    assert [each["status"] for each in answers] == [200, 409, 200, 404]
    assert [each["stage"] for each in answers] == [each["stage"] for each in body["picks"]]
    assert (answers[0]["decision"]["request"], answers[0]["problem"]) == (waiting[0].number, None)
    assert (answers[1]["decision"], answers[1]["problem"]["code"]) == (None, "stale")
    assert answers[3]["problem"]["code"] == "not_found"
    assert (answer.json()["done"], Decision.objects.count()) == (2, 2)
    assert held(kafka.account) == (200, 400)


def test_a_dry_run_says_what_would_come_of_it_and_changes_nothing(decider: Any, waiting: list[Request]) -> None:
    before = everything()

    answer = decider.post("queue/bulk?dry_run=true", said(*waiting), idempotency_key="try")

    assert (answer.status_code, answer["Purser-Dry-Run"], answer.json()["done"]) == (207, "true", 3)
    assert everything() == before
    assert not IdempotencyKey.objects.exists()


def test_sent_again_under_its_key_what_was_done_is_said_again_and_the_rest_is_tried(
    decider: Any, waiting: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_down(**arguments: Any) -> Decision:
        if arguments["stage_id"] == stages_of(waiting[1])[0].pk:
            raise KeyboardInterrupt
        return approve_stage(**arguments)

    with monkeypatch.context() as patch:
        patch.setitem(bulk.STEPS, "approve", breaks_down)
        with pytest.raises(KeyboardInterrupt):
            decider.post("queue/bulk", said(*waiting), idempotency_key="friday")
    assert Decision.objects.count() == 1
    first = Decision.objects.get()

    answer = decider.post("queue/bulk", said(*waiting), idempotency_key="friday").json()

    assert [(each["status"], each["replayed"]) for each in answer["answers"]] == [(200, True), (200, False), (200, False)]
    assert answer["answers"][0]["decision"]["id"] == first.pk
    assert Decision.objects.count() == 3
    again = decider.post("queue/bulk", said(*waiting), idempotency_key="friday").json()
    assert [each["replayed"] for each in again["answers"]] == [True, True, True]
    assert Decision.objects.count() == 3


def test_a_key_of_another_call_is_refused_before_anything_is_decided(decider: Any, waiting: list[Request]) -> None:
    decider.post("queue/bulk", said(waiting[0]), idempotency_key="friday")
    before = everything()

    answer = decider.post("queue/bulk", said(*waiting[1:]), idempotency_key="friday")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert everything() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"verdict": "send_back"}, "verdict"),
        ({"verdict": "reject"}, "comment"),
        ({"verdict": "reject", "comment": " "}, "comment"),
        ({"picks": []}, "picks"),
        ({"picks": [{"stage": 1, "digest": "a"}] * 2}, "picks"),
        ({"picks": [{"stage": number, "digest": "a"} for number in range(1, 52)]}, "picks"),
    ],
)
def test_what_cannot_be_answered_so_is_refused_whole(
    decider: Any, waiting: list[Request], change: dict[str, Any], field: str
) -> None:
    before = everything()

    answer = decider.post("queue/bulk", said(*waiting) | change)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith(field)
    assert everything() == before


def test_nobody_answers_for_others(
    api: Callable[..., Any], waiting: list[Request], kafka: House, auditor: User, outsider: User, executive: User
) -> None:
    programs = [api(person) for person in (kafka.engineer, auditor, outsider, executive)]
    before = everything()

    for program in programs:
        answer = program.post("queue/bulk", said(*waiting))
        statuses = {each["status"] for each in answer.json().get("answers", [])}
        assert answer.status_code == 403 or (answer.status_code == 207 and statuses <= {403, 404})

    assert everything() == before
