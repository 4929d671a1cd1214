"""Delegations through the API: stated, listed, ended, refused by field; and what the queue and a request say of them."""

from collections.abc import Callable
from typing import Any

import pytest

from approvals.models import Delegation
from core.models import User
from tests.factories.approvals import stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def deputy(kafka: House) -> User:
    person = UserFactory.create(name="Deputy", email="deputy@house.example.org")
    assign(person, "deputy", kafka.entity)
    return person


@pytest.fixture
def desk(api: Callable[..., Any], kafka: House) -> Any:
    return api(kafka.people["program_director"])


def stated(kafka: House, **more: Any) -> dict[str, Any]:
    days = {"first_day": "2026-03-02", "last_day": "2026-03-06"}
    return {"entity": kafka.entity.code, "delegate": "deputy@house.example.org", **days, **more}


def test_stated_listed_and_ended(desk: Any, kafka: House, deputy: User) -> None:
    tried = desk.post("delegations?dry_run=true", stated(kafka))
    assert (tried.status_code, Delegation.objects.count()) == (201, 0)
    more = {"kinds": ["vendor_payment"], "limit": "5000.00", "cost_centre": kafka.account.cost_centre.code}
    made = desk.post("delegations", stated(kafka, **more), idempotency_key="once")
    assert made.status_code == 201
    assert desk.post("delegations", stated(kafka, **more), idempotency_key="once")["Idempotency-Replayed"] == "true"
    said = made.json()
    assert (said["delegate"], said["limit"], said["kinds"]) == ("deputy@house.example.org", "5000.00", ["vendor_payment"])
    assert said["ends_at"] == "2026-03-07T00:00:00Z"
    for query, count in (("state=in_force", 1), ("state=to_come", 0), ("state=over", 0), ("whose=mine", 1), ("whose=to_me", 0)):
        assert len(desk.get(f"delegations?{query}").json()["results"]) == count
    assert desk.get(f"delegations/{said['id']}").json() == said
    ended = desk.post(f"delegations/{said['id']}/end", {})
    assert ended.json()["ended_at"] is not None
    again = desk.post(f"delegations/{said['id']}/end", {})
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"entity": "elsewhere"}, "entity"),
        ({"delegate": "nobody@house.example.org"}, "delegate"),
        ({"person": "cfo@house.example.org"}, "person"),
        ({"cost_centre": "NOWHERE"}, "cost_centre"),
        ({"kinds": ["unheard_of"]}, "kinds"),
        ({"first_day": "2020-01-01"}, "first_day"),
        ({"limit": "0.00"}, "limit"),
    ],
)
def test_what_is_wrong_is_said_by_field(desk: Any, kafka: House, deputy: User, wrong: dict[str, Any], field: str) -> None:
    answer = desk.post("delegations", stated(kafka, **wrong))
    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (400, [field])
    assert not Delegation.objects.exists()


def test_the_queue_the_request_and_the_decision_name_both(api: Callable[..., Any], desk: Any, kafka: House, deputy: User) -> None:
    desk.post("delegations", stated(kafka))
    request = submitted(kafka.engineer, kafka.account)
    [stage] = stages_of(request)
    program = api(deputy)
    (row,) = program.get("queue").json()["results"]
    assert (row["owner"], row["place"]) == ("Program director", "Program director")
    shown = api(kafka.engineer).get(f"requests/{request.number}").json()
    assert shown["stages"][0]["stand_in"] == "Deputy"
    assert "Deputy decides for them" in shown["stages"][0]["away"]
    answer = program.post(f"queue/{stage.pk}/approve", {"digest": request.digest})
    assert (answer.json()["person"], answer.json()["on_behalf_of"]) == ("Deputy", "Program director")


def test_others_see_and_end_nothing(api: Callable[..., Any], desk: Any, kafka: House, deputy: User, outsider: User) -> None:
    number = desk.post("delegations", stated(kafka)).json()["id"]
    other = api(kafka.people["cfo"])
    assert other.get("delegations").json()["results"] == []
    assert other.get(f"delegations/{number}").status_code == 404
    assert other.post(f"delegations/{number}/end", {}).status_code == 404
    assert api(outsider).get("delegations").json()["results"] == []
