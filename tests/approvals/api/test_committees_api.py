"""Committees and their meetings through the API: stated, read by day, called, opened, attended, voted in, closed."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from approvals.models import CommitteeVersion, Meeting
from core import clock
from core.models import User
from tests.factories.approvals import everything, stages_of, submitted
from tests.factories.owners import asking, member
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
THURSDAY = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)


@pytest.fixture
def people(kafka: House) -> list[User]:
    asking(kafka.entity, {"committee": "budget"})
    return [member(kafka.entity, name) for name in ("Chair", "Ann", "Guest")]


@pytest.fixture
def desk(api: Callable[..., Any], administrator: User) -> Any:
    return api(administrator)


def stated(kafka: House, people: list[User], **more: Any) -> dict[str, Any]:
    chair, ann, guest = (person.email for person in people)
    seats = {"chair": chair, "members": [ann], "as_needed": [guest], "quorum": 2}
    named = {"entity": kafka.entity.code, "code": "budget", "name": "Budget committee", "valid_from": "2026-03-02"}
    return named | seats | {"meets": ["monthly: budget review"], "authority": ["from 100 up to 500: committee"]} | more


def restated(kafka: House, people: list[User], **more: Any) -> dict[str, Any]:
    said = stated(kafka, people, **more)
    return {name: value for name, value in said.items() if name not in {"entity", "code"}}


def test_a_committee_is_stated_and_stated_anew_from_a_later_day(desk: Any, kafka: House, people: list[User]) -> None:
    tried = desk.post("committees?dry_run=true", stated(kafka, people))
    assert (tried.status_code, CommitteeVersion.objects.count()) == (201, 0)
    made = desk.post("committees", stated(kafka, people), idempotency_key="once")
    assert made.status_code == 201
    assert desk.post("committees", stated(kafka, people), idempotency_key="once")["Idempotency-Replayed"] == "true"
    row = made.json()
    seats = [(seat["name"], seat["capacity"]) for seat in row["standing"]["seats"]]
    assert seats == [("Chair", "chair"), ("Ann", "member"), ("Guest", "as_needed")]
    assert (row["standing"]["begins_at"], row["standing"]["meets"]) == ("10:00", ["monthly: budget review"])
    address = f"committees/{row['id']}"
    read = desk.get(address)
    assert read.json() == row
    change = restated(kafka, people, valid_from="2026-04-01", quorum=1)
    assert desk.put(address, change).status_code == 428
    later = desk.put(address, change, if_match=read["ETag"])
    assert [each["quorum"] for each in (later.json()["standing"], *later.json()["to_come"])] == [2, 1]
    assert desk.put(address, change, if_match=read["ETag"]).status_code == 412
    assert [desk.get(f"{address}/standing?on={day}").json()["number"] for day in ("2026-03-31", "2026-04-01")] == [1, 2]
    assert desk.get(f"{address}/standing?on=2026-03-01").status_code == 404
    (listed,) = desk.get("committees?code=budget").json()["results"]
    assert listed["standing"]["number"] == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"entity": "elsewhere"}, "entity"),
        ({"code": "Not so"}, "code"),
        ({"valid_from": "2026-03-01"}, "valid_from"),
        ({"quorum": 3}, "quorum"),
        ({"chair": "nobody@house.example.org"}, "chair"),
        ({"members": ["chair@house.example.org"]}, "members"),
        ({"members": ["nobody@house.example.org"]}, "members"),
        ({"authority": ["somebody decides"]}, "authority"),
        ({"meets": ["now and then"]}, "meets"),
        ({"week": 6}, "week"),
    ],
)
def test_what_is_wrong_with_a_committee_is_said_by_field(
    desk: Any, kafka: House, people: list[User], wrong: dict[str, Any], field: str
) -> None:
    answer = desk.post("committees", stated(kafka, people, **wrong))
    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (400, [field])
    assert not CommitteeVersion.objects.exists()


def test_a_meeting_from_its_call_to_its_minutes(
    api: Callable[..., Any], desk: Any, kafka: House, people: list[User], outsider: User
) -> None:
    number = desk.post("committees", stated(kafka, people)).json()["id"]
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    stage = stages_of(request)[0]
    (item,) = desk.get(f"committees/{number}/agenda").json()["items"]
    assert (item["request"], item["stage"], item["outcome"]) == (request.number, stage.pk, "")
    chair, ann = api(people[0]), api(people[1])
    call = {"starts_at": "2026-03-05T14:00:00Z", "purpose": "Urgent matters"}
    assert ann.post(f"committees/{number}/call", call).json()["code"] == "not_yours"
    early = chair.post(f"committees/{number}/call", {**call, "starts_at": "2026-03-01T14:00:00Z"})
    assert (early.status_code, early.json()["errors"][0]["field"]) == (400, "starts_at")
    called = chair.post(f"committees/{number}/call", call)
    assert (called.status_code, called.json()["state"], called.json()["starts_at"]) == (201, "planned", call["starts_at"])
    meeting = f"meetings/{called.json()['id']}"
    assert chair.get(f"{meeting}/minutes").status_code == 404
    assert chair.post(f"{meeting}/open").json()["code"] == "early"
    read = chair.get(meeting)
    assert [each["request"] for each in read.json()["items"]] == [request.number]

    with clock.at(THURSDAY):
        chair, ann = api(people[0]), api(people[1])
        assert chair.post(f"{meeting}/open", if_match='"stale"').status_code == 412
        opened = chair.post(f"{meeting}/open", if_match=read["ETag"])
        assert (opened.status_code, opened.json()["state"]) == (200, "open")
        assert chair.post(f"{meeting}/attend", {"people": [kafka.engineer.email]}).status_code == 400
        there = chair.post(f"{meeting}/attend", {"people": [people[0].email, people[1].email]}).json()
        assert [(seat["person"]["name"], seat["attends"]) for seat in there["seats"]] == [
            ("Chair", True),
            ("Ann", True),
            ("Guest", False),
        ]
        for program in (chair, ann):
            assert program.post(f"queue/{item['stage']}/approve", {"digest": item["digest"]}).status_code == 200
        assert ann.post(f"{meeting}/close").status_code == 403
        closed = chair.post(f"{meeting}/close", idempotency_key="close")
        again = chair.post(f"{meeting}/close", idempotency_key="close")
        assert (again["Idempotency-Replayed"], again.json()) == ("true", closed.json())
        assert chair.post(f"{meeting}/close").status_code == 409
    said = closed.json()
    assert (said["state"], said["is_quorate"], said["items"][0]["outcome"]) == ("closed", True, "approved")
    assert [(each["person"], each["verdict"]) for each in said["items"][0]["decisions"]] == [
        ("Chair", "approved"),
        ("Ann", "approved"),
    ]
    text = b"".join(api(people[2]).get(f"{meeting}/minutes").streaming_content)
    assert hashlib.sha256(text).hexdigest() == said["minutes_sha256"] == Meeting.objects.get().minutes_sha256

    others = [api(other) for other in (outsider, kafka.people["program_director"])]
    before = everything()
    for program in others:
        assert program.get(meeting).status_code == 404
        assert program.post(f"{meeting}/close").status_code == 404
        assert program.get("meetings").json()["results"] == []
    assert everything() == before


def test_meetings_are_found_by_committee_state_and_time(
    api: Callable[..., Any], desk: Any, kafka: House, people: list[User]
) -> None:
    number = desk.post("committees", stated(kafka, people, meets=[])).json()["id"]
    for day in (5, 6, 9):
        desk.post(f"committees/{number}/call", {"starts_at": f"2026-03-0{day}T14:00:00Z", "purpose": "Budgets"})
    guest = api(people[2])
    for query, days in (
        (f"committee={number}", [9, 6, 5]),
        ("ordering=starts_at", [5, 6, 9]),
        ("state=closed", []),
        ("since=2026-03-06T14:00:00Z", [9, 6]),
        ("before=2026-03-06T14:00:00Z", [5]),
        ("entity=elsewhere", []),
    ):
        rows = guest.get(f"meetings?{query}").json()["results"]
        assert [int(row["starts_at"][8:10]) for row in rows] == days
    assert guest.get("meetings?chair=me").status_code == 400
