"""How many queries each endpoint of approvals, reconciliation and reporting makes: as many for two rows as for ten."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client

from core import clock
from tests.trust.contract import World, make_world
from tests.trust.scenarios.ground import MONDAY

Counted = Callable[[str], AbstractContextManager[None]]
LISTS = (
    *("requests", "queue", "policies", "policy-versions", "budgets/SMALL/approvals", "sources", "imports", "invoices"),
    *("payments", "suggestions", "exceptions", "reports", "packs", "reports/SMALL", "reports/SMALL/summary"),
    *(
        "reports/allocation?entity=acme&month=2026-03",
        "unified?entity=acme&first=2026-01&last=2026-03",
        "unified/entries?entity=acme&first=2026-01&last=2026-03",
        "reports/SMALL/categories/software",
        "delegations",
        "groups",
        "managers",
        "committees",
        "reserves",
        "meetings",
    ),
)
OBJECTS = (
    *("queue", "policy-versions", "sources", "imports", "import-rows", "invoices", "invoice-lines", "matches", "payments"),
    *("allocations", "suggestions", "exceptions", "packs", "delegations", "groups", "managers", "committees", "meetings"),
    "reserves",
)


class Program:
    """A program that called before in this minute."""

    def __init__(self, world: World) -> None:
        self.client, self.headers = Client(), {"Authorization": f"Bearer {world.secrets['finance']}"}
        self.get("me")

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1/{path}", headers=self.headers)
        assert answer.status_code == 200, answer.content
        return answer


@pytest.fixture
def world(db: None) -> Iterator[World]:
    with clock.at(MONDAY):
        yield make_world()


def test_each_list_makes_as_many_queries_as_recorded(world: World, counted: Counted) -> None:
    program = Program(world)
    for path in LISTS:
        program.get(path)
        with counted(f"api GET {path}"):
            program.get(path)


def test_each_object_makes_as_many_queries_as_recorded(world: World, counted: Counted) -> None:
    program = Program(world)
    places = {thing: world.numbers[thing][0] for thing in OBJECTS}
    for thing, place in (places | {"requests": world.known["requests.number"][1]}).items():
        program.get(f"{thing}/{place}")
        with counted(f"api GET {thing}/id"):
            program.get(f"{thing}/{place}")
