"""Invitations: sent from a page, used once, withdrawn, sent again, and never beyond what the administrator administers."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.test import Client

from core import clock
from core.models import AuditRecord, Entity, Invitation, RoleAssignment, User
from core.services import outbox
from tests.factories.budgets import CostCentreFactory
from tests.factories.core import EntityFactory, UserFactory, assign, role

PASSWORD = "a long and quiet evening"


@pytest.fixture
def desk(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


def form(entity: Entity, email: str = "new@example.org", **more: Any) -> dict[str, Any]:
    rows = {"form-TOTAL_FORMS": 3, "form-INITIAL_FORMS": 0}
    return {
        "email": email,
        "name": "New person",
        **rows,
        "form-0-role": role("finance", "finance").pk,
        "form-0-entity": entity.pk,
        **more,
    }


def invited(desk: Client, entity: Entity, mailoutbox: list[Any], **more: Any) -> str:
    """Invite somebody, and return the path of the link in their mail."""
    answer = desk.post("/people/invite/", form(entity, **more))
    assert answer.status_code == 302, answer.content.decode()
    return link_in(mailoutbox)


def link_in(mailoutbox: list[Any]) -> str:
    outbox.drain()
    found = re.search(r"(/invitations/\w+/)", mailoutbox[-1].body)
    assert found
    return found[1]


def test_whoever_is_invited_chooses_a_password_and_has_their_roles(desk: Client, entity: Entity, mailoutbox: list[Any]) -> None:
    centre = CostCentreFactory.create(entity=entity, code="ENG", name="Engineering")
    also = {"form-1-role": role("requester", "requester").pk, "form-1-entity": entity.pk, "form-1-cost_centre": centre.pk}
    link = invited(desk, entity, mailoutbox, **also)
    assert mailoutbox[-1].to == ["new@example.org"]
    client = Client()
    page = client.get(link).content.decode()
    assert "Administrator invites new@example.org, as Finance of Acme, Requester of" in page
    answer = client.post(link, {"name": "Newest person", "password": PASSWORD})
    assert answer["Location"] == "/"
    person = User.objects.get(email="new@example.org")
    assert client.session[SESSION_KEY] == str(person.pk)
    assert person.name == "Newest person"
    assert person.check_password(PASSWORD)
    held = RoleAssignment.objects.filter(user=person).values_list("role__code", "entity", "cost_centre").order_by("pk")
    assert list(held) == [("finance", entity.pk, None), ("requester", entity.pk, centre.pk)]
    assert EmailAddress.objects.filter(user=person, verified=True, primary=True).count() == 1
    verbs = set(AuditRecord.objects.values_list("verb", flat=True))
    assert {"invitation.sent", "invitation.accepted", "person.added", "role.assigned"} <= verbs


def test_a_link_works_once_and_its_secret_is_not_kept(desk: Client, entity: Entity, mailoutbox: list[Any]) -> None:
    link = invited(desk, entity, mailoutbox)
    assert not Invitation.objects.filter(token_hash=link.split("/")[2]).exists()
    assert Client().post(link, {"name": "One", "password": PASSWORD}).status_code == 302
    again = Client().post(link, {"name": "Two", "password": PASSWORD})
    assert again.status_code == 404
    assert "used, withdrawn or replaced" in again.content.decode()
    assert User.objects.filter(email="new@example.org").count() == 1


def test_looking_at_a_link_changes_nothing(desk: Client, entity: Entity, mailoutbox: list[Any]) -> None:
    link = invited(desk, entity, mailoutbox)
    before = User.objects.count()
    for _ in range(3):
        assert Client().get(link).status_code == 200
    assert User.objects.count() == before
    assert Invitation.objects.get().accepted_at is None


@pytest.mark.parametrize("how", ["lapsed", "withdrawn", "sent again", "made up"])
def test_a_link_that_does_not_hold_opens_nothing(desk: Client, entity: Entity, mailoutbox: list[Any], how: str) -> None:
    link = invited(desk, entity, mailoutbox)
    number, later = Invitation.objects.get().pk, clock.now()
    if how == "lapsed":
        later += timedelta(days=7, seconds=1)
    elif how == "withdrawn":
        assert desk.post(f"/people/invitations/{number}/withdraw/").status_code == 302
    elif how == "sent again":
        assert desk.post(f"/people/invitations/{number}/again/").status_code == 302
        assert link_in(mailoutbox) != link
    else:
        link = f"/invitations/{'0' * 64}/"
    with clock.at(later):
        assert Client().get(link).status_code == 404
        assert Client().post(link, {"name": "N", "password": PASSWORD}).status_code == 404
    assert not User.objects.filter(email="new@example.org").exists()


def test_an_invitation_sent_again_works_and_lasts_anew(
    desk: Client, administrator: User, entity: Entity, mailoutbox: list[Any]
) -> None:
    invited(desk, entity, mailoutbox)
    with clock.at(clock.now() + timedelta(days=8)):
        desk = Client()
        desk.force_login(administrator)
        assert "Lapsed" in desk.get("/people/").content.decode()
        desk.post(f"/people/invitations/{Invitation.objects.get().pk}/again/")
        assert Client().post(link_in(mailoutbox), {"name": "N", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("password", ["", "short", "12345678901", "new@example.org"])
def test_a_weak_password_makes_nobody(desk: Client, entity: Entity, mailoutbox: list[Any], password: str) -> None:
    link = invited(desk, entity, mailoutbox)
    answer = Client().post(link, {"name": "Kept name", "password": password})
    assert answer.status_code == 422
    assert "Kept name" in answer.content.decode()
    assert not User.objects.filter(email="new@example.org").exists()


def test_a_passkey_may_stand_in_for_the_password(desk: Client, entity: Entity, mailoutbox: list[Any]) -> None:
    link = invited(desk, entity, mailoutbox)
    client = Client()
    answer = client.post(link, {"name": "N", "password": "", "passkey": "1"})
    assert answer["Location"] == "/account/second-factor/webauthn/add/"
    assert client.get(answer["Location"]).status_code == 200
    assert not User.objects.get(email="new@example.org").has_usable_password()


def test_nobody_is_invited_twice_nor_who_is_here(desk: Client, entity: Entity, requester: User, mailoutbox: list[Any]) -> None:
    invited(desk, entity, mailoutbox)
    for email, words in (("New@example.org", "invited already"), (requester.email.upper(), "has an account already")):
        answer = desk.post("/people/invite/", form(entity, email=email))
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert Invitation.objects.count() == 1


def test_an_administrator_invites_only_into_what_they_administer(desk: Client, entity: Entity) -> None:
    other = EntityFactory.create(code="elsewhere", name="Elsewhere")
    assert desk.post("/people/invite/", form(other)).status_code == 422
    assert desk.post("/people/invite/", form(entity, **{"form-0-role": ""})).status_code == 422
    assert not Invitation.objects.exists()


def test_who_administers_no_more_gives_nothing(desk: Client, entity: Entity, administrator: User, mailoutbox: list[Any]) -> None:
    link = invited(desk, entity, mailoutbox)
    assign(UserFactory.create(), "administrator", entity, kind="administrator")
    RoleAssignment.objects.filter(user=administrator).delete()
    assert Client().post(link, {"name": "N", "password": PASSWORD}).status_code == 403
    assert not User.objects.filter(email="new@example.org").exists()


def test_others_neither_invite_nor_touch_an_invitation(
    desk: Client, entity: Entity, mailoutbox: list[Any], outsider: User, controller: User
) -> None:
    invited(desk, entity, mailoutbox)
    number = Invitation.objects.get().pk
    elsewhere = UserFactory.create()
    assign(elsewhere, "administrator", EntityFactory.create(code="third"), kind="administrator")
    for person, expected in ((outsider, 403), (controller, 403), (elsewhere, 404)):
        client = Client()
        client.force_login(person)
        for path in ("again", "withdraw"):
            assert client.post(f"/people/invitations/{number}/{path}/").status_code == expected
    kept = Invitation.objects.get()
    assert (kept.sendings, kept.withdrawn_at) == (1, None)
