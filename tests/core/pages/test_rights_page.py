"""The page of rights: who opens it, what it shows of whom, and giving and taking on it."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from core.models import AuditRecord, Entity, RoleAssignment, User
from core.rules.rights import RIGHTS_BY_KIND, Right
from core.services.assignments import assign_role
from tests.factories.budgets import CostCentreFactory
from tests.factories.core import UserFactory, assign, role

pytestmark = pytest.mark.django_db
RIGHTS = "/rights/"


def opened(client: Client, person: User, address: str = RIGHTS) -> str:
    client.force_login(person)
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.fixture
def everybody(requester: User, controller: User, auditor: User, administrator: User, outsider: User) -> None:
    """A person of each kind, and one elsewhere."""


def test_administrators_and_auditors_open_it_and_see_their_entities_only(
    client: Client, everybody: None, administrator: User, auditor: User
) -> None:
    for person in (administrator, auditor):
        html = opened(client, person)
        assert "Project manager" in html
        assert "Outsider" not in html
        assert "Elsewhere" not in html


def test_nobody_else_does(client: Client, everybody: None, requester: User) -> None:
    client.force_login(requester)
    assert client.get(RIGHTS).status_code == 403
    assert client.get(f"{RIGHTS}people/{requester.pk}/").status_code == 403
    assert client.get(f"{RIGHTS}give/").status_code == 403


def test_an_auditor_looks_and_changes_nothing(client: Client, everybody: None, auditor: User, requester: User) -> None:
    html = opened(client, auditor)
    assert "Give a role" not in html
    assert "Take away" not in html
    held = RoleAssignment.objects.get(user=requester)
    assert client.post(reverse("core:rights-take", args=[held.pk]), follow=True).status_code == 200
    assert client.post(f"{RIGHTS}give/", {"person": requester.pk}).status_code == 403
    assert RoleAssignment.objects.filter(pk=held.pk).exists()


def test_the_table_says_what_the_code_says(client: Client, administrator: User) -> None:
    html = opened(client, administrator)
    table = html[html.index("Rights by kind of role") :]
    carried = sum(len(rights) for rights in RIGHTS_BY_KIND.values())
    assert table.count(">yes<") + table.count(">up to<") == carried
    assert table.count(">no<") == len(Right) * len(RIGHTS_BY_KIND) - carried


def test_it_is_filtered_by_right_person_and_entity(
    client: Client, everybody: None, administrator: User, controller: User, entity: Entity
) -> None:
    rows = opened(client, administrator, f"{RIGHTS}?right=reconcile")
    assert ">Finance</a>" in rows
    assert ">Project manager</a>" not in rows
    rows = opened(client, administrator, f"{RIGHTS}?person={controller.pk}&entity={entity.code}")
    assert ">Finance</a>" in rows
    assert ">Auditor</a>" not in rows


def test_what_a_person_may_do_and_why(
    client: Client, everybody: None, administrator: User, requester: User, entity: Entity
) -> None:
    centre = CostCentreFactory.create(entity=entity, code="ENG", name="Engineering")
    assign_role(
        person=requester,
        role=role("lead", "approver"),
        entity=entity,
        cost_centre=centre,
        actor=administrator,
        limit=Decimal(2500),
    )
    html = opened(client, administrator, f"{RIGHTS}people/{requester.pk}/")
    assert "as Lead of Acme, Engineering and below, up to" in html
    assert "2,500.00 USD" in html
    assert "as Project manager of Acme" in html
    assert "Reconcile" not in html
    assert "Lead given" in html


def test_a_stranger_s_page_is_not_found(client: Client, everybody: None, administrator: User, outsider: User) -> None:
    client.force_login(administrator)
    assert client.get(f"{RIGHTS}people/{outsider.pk}/").status_code == 404


def test_a_role_is_given_with_a_limit(
    client: Client, everybody: None, administrator: User, requester: User, entity: Entity
) -> None:
    client.force_login(administrator)
    wanted = {"person": requester.pk, "role": role("lead", "approver").pk, "entity": entity.pk, "limit": "750.50"}
    answer = client.post(f"{RIGHTS}give/", wanted)
    assert (answer.status_code, answer["Location"]) == (302, f"{RIGHTS}people/{requester.pk}/")
    assert RoleAssignment.objects.get(user=requester, role__code="lead").limit == Decimal("750.50")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"limit": "0"}, "greater than or equal to 0.01"),
        ({"limit": "much"}, "Enter a number"),
        ({"person": ""}, "required"),
        ({"entity": "foreign"}, "Select a valid choice"),
        ({"cost_centre": "foreign"}, "Select a valid choice"),
    ],
)
def test_bad_input_is_said_loses_nothing_and_gives_nothing(
    client: Client, everybody: None, administrator: User, requester: User, entity: Entity, changed: dict[str, str], said: str
) -> None:
    elsewhere = Entity.objects.get(code="elsewhere")
    foreign = {"entity": elsewhere.pk, "cost_centre": CostCentreFactory.create(entity=elsewhere).pk}
    client.force_login(administrator)
    wanted = {"person": requester.pk, "role": role("lead", "approver").pk, "entity": entity.pk, "limit": "750.50"}
    wanted |= {name: foreign[name] if value == "foreign" else value for name, value in changed.items()}
    before = RoleAssignment.objects.count(), AuditRecord.objects.count()
    answer = client.post(f"{RIGHTS}give/", wanted)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert (RoleAssignment.objects.count(), AuditRecord.objects.count()) == before


def test_a_form_that_says_nothing_is_one_with_mistakes(client: Client, everybody: None, administrator: User) -> None:
    client.force_login(administrator)
    assert client.get("/rights/give/").status_code == 200
    answer = client.post("/rights/give/", {})
    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()


def test_nobody_is_offered_themselves(client: Client, everybody: None, administrator: User, entity: Entity) -> None:
    client.force_login(administrator)
    wanted = {"person": administrator.pk, "role": role("finance", "finance").pk, "entity": entity.pk}
    assert client.post(f"{RIGHTS}give/", wanted).status_code == 422
    assert RoleAssignment.objects.filter(user=administrator).count() == 1


def test_a_role_is_taken_away_and_can_be_given_again(
    client: Client, everybody: None, administrator: User, requester: User, entity: Entity
) -> None:
    client.force_login(administrator)
    held = RoleAssignment.objects.get(user=requester)
    page = client.post(reverse("core:rights-take", args=[held.pk]), follow=True).content.decode()
    assert "is no longer Project manager of Acme" in page
    assert not RoleAssignment.objects.filter(user=requester).exists()
    wanted = {"person": requester.pk, "role": held.role_id, "entity": entity.pk}
    assert client.post(f"{RIGHTS}give/", wanted).status_code == 302


def test_the_last_administrator_is_not_taken_and_foreign_ones_are_not_found(
    client: Client, everybody: None, administrator: User, outsider: User
) -> None:
    boss = UserFactory.create(is_superuser=True)
    client.force_login(boss)
    held = RoleAssignment.objects.get(user=administrator)
    page = client.post(reverse("core:rights-take", args=[held.pk]), follow=True).content.decode()
    assert "is the last administrator of Acme" in page
    client.force_login(administrator)
    foreign = RoleAssignment.objects.filter(user=outsider).earliest("pk")
    assert "no such assignment" in client.post(reverse("core:rights-take", args=[foreign.pk]), follow=True).content.decode()
    assert RoleAssignment.objects.filter(pk__in=[held.pk, foreign.pk]).count() == 2


@pytest.mark.parametrize("people", [3, 30])
def test_as_many_queries_for_many_as_for_few(
    client: Client, everybody: None, administrator: User, entity: Entity, people: int, django_assert_max_num_queries: object
) -> None:
    for number in range(people):
        assign(UserFactory.create(name=f"Buyer {number}"), "buyer", entity, kind="requester")
    client.force_login(administrator)
    client.get(RIGHTS)
    with django_assert_max_num_queries(26):  # type: ignore[operator]
        client.get(RIGHTS)


def test_the_admin_gives_and_takes_through_the_same_rules(
    client: Client, everybody: None, administrator: User, requester: User, entity: Entity
) -> None:
    User.objects.filter(pk=administrator.pk).update(is_staff=True)
    client.force_login(User.objects.get(pk=administrator.pk))
    add = "/admin/core/roleassignment/add/"
    lead = role("lead", "approver")
    own = {"user": administrator.pk, "role": lead.pk, "entity": entity.pk, "limit": ""}
    assert "Nobody changes their own roles" in client.post(add, own).content.decode()
    theirs = own | {"user": requester.pk, "limit": "10.00"}
    assert client.post(add, theirs).status_code == 302
    given = RoleAssignment.objects.get(user=requester, role=lead)
    assert given.limit == Decimal("10.00")
    assert client.post(f"/admin/core/roleassignment/{given.pk}/delete/", {"post": "yes"}).status_code == 302
    assert AuditRecord.objects.filter(verb="role.taken", actor=administrator).count() == 1
