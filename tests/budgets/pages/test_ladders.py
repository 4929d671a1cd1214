"""A budget's own ladder: stated by its file, kept, and what its status is said by wherever that stands."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import IntegrityError, transaction
from django.test import Client

from budgets.models import Budget, FundsAccount
from budgets.rules import safe_yaml
from budgets.rules.document import parse
from budgets.rules.health import USUAL_LADDER
from budgets.selectors.documents import document_of
from budgets.services.amendments import draft_from_document
from budgets.services.budgets import load_document
from core.errors import InvalidInput
from core.models import Entity, User
from tests.factories.budgets import move

PLAN = Path(__file__).with_name("plan.yaml")
# What plan.yaml was known by before a file could state a ladder.
DIGEST_BEFORE = "4d57d7db24a29dfcd003455927b625a28ac472eb395285be1296e3c169fed378"
WORDS = ("healthy", "warning", "critical", "exceeded")
DISTRO, INTELLIFLOW = [60, 80, 100, 120], [50, 80, 100, 120]


def plan(*ladder: int | str) -> dict[str, Any]:
    document = safe_yaml.read(PLAN.read_bytes())
    if ladder:
        document["budget"].setdefault("control", {})["ladder"] = list(ladder)
    return document


def loaded(entity: Entity, actor: User, *ladder: int | str) -> Any:
    return load_document(document=plan(*ladder), actor=actor, source_name="plan.yaml", entity_code=entity.code)


def said(client: Client, code: str) -> dict[str, str]:
    """Return what the list, its CSV, the budget's page and the API say of its status."""
    file = csv.DictReader(client.get("/budgets/list.csv").content.decode("utf-8-sig").splitlines())
    listed = client.get("/api/v1/budgets").json()["results"]
    return {
        "csv": next(row["Status"] for row in file if row["Code"] == code),
        "api": client.get(f"/api/v1/budgets/{code}").json()["status"],
        "api list": next(row["status"] for row in listed if row["code"] == code),
        "list": next(word for word in WORDS if word.capitalize() in client.get("/budgets/").content.decode()),
        "page": next(word for word in WORDS if f"{word.capitalize()}<" in client.get(f"/budgets/{code}/").content.decode()),
    }


@pytest.mark.parametrize(
    ("ladder", "steps"),
    [
        (DISTRO, {"799.99": "healthy", "800": "warning", "999.99": "warning", "1000": "critical", "1000.01": "exceeded"}),
        (["10", "12.5", 95], {"124.99": "healthy", "125": "warning", "950": "critical"}),
        ([], {"749.99": "healthy", "750": "warning", "900": "critical"}),
    ],
)
def test_every_place_says_the_status_by_the_budgets_ladder(
    client: Client, entity: Entity, controller: User, ladder: list[int | str], steps: dict[str, str]
) -> None:
    budget = loaded(entity, controller, *ladder).budget
    account, held = FundsAccount.objects.filter(budget=budget).order_by("pk")[0], Decimal(0)
    client.force_login(controller)
    for amount, word in steps.items():
        move(account, "spent", Decimal(amount) - held, month=budget.starts_on, is_fact=True)
        held = Decimal(amount)
        assert set(said(client, "PLAN").values()) == {word}, (amount, said(client, "PLAN"))


def test_the_page_and_the_api_say_what_each_rung_comes_to(client: Client, entity: Entity, controller: User) -> None:
    loaded(entity, controller, *INTELLIFLOW)
    client.force_login(controller)
    rungs = client.get("/api/v1/budgets/PLAN").json()["ladder"]
    assert [(rung["at_pct"], rung["amount"], rung["begins"]) for rung in rungs] == [
        ("50.00", "500.00", ""),
        ("80.00", "800.00", "warning"),
        ("100.00", "1000.00", "critical"),
        ("120.00", "1200.00", ""),
    ]
    page = client.get("/budgets/PLAN/").content.decode()
    assert "Ladder: 50 %, 500.00; warning from 80 %, 800.00; critical from 100 %, 1,000.00; 120 %, 1,200.00 USD held." in page


def test_a_file_with_a_ladder_restates_it_and_one_without_has_the_usual_one(entity: Entity, controller: User) -> None:
    first = loaded(entity, controller)
    assert tuple(first.budget.ladder) == USUAL_LADDER
    # Files that were in force before a file could say so stay known: by what they were known by then.
    assert first.version.source_digest == DIGEST_BEFORE
    assert loaded(entity, controller, 50, 75, 90, 100).unchanged
    other = loaded(entity, controller, *DISTRO)
    assert (other.unchanged, other.budget.ladder) == (False, [Decimal(rung) for rung in DISTRO])
    assert document_of(other.version)["budget"]["control"]["ladder"] == ["60", "80", "100", "120"]
    again = load_document(document=document_of(other.version), actor=controller).budget
    assert again.ladder == other.budget.ladder
    assert loaded(entity, controller).budget.ladder == list(USUAL_LADDER)


def test_an_amendment_keeps_the_ladder(entity: Entity, controller: User) -> None:
    held = loaded(entity, controller, *DISTRO)
    asked = {"budget": held.budget, "base_id": held.version.pk, "since": held.budget.starts_on, "actor": controller}
    with pytest.raises(InvalidInput) as refused:
        draft_from_document(document=plan(), **asked)
    assert "budget.control.ladder" in refused.value.details
    assert draft_from_document(document=plan(*DISTRO), **asked).number == 2
    assert Budget.objects.get(code="PLAN").ladder == held.budget.ladder


@pytest.mark.parametrize("ladder", [[75, 90], [50, 90, 75, 100], [50, 50, 75], [0, 75, 90], [1, 2, 3, 5, 4], [1, 2, 3, 4, 6, 5]])
def test_neither_a_file_nor_the_database_takes_a_ladder_that_does_not_go_up(
    entity: Entity, controller: User, ladder: list[int]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        loaded(entity, controller, *ladder)
    assert list(refused.value.details) == ["budget.control"]
    assert not Budget.objects.exists()
    loaded(entity, controller)
    with pytest.raises(IntegrityError, match="budget_ladder_goes_up"), transaction.atomic():
        Budget.objects.update(ladder=ladder)


def test_the_demos_budgets_have_the_ladders_of_their_seeds() -> None:
    for name, seed in (("distro", "distro_nation"), ("distro-reserves", "distro_nation"), ("intelliflow", "intelliflow")):
        golden = yaml.safe_load(Path(f"tests/golden/{seed}.yaml").read_text())
        document = parse(safe_yaml.read(Path(f"demo/budgets/{name}.yaml").read_bytes()))
        assert document.budget.control.ladder == [rung["at_pct"] for rung in golden["alert_ladder"]]
