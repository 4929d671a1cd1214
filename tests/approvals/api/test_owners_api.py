"""Groups of approvers and managers through the API: kept, replaced, taken away, refused by field."""

from collections.abc import Callable
from typing import Any

import pytest

from approvals.models import Manager, PeopleGroup
from core.models import AuditRecord, User
from tests.factories.approvals import everything, stages_of, submitted
from tests.factories.owners import asking, member
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def people(kafka: House) -> list[User]:
    return [member(kafka.entity, name) for name in ("Ann", "Bob", "Cleo")]


@pytest.fixture
def desk(api: Callable[..., Any], administrator: User) -> Any:
    return api(administrator)


def group(kafka: House, seats: list[User], **more: Any) -> dict[str, Any]:
    said = {"entity": kafka.entity.code, "code": "buyers", "name": "Buyers", "people": [each.email for each in seats]}
    return said | more


def test_a_group_is_kept_asked_replaced_and_taken_away(desk: Any, kafka: House, people: list[User]) -> None:
    said = group(kafka, [people[1], people[0]])
    tried = desk.post("groups?dry_run=true", said)
    assert (tried.status_code, PeopleGroup.objects.count()) == (201, 0)
    made = desk.post("groups", said, idempotency_key="once")
    row = made.json()
    assert [each["name"] for each in row["people"]] == ["Bob", "Ann"]
    assert desk.post("groups", said, idempotency_key="once")["Idempotency-Replayed"] == "true"
    asking(kafka.entity, {"group": "buyers"})
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    assert stages_of(request)[0].owner == people[1]

    address, change = f"groups/{row['id']}", {"name": "The buyers", "people": [people[2].email.upper()]}
    assert desk.put(address, change).status_code == 428
    read = desk.get(address)
    assert read.json() == row
    assert desk.get(address, **{"If-None-Match": read["ETag"]}).status_code == 304
    changed = desk.put(address, change, if_match=read["ETag"])
    assert (changed.status_code, [each["email"] for each in changed.json()["people"]]) == (200, [people[2].email])
    assert desk.put(address, change, if_match=read["ETag"]).status_code == 412
    used = desk.delete(address, if_match=changed["ETag"])
    assert (used.status_code, used.json()["code"]) == (409, "in_use")
    asking(kafka.entity, {"person": people[0].email})
    assert desk.delete(address, if_match=changed["ETag"]).status_code == 204
    assert not PeopleGroup.objects.exists()
    verbs = AuditRecord.objects.filter(verb__startswith="people_group.").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["people_group.saved", "people_group.saved", "people_group.removed"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"entity": "elsewhere"}, "entity"),
        ({"code": "Not so"}, "code"),
        ({"name": " "}, "name"),
        ({"people": []}, "people"),
        ({"people": ["nobody@house.example.org"]}, "people"),
        ({"people": ["no address"]}, "people"),
        ({"peoples": ["ann@house.example.org"]}, "peoples"),
    ],
)
def test_what_is_wrong_with_a_group_is_said_by_field(
    desk: Any, kafka: House, people: list[User], wrong: dict[str, Any], field: str
) -> None:
    answer = desk.post("groups", group(kafka, people, **wrong))
    assert (answer.status_code, [each["field"].split(".")[0] for each in answer.json()["errors"]]) == (400, [field])
    assert not PeopleGroup.objects.exists()


def test_managers_are_stated_replaced_and_ended_without_a_circle(desk: Any, kafka: House, people: list[User]) -> None:
    ann, bob, cleo = people
    said = {"entity": kafka.entity.code, "person": ann.email, "manager": bob.email}
    first = desk.post("managers", said).json()
    assert (first["person"], first["manager"]) == (ann.email, bob.email)
    circle = desk.post("managers", {**said, "person": bob.email, "manager": ann.email})
    assert (circle.status_code, circle.json()["code"]) == (409, "circle")
    second = desk.post("managers", {**said, "manager": cleo.email}).json()
    assert (second["id"], Manager.objects.get().manager) == (first["id"], cleo)
    assert len(desk.get(f"managers?person={ann.email}").json()["results"]) == 1
    assert desk.get(f"managers?manager={bob.email}").json()["results"] == []
    address = f"managers/{second['id']}"
    assert desk.delete(address).status_code == 428
    assert desk.delete(address, if_match=desk.get(address)["ETag"]).status_code == 204
    assert not Manager.objects.exists()


def test_who_audits_reads_and_others_do_neither(
    api: Callable[..., Any], desk: Any, kafka: House, people: list[User], auditor: User, outsider: User
) -> None:
    number = desk.post("groups", group(kafka, people)).json()["id"]
    tag = desk.get(f"groups/{number}")["ETag"]
    reader, engineer, stranger = api(auditor), api(kafka.engineer), api(outsider)
    before = everything(), PeopleGroup.objects.get().name
    assert reader.get(f"groups/{number}").status_code == 200
    change = {"name": "Mine", "people": [people[0].email]}
    assert reader.put(f"groups/{number}", change, if_match=tag).status_code == 403
    assert reader.post("groups", group(kafka, people, code="mine")).status_code == 403
    assert engineer.get("groups").status_code == 403
    assert stranger.get("groups").json()["results"] == []
    assert stranger.get(f"groups/{number}").status_code == 404
    assert (everything(), PeopleGroup.objects.get().name) == before
