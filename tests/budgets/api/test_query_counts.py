"""How many queries each endpoint of budgets and of core makes: as many for two rows as for ten."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock
from tests.trust.contract import World, make_world
from tests.trust.scenarios.ground import MONDAY

LISTS = (
    *("accounts", "budgets", "categories", "controls", "cost-centres", "entities", "entries", "jobs", "journals", "me"),
    *("notices", "periods", "rates", "vendors", "budgets/SMALL", "budgets/SMALL/figures", "budgets/SMALL/changes"),
    *("chargebacks", "chargeback-statements", "chargeback-disputes", "rule-sets", "usage-readings", "budgets/SMALL/versions"),
    *("budgets/SMALL/cost-centres", "budget-templates", "attributes", "tag-keys", "tag-rules", "spend-tags"),
    *("spend-tags/compliance?entity=acme&month=2026-03", "spend-tags/lacking?entity=acme&month=2026-03"),
    *("carry-rules", "budgets/SMALL/openings", "budgets/SMALL/carries", "budgets/SMALL/bands", "budgets/SMALL/bands/standing"),
    *("budgets/SMALL/versions/1", "budgets/SMALL/versions/1/plan", "budgets/stats/summary", "entities/acme", "ledger/check"),
)
OBJECTS = (
    *("accounts", "categories", "controls", "cost-centres", "entries", "journals", "periods", "rates", "vendors"),
    *("chargebacks", "chargeback-statements", "chargeback-disputes", "rule-sets", "usage-readings"),
    *("tag-keys", "tag-rules", "spend-tags", "budget-templates"),
)


@pytest.fixture
def world(db: None) -> Iterator[World]:
    with clock.at(MONDAY):
        yield make_world()


class Program:
    """A program that called before in this minute."""

    def __init__(self, world: World) -> None:
        self.client, self.headers = Client(), {"Authorization": f"Bearer {world.secrets['finance']}"}
        self.get("me")

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1/{path}", headers=self.headers)
        assert answer.status_code == 200, answer.content
        return answer


def test_each_list_makes_as_many_queries_as_recorded(
    world: World, counted: Callable[[str], AbstractContextManager[None]]
) -> None:
    program = Program(world)
    program.get("ledger/check")
    for path in LISTS:
        with counted(f"api GET {path}"):
            program.get(path)


def test_each_object_makes_as_many_queries_as_recorded(
    world: World, counted: Callable[[str], AbstractContextManager[None]]
) -> None:
    program = Program(world)
    for thing in OBJECTS:
        with counted(f"api GET {thing}/id"):
            program.get(f"{thing}/{world.numbers[thing][0]}")


@pytest.mark.parametrize("path", ["accounts", "entries", "journals", "controls", "periods", "budgets"])
def test_more_rows_make_no_more_queries(world: World, path: str) -> None:
    program = Program(world)
    with CaptureQueriesContext(connection) as few:
        program.get(f"{path}?page_size=3")
    with CaptureQueriesContext(connection) as many:
        program.get(f"{path}?page_size=50")
    assert len(few) == len(many)
