"""How many queries each page of budgets makes: as many for two of each thing as for eight, and as recorded."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client

from budgets.models import (
    BudgetTemplate,
    ChargebackRun,
    ChargebackStatement,
    Control,
    Entry,
    Journal,
    Projection,
    RuleSet,
    SpendItem,
)
from core import clock
from core.models import User
from tests.factories.growing import Books
from tests.fixtures.queries import Opened, more_often, watched
from tests.trust.scenarios.ground import MONDAY, lay

Counted = Callable[[str], AbstractContextManager[None]]
FEW, MORE = 2, 6
LISTS = (
    *("budgets/", "budgets/list.csv", "budgets/periods/", "budgets/templates/", "budgets/controls/", "budgets/projections/"),
    *(
        "budgets/projections/acme/new/",
        "budgets/carry-rules/",
        "budgets/rates/",
        "budgets/chargeback/",
        "budgets/chargeback/rules/",
    ),
    *("budgets/chargeback/acme/rules/new/", "budgets/chargeback/readings/", "budgets/tags/?month=2026-03"),
    *("budgets/tags/lacking/?month=2026-03", "budgets/tags/terms/", "budgets/tags/acme/rules/state/", "budgets/statements/"),
    *(
        "budgets/SMALL/",
        "budgets/SMALL/?as_of=2026-03-02",
        "budgets/SMALL/versions/",
        "budgets/SMALL/copy/",
        "budgets/SMALL/cost-centres/",
        "budgets/SMALL/owner/",
    ),
    *("budgets/SMALL/attributes/", "budgets/SMALL/changes/?since=2026-02-28", "budgets/SMALL/table/", "budgets/SMALL/carry/"),
    *(
        "budgets/SMALL/opening/",
        "budgets/SMALL/controls/",
        "budgets/SMALL/controls/new/",
        "budgets/SMALL/entries/?bucket=committed",
    ),
    *("budgets/begin/", "budgets/rate-card/", "budgets/rate-card/card.csv", "budgets/SMALL/staffing/"),
    *("requests/amend/SMALL/", "requests/amend/SMALL/months/"),
)

# Forms with a fixed number of fields, which list nothing that grows here.
SAME = {"budgets/SMALL/copy/", "budgets/SMALL/owner/", "budgets/SMALL/table/", "budgets/templates/id/begin/"}


@pytest.fixture
def books(db: None) -> Iterator[Books]:
    with clock.at(MONDAY):
        yield Books(lay())


def objects() -> dict[str, str]:
    """The address of the newest of each thing, by what it is recorded under."""
    newest: dict[str, Any] = {
        "budgets/templates/id/begin/": BudgetTemplate.objects,
        "budgets/controls/id/": Control.objects.filter(budget=None, cost_centre__code="ENG"),
        "budgets/projections/id/": Projection.objects.filter(name="Cloud"),
        "budgets/journals/id/": Journal.objects.filter(kind="carry"),
        "budgets/chargeback/runs/id/": ChargebackRun.objects,
        "budgets/chargeback/rules/id/": RuleSet.objects,
        "budgets/tags/items/id/": SpendItem.objects,
        "budgets/statements/id/": ChargebackStatement.objects.filter(state="disputed"),
        "budgets/statements/id/sources/software/": ChargebackStatement.objects,
        "budgets/SMALL/entries/id/recode/": Entry.objects.filter(bucket="spent", journal__kind="spend"),
    }
    return {name: name.replace("/id/", f"/{rows.latest('pk').pk}/") for name, rows in newest.items()}


class Reader:
    """Who keeps the books, and opened each page before."""

    def __init__(self, person: User) -> None:
        self.client = Client()
        self.client.force_login(person)

    def opened(self, pages: Mapping[str, str]) -> dict[str, Opened]:
        return {name: self._opened(path) for name, path in pages.items()}

    def _opened(self, path: str) -> Opened:
        self.open(path)
        return watched(lambda: self.open(path))

    def open(self, path: str) -> bytes:
        answer = self.client.get(f"/{path}")
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content


def pages(books: Books) -> dict[str, str]:
    number = books.ground.budget.versions.get(state="in_force").number
    version = {
        f"budgets/SMALL/versions/n/{part}": f"budgets/SMALL/versions/{number}/{part}"
        for part in ("", "file/", "table/", "workbook/")
    }
    compared = {"budgets/SMALL/versions/?before&after": f"budgets/SMALL/versions/?before={number - 1}&after={number}"}
    return {each: each for each in LISTS} | version | compared | objects()


def test_more_rows_make_no_more_queries_and_as_many_as_recorded(books: Books, counted: Counted) -> None:
    reader = Reader(books.finance)
    books.grow(FEW)
    few = reader.opened(pages(books))
    books.grow(MORE)
    many = pages(books)
    grown = reader.opened(many)
    assert more_often(few, grown) == {}
    # A page that has nothing more to say shows nothing of how it grows.
    assert {name for name in many if grown[name].size <= few[name].size + 20} == SAME
    for name, path in many.items():
        with counted(f"page GET {name}"):
            reader.open(path)
