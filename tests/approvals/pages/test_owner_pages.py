"""Groups, managers and committees on their pages: kept with real input, refused with a sentence and nothing lost."""

from typing import Any

import pytest
from django.test import Client

from approvals.models import Committee, CommitteeSeat, CommitteeVersion, Manager, PeopleGroup
from core.models import User
from tests.factories.approvals import stages_of, submitted
from tests.factories.core import EntityFactory, UserFactory, assign
from tests.factories.owners import asking, committee, member
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def setter(kafka: House) -> User:
    person: User = UserFactory.create(name="Administrator")
    assign(person, "administrator", kafka.entity, kind="administrator")
    return person


@pytest.fixture
def people(kafka: House) -> list[User]:
    return [member(kafka.entity, name) for name in ("Chair", "Ann", "Bob")]


def _said(people: list[User], **more: Any) -> dict[str, Any]:
    said = {
        "code": "budget",
        "name": "Budget committee",
        "valid_from": "2026-03-02",
        "chair": people[0].pk,
        "members": [person.pk for person in people[1:]],
        "quorum": 2,
        "votes": "counted",
        "chair_votes": "on",
        "responsibilities": "Budgets\nPolicies",
        "authority": "from 100 up to 500: team_lead, committee",
        "authority_measure": "amount",
        "meets": "monthly: budget review",
        "week": 2,
        "weekday": 1,
        "begins_at": "10:00",
    }
    return said | more


def test_an_administrator_keeps_groups(client: Client, kafka: House, setter: User, people: list[User]) -> None:
    client.force_login(setter)
    assert "/owners/" in client.get("/policies/").content.decode()
    assert "/owners/groups/new/" in client.get("/owners/").content.decode()
    said = {"code": "buyers", "name": "The buyers", "people": f"{people[1].email}\nnobody@nowhere.example"}
    wrong = client.post("/owners/groups/new/", said)
    html = wrong.content.decode()
    assert (wrong.status_code, "nobody of that address" in html, "The buyers" in html, people[1].email in html) == (
        422,
        True,
        True,
        True,
    )
    assert not PeopleGroup.objects.exists()
    page = client.post("/owners/groups/new/", said | {"people": f"{people[1].email.upper()}\n{people[0].email}"}, follow=True)
    assert "Ann, Chair" in page.content.decode()
    group = PeopleGroup.objects.get()
    client.post(f"/owners/groups/{group.pk}/", {"name": "Buyers", "people": people[2].email})
    assert [place.person for place in group.places.all()] == [people[2]]
    asking(kafka.entity, {"group": "buyers"})
    assert client.post(f"/owners/groups/{group.pk}/drop/").status_code == 409
    asking(kafka.entity, "finance")
    client.post(f"/owners/groups/{group.pk}/drop/")
    assert not PeopleGroup.objects.exists()


def test_an_administrator_says_who_stands_above_whom(client: Client, kafka: House, setter: User, people: list[User]) -> None:
    client.force_login(setter)
    chair, ann = people[0].pk, people[1].pk
    html = client.post("/owners/managers/", {"entity": kafka.entity.pk, "person": ann, "manager": chair}, follow=True)
    assert "Chair stands above Ann now." in html.content.decode()
    circle = client.post("/owners/managers/", {"entity": kafka.entity.pk, "person": chair, "manager": ann})
    assert (circle.status_code, "closes a circle" in circle.content.decode()) == (409, True)
    assert client.post("/owners/managers/", {"entity": kafka.entity.pk, "person": ""}).status_code == 422
    assert Manager.objects.count() == 1
    client.post("/owners/managers/", {"entity": kafka.entity.pk, "person": ann, "manager": ""})
    assert not Manager.objects.exists()


def test_who_audits_looks_and_others_do_not(client: Client, kafka: House, people: list[User], outsider: User) -> None:
    client.force_login(kafka.people["finance"])
    assert "Make a group" not in client.get("/owners/").content.decode()
    assert client.get(f"/owners/?entity={EntityFactory.create().pk}").status_code == 404
    client.force_login(people[0])
    assert client.get("/owners/").status_code == 403


def test_a_committee_is_stated_and_stated_anew(client: Client, kafka: House, setter: User, people: list[User]) -> None:
    client.force_login(setter)
    wrong = client.post("/committees/new/", _said(people, quorum=9, meets="weekly: tea", authority="lots"))
    html = wrong.content.decode()
    assert wrong.status_code == 422
    assert all(text in html for text in ("choose 1 to 3 of them", "how often", "says no amounts", "weekly: tea", "lots"))
    assert not Committee.objects.exists()
    page = client.post("/committees/new/", _said(people), follow=True)
    html = page.content.decode()
    assert all(text in html for text in ("Budget committee is stated", "from 100 up to 500: team_lead", "Policies"))
    found = Committee.objects.get()
    address = f"/committees/{found.pk}/next/"
    html = client.get(address).content.decode()
    assert "monthly: budget review" in html
    again = client.post(address, _said([people[1], people[0]], valid_from="2026-03-09", quorum=1), follow=True)
    assert "From 9 Mar 2026 on" in again.content.decode()
    assert list(CommitteeVersion.objects.values_list("number", "quorum")) == [(1, 2), (2, 1)]
    assert CommitteeSeat.objects.filter(version__number=2, capacity="chair").get().person == people[1]
    past = client.post(address, _said(people, valid_from="2026-03-01"))
    assert (past.status_code, CommitteeVersion.objects.count()) == (422, 2)


def test_who_sits_sees_their_committee_and_others_do_not(
    client: Client, kafka: House, people: list[User], outsider: User, director: User
) -> None:
    version = committee(kafka.entity, people[0], people[1:])
    address = f"/committees/{version.committee_id}/"
    client.force_login(people[1])
    assert address in client.get("/committees/").content.decode()
    html = client.get(address).content.decode()
    assert ("State it anew" in html, "2 must approve" in html) == (False, True)
    assert client.get(f"{address}next/").status_code == 403
    for other in (director, outsider):
        client.force_login(other)
        assert client.get(address).status_code == 404
        assert address not in client.get("/committees/").content.decode()


def test_the_form_names_all_who_will_vote_and_the_page_how_they_voted(client: Client, kafka: House, people: list[User]) -> None:
    committee(kafka.entity, people[0], people[1:], counts_noes=True)
    asking(kafka.entity, {"committee": "budget", "name": "Budget committee"})
    client.force_login(kafka.engineer)
    typed = {
        "kind": "scope_change",
        "title": "A change",
        "line-0-description": "Licences",
        "line-0-account": kafka.account.pk,
        "line-0-month": "2026-03",
        "line-0-net": "1200",
    }
    html = client.post("/requests/chain/", typed).content.decode()
    assert "2 of 3 must approve: Chair, Ann, Bob" in html
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    stage = stages_of(request)[0]
    client.force_login(people[1])
    no = {"verdict": "reject", "digest": request.digest, "comment": "Too early."}
    page = client.post(f"/queue/{stage.pk}/decide/", no, follow=True)
    assert "is voted against by you" in page.content.decode()
    html = client.get(f"/requests/{request.number}/").content.decode()
    assert "0 for it, 1 against, 2 must approve" in html
