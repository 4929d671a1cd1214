"""Codes that would lie behind a page are no budget's, and who owns a budget is said by who keeps its books."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

from budgets.models import Budget
from budgets.selectors.addresses import reserved_codes
from budgets.selectors.owners import people_to_own
from budgets.selectors.sign_offs import signers
from budgets.services.budgets import load_document
from budgets.services.owners import set_owner
from core.errors import InvalidInput, NotAllowed
from core.models import AuditRecord, Entity, Notice, OutboxEvent, User
from tests.factories.approvals import read_yaml
from tests.factories.core import UserFactory, assign
from tests.factories.reconciliation import handle_events
from tests.fixtures.api import Api
from tests.fixtures.budgets import SmallBudget

PLAN = "tests/budgets/pages/plan.yaml"
PAGE = "/budgets/SMALL/owner/"


def plan(code: str) -> dict[str, Any]:
    document = deepcopy(read_yaml(PLAN))
    document["budget"]["code"] = code
    return document


@pytest.fixture
def owner(small_budget: SmallBudget, entity: Entity) -> User:
    person = UserFactory.create(name="Head of engineering", email="head@acme.example.org")
    assign(person, "head", entity, kind="approver", cost_centre=small_budget.parent)
    return person


# ---------------------------------------------------------------- codes


def test_the_words_are_those_of_the_addresses() -> None:
    assert {"tags", "attributes", "load", "controls", "rates", "carry-rules", "chargeback", "journals"} <= reserved_codes()
    # A page, or the beginning of some.
    hidden = [word for word in reserved_codes() if _view_of(word) != "budgets:budget"]
    assert {"tags", "attributes", "load", "controls", "rates"} <= set(hidden)
    assert _view_of("KAFKA-26") == "budgets:budget"


def _view_of(code: str) -> str:
    return resolve(f"/budgets/{code}/").view_name


@pytest.mark.django_db
def test_no_budget_is_begun_under_one_of_them(entity: Entity, controller: User) -> None:
    for code in sorted(reserved_codes()):
        with pytest.raises(InvalidInput, match="is the address of another page") as refused:
            load_document(document=plan(code), actor=controller, entity_code=entity.code)
        assert (refused.value.code, set(refused.value.details)) == ("reserved", {"budget.code"})
    assert not Budget.objects.exists()
    assert load_document(document=plan("TAGS"), actor=controller, entity_code=entity.code).budget.code == "TAGS"


@pytest.mark.django_db
def test_a_program_is_told_so(api: Callable[..., Api], entity: Entity, controller: User) -> None:
    answer = api(controller).post("budgets", json.loads(json.dumps(plan("tags"), default=str)))
    assert (answer.status_code, answer.json()["code"]) == (400, "reserved")
    assert "budget.code" in answer.content.decode()


# ---------------------------------------------------------------- owners


def test_an_owner_is_named_signs_and_is_taken_away_again(small_budget: SmallBudget, controller: User, owner: User) -> None:
    budget = small_budget.budget
    assert owner in people_to_own(budget)
    set_owner(budget_id=budget.pk, owner=owner, actor=controller)
    set_owner(budget_id=budget.pk, owner=owner, actor=controller)
    version = budget.versions.select_related("budget__entity", "budget__cost_centre", "budget__owner").get()
    assert signers(version, "owner") == [owner]
    set_owner(budget_id=budget.pk, owner=None, actor=controller)
    said = AuditRecord.objects.filter(verb="budget.owner_set").order_by("pk")
    assert list(said.values_list("before__owner", "after__owner", "actor")) == [
        (None, owner.name, controller.pk),
        (owner.name, None, controller.pk),
    ]


def test_who_is_named_hears_of_it_once_each_time(small_budget: SmallBudget, controller: User, owner: User) -> None:
    budget = small_budget.budget
    for person in (owner, owner, None, owner):
        set_owner(budget_id=budget.pk, owner=person, actor=controller)
        handle_events()
    told = Notice.objects.filter(kind="budget.owner_named")
    assert list(told.values_list("person", "subject", "url")) == [(owner.pk, "You own Small budget now", "/budgets/SMALL/")] * 2


def test_who_owns_it_no_more_is_not_told_that_they_do(small_budget: SmallBudget, controller: User, owner: User) -> None:
    set_owner(budget_id=small_budget.budget.pk, owner=owner, actor=controller)
    set_owner(budget_id=small_budget.budget.pk, owner=None, actor=controller)
    handle_events()
    assert not Notice.objects.filter(kind="budget.owner_named").exists()


def test_whoever_keeps_the_books_owns_nothing_of_them(small_budget: SmallBudget, controller: User, entity: Entity) -> None:
    outsider = UserFactory.create()
    for person in (controller, outsider):
        assert person not in people_to_own(small_budget.budget)
        with pytest.raises(InvalidInput, match="cannot own") as refused:
            set_owner(budget_id=small_budget.budget.pk, owner=person, actor=controller)
        assert "owner" in refused.value.details
    assert Budget.objects.get().owner is None
    assert not AuditRecord.objects.filter(verb="budget.owner_set").exists()


def test_who_keeps_the_whole_books_names_one(small_budget: SmallBudget, owner: User, requester: User, entity: Entity) -> None:
    keeper = UserFactory.create()
    assign(keeper, "finance", entity, kind="finance", cost_centre=small_budget.parent)
    for person in (owner, requester, keeper):
        with pytest.raises(NotAllowed):
            set_owner(budget_id=small_budget.budget.pk, owner=owner, actor=person)
    assert Budget.objects.get().owner is None


def test_a_new_owner_is_asked_to_sign_what_waits(entity: Entity, controller: User) -> None:
    document = plan("SIGNED")
    document["budget"]["sign_off"] = True
    budget = load_document(document=document, actor=controller, entity_code=entity.code).budget
    person = UserFactory.create()
    assign(person, "head", entity, kind="approver")
    before = OutboxEvent.objects.filter(topic="budgets.version_to_sign").count()
    set_owner(budget_id=budget.pk, owner=person, actor=controller)
    assert OutboxEvent.objects.filter(topic="budgets.version_to_sign").count() == before + 1


def test_on_its_page(client: Client, small_budget: SmallBudget, controller: User, owner: User, requester: User) -> None:
    client.force_login(controller)
    assert PAGE in client.get("/budgets/SMALL/").content.decode()
    assert owner.name in client.get(PAGE).content.decode()
    html = client.post(PAGE, {"owner": owner.pk}, follow=True).content.decode()
    assert "Head of engineering owns Small budget now." in html
    assert "<dd>Head of engineering" in html
    wrong = client.post(PAGE, {"owner": controller.pk})
    assert wrong.status_code == 422
    assert "Choose one of those who may own it." in wrong.content.decode()
    client.force_login(requester)
    assert client.post(PAGE, {"owner": ""}).status_code == 403
    assert Budget.objects.get().owner == owner


def test_for_programs(api: Callable[..., Api], small_budget: SmallBudget, controller: User, auditor: User, owner: User) -> None:
    program, address = api(controller), "budgets/SMALL/owner"
    assert program.post(f"{address}?dry_run=true", {"owner": owner.email}).status_code == 200
    assert Budget.objects.get().owner is None
    answer = program.post(address, {"owner": owner.email}, idempotency_key="one")
    assert (answer.status_code, answer.json()) == (200, {"budget": "SMALL", "owner": owner.email, "name": owner.name})
    for wrong in (controller.email, "nobody@example.org"):
        refused = program.post(address, {"owner": wrong})
        assert refused.status_code == 400
        assert "does not keep its books" in refused.content.decode()
    assert api(auditor).post(address, {"owner": None}).status_code == 403
    assert program.post(address, {"owner": None}).json()["owner"] is None
