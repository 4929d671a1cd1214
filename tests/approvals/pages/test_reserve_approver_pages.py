"""Who approves the use of a reserve, chosen on its pages: a role, a committee, a group or a person."""

import pytest
from django.test import Client

from approvals.models import Reserve
from approvals.services.owners import save_group
from budgets.models import FundsAccount
from core.models import User
from tests.approvals.pages.test_reserve_pages import page_of, stated
from tests.factories.approvals import approve_all, stages_of
from tests.factories.core import UserFactory, assign
from tests.factories.owners import committee, member
from tests.factories.reserves import draw, line_of_reserve, reserve
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def kept(distro: House, controller: User) -> Reserve:
    return reserve(distro.budget, controller)


@pytest.fixture
def taker(distro: House) -> FundsAccount:
    return distro.budget.accounts["PLATFORM", "training"]


@pytest.fixture
def buyer(distro: House) -> User:
    return member(distro.entity, "Buyer")


def offered(client: Client, url: str) -> dict[str, list[str]]:
    """Who may be chosen as the approver, by the headings of the list."""
    answer = client.get(url)
    assert answer.status_code == 200
    choices = answer.context["form"].fields["approver"].choices
    return {heading: [word for word, _ in those] for heading, those in choices if heading}


def test_a_role_a_committee_a_group_and_a_person_are_offered_under_headings(
    client: Client, distro: House, controller: User, buyer: User, auditor: User, outsider: User
) -> None:
    save_group(entity=distro.entity, code="buyers", name="Buyers", people=[buyer], actor=None)
    committee(distro.entity, controller, [buyer], code="budget")
    gone = UserFactory.create(email="gone@example.org", is_active=False)
    assign(gone, "program_director", distro.entity)
    line_of_reserve(distro.budget)
    client.force_login(controller)
    found = offered(client, "/reserves/acme/new/")
    assert list(found) == ["Whoever holds a role", "A committee", "A group", "A person"]
    assert "engineering_director" in found["Whoever holds a role"]
    assert (found["A committee"], found["A group"]) == (["committee:budget"], ["group:buyers"])
    people = found["A person"]
    assert f"person:{buyer.email}" in people
    # Who does not decide, has left, or is of another organization approves nothing here.
    assert not {f"person:{each.email}" for each in (auditor, gone, outsider)} & set(people)
    assert '<optgroup label="A person">' in page_of(client, "/reserves/acme/new/")


@pytest.mark.parametrize("how", ["person", "group"])
def test_a_draw_is_decided_by_the_person_or_the_group_that_was_chosen(
    client: Client, distro: House, controller: User, taker: FundsAccount, buyer: User, how: str
) -> None:
    save_group(entity=distro.entity, code="buyers", name="Buyers", people=[buyer], actor=None)
    word = {"person": f"person:{buyer.email}", "group": "group:buyers"}[how]
    client.force_login(controller)
    said = stated(account=line_of_reserve(distro.budget).pk, name="Emergency reserve", code="emergency", approver=word)
    made = client.post("/reserves/acme/new/", said)
    kept = Reserve.objects.get()
    assert kept.terms.get().approver == word
    assert {"person": buyer.email, "group": "the group buyers"}[how] in page_of(client, made["Location"])

    request = draw(distro.engineer, kept, taker)
    assert [stage.owner for stage in stages_of(request)][-1] == buyer
    assert approve_all(request).state == "approved"


def test_stated_anew_it_keeps_whom_it_names_until_another_is_chosen(
    client: Client, distro: House, kept: Reserve, controller: User, buyer: User
) -> None:
    client.force_login(controller)
    state = f"/reserves/{kept.pk}/state/"
    word = f"person:{buyer.email}"
    assert client.post(state, stated(approver=word)).status_code == 302
    assert f'<option value="{word}" selected>' in page_of(client, state)
    # Who left stands in the list, so that nobody else is chosen unseen; stating it so is refused beside the field.
    User.objects.filter(pk=buyer.pk).update(is_active=False)
    assert offered(client, state)["As it is"] == [word]
    assert f'<option value="{word}" selected>' in page_of(client, state)
    refused = client.post(state, stated(approver=word, starts_on="2026-04"))
    assert refused.status_code == 422
    assert f"Nobody at Acme is {buyer.email}." in refused.context["form"].errors["approver"][0]
    assert client.post(state, stated(starts_on="2026-04")).status_code == 302
    assert "As it is" not in offered(client, state)
    assert [terms.approver for terms in kept.terms.order_by("number")][1:] == [word, "engineering_director"]
