"""How many queries each endpoint of budgets and of core makes: as many for two rows as for ten."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from budgets.models import (
    Attribute,
    BudgetVersion,
    CarryRule,
    CarryRun,
    ChargebackRun,
    ChargebackStatement,
    Control,
    EstimateBand,
    Journal,
    Projection,
)
from core import clock
from core.rules.tokens import SCOPES
from core.services.tokens import make_token
from tests.factories.growing import Books
from tests.fixtures.queries import Opened, more_often, watched
from tests.trust.contract import World, make_world
from tests.trust.scenarios.ground import MONDAY, lay

LISTS = (
    *("accounts", "budgets", "categories", "controls", "cost-centres", "entities", "entries", "jobs", "journals", "me"),
    *("notices", "periods", "rates", "vendors", "budgets/SMALL", "budgets/SMALL/figures", "budgets/SMALL/changes"),
    *("chargebacks", "chargeback-statements", "chargeback-disputes", "rule-sets", "usage-readings", "budgets/SMALL/versions"),
    *("budgets/SMALL/cost-centres", "budget-templates", "attributes", "tag-keys", "tag-rules", "spend-tags", "projections"),
    *("day-rates", "budgets/SMALL/staffing"),
    *("spend-tags/compliance?entity=acme&month=2026-03", "spend-tags/lacking?entity=acme&month=2026-03"),
    "chargebacks/figures?entity=acme&since=2026-01",
    *("carry-rules", "budgets/SMALL/openings", "budgets/SMALL/carries", "budgets/SMALL/bands", "budgets/SMALL/bands/standing"),
    *("budgets/SMALL/versions/1", "budgets/SMALL/versions/1/plan", "budgets/stats/summary", "entities/acme", "ledger/check"),
)
OBJECTS = (
    *("accounts", "categories", "controls", "cost-centres", "entries", "journals", "periods", "rates", "vendors"),
    *("chargebacks", "chargeback-statements", "chargeback-disputes", "rule-sets", "usage-readings", "day-rates"),
    *("tag-keys", "tag-rules", "spend-tags", "budget-templates"),
)


@pytest.fixture
def world(db: None) -> Iterator[World]:
    with clock.at(MONDAY):
        yield make_world()


class Program:
    """A program that called before in this minute."""

    def __init__(self, secret: str) -> None:
        self.client, self.headers = Client(), {"Authorization": f"Bearer {secret}"}
        self.get("me")

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1/{path}", headers=self.headers)
        assert answer.status_code == 200, answer.content
        return answer

    def watched(self, path: str) -> Opened:
        self.get(path)
        return watched(lambda: self.get(path).content)


def test_each_list_makes_as_many_queries_as_recorded(
    world: World, counted: Callable[[str], AbstractContextManager[None]]
) -> None:
    program = Program(world.secrets["finance"])
    program.get("ledger/check")
    for path in LISTS:
        with counted(f"api GET {path}"):
            program.get(path)


def test_each_object_makes_as_many_queries_as_recorded(
    world: World, counted: Callable[[str], AbstractContextManager[None]]
) -> None:
    program = Program(world.secrets["finance"])
    for thing in OBJECTS:
        with counted(f"api GET {thing}/id"):
            program.get(f"{thing}/{world.numbers[thing][0]}")


@pytest.mark.parametrize("path", ["accounts", "entries", "journals", "controls", "periods", "budgets"])
def test_more_rows_make_no_more_queries(world: World, path: str) -> None:
    program = Program(world.secrets["finance"])
    with CaptureQueriesContext(connection) as few:
        program.get(f"{path}?page_size=3")
    with CaptureQueriesContext(connection) as many:
        program.get(f"{path}?page_size=50")
    assert len(few) == len(many)


def grown() -> dict[str, str]:
    """The address of the newest of each thing that grows, by what it is recorded under."""
    newest: dict[str, Any] = {
        "attributes": Attribute.objects,
        "budgets/SMALL/bands": EstimateBand.objects,
        "budgets/SMALL/carries": CarryRun.objects,
        "budgets/SMALL/openings": Journal.objects.filter(kind="opening"),
        "carry-rules": CarryRule.objects,
        "chargeback-statements": ChargebackStatement.objects,
        "chargebacks": ChargebackRun.objects,
        "controls": Control.objects.filter(budget=None),
        "projections": Projection.objects.filter(name="Cloud"),
    }
    below = {"chargeback-statements": "/figures", "chargebacks": "/borne", "controls": "/windows"}
    objects = {
        f"{name}/id{below.get(name, '')}": f"{name}/{rows.latest('pk').pk}{below.get(name, '')}" for name, rows in newest.items()
    }
    number = BudgetVersion.objects.get(budget__code="SMALL", state="in_force").number
    return objects | {
        f"budgets/SMALL/versions/n/{part}": f"budgets/SMALL/versions/{number}/{part}" for part in ("sign-offs", "plan")
    }


def test_more_of_each_thing_makes_no_more_queries(db: None, counted: Callable[[str], AbstractContextManager[None]]) -> None:
    with clock.at(MONDAY):
        books = Books(lay())
        program = Program(make_token(owner=books.finance, name="Reader", scopes=SCOPES)[1])
        said = []
        for number in (2, 6):
            books.grow(number)
            asked = {path: path for path in LISTS if path != "ledger/check"} | grown()
            said.append({name: program.watched(path) for name, path in asked.items()})
        assert more_often(*said) == {}
        for name, path in grown().items():
            with counted(f"api GET {name}"):
                program.get(path)
