"""P2: budget against actual from stored balances, held against reading them plainly, and against adding up the entries."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
from django.conf import settings

from budgets.models import Budget, FundsAccount
from budgets.selectors.as_of import AsOf, figures_as_of
from budgets.selectors.balances import Figures
from budgets.selectors.matrix import Matrix, matrix_of
from config.runtime.logins import Login
from reporting.selectors.variance import budget_against_actual
from tests import database
from tests.bench import lines as world
from tests.bench.years import FIRST, LAST, THIRTY_DAYS_BACK, fill
from tests.measures.harness import Figure, Setting

ID = "P2"
NAME = "budget against actual, 50 cost centres x 20 categories x 12 months"
# From here on the goal for a past moment is meant; below it the answer's 12,000 rows outweigh the adding up.
MANY = 900_000
ROUNDS = 3
Times = dict[str, list[float]]

READING = """
SELECT b.account_id, b.month, b.allotted, b.reserved, b.committed, b.spent, b.paid
FROM budgets_balance b JOIN budgets_fundsaccount a ON a.id = b.account_id WHERE a.budget_id = %s
"""
ADDING_UP = """
SELECT e.account_id, e.month, coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'allotted'), 0.00),
       coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'reserved'), 0.00),
       coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'committed'), 0.00),
       coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'spent'), 0.00),
       coalesce(sum(e.amount) FILTER (WHERE e.bucket = 'paid'), 0.00)
FROM budgets_entry e WHERE e.recorded_at <= coalesce(%s, 'infinity'::timestamptz) GROUP BY e.account_id, e.month
"""


@dataclass(frozen=True)
class Ledger:
    """A database with a year of postings."""

    login: Login
    entries: int


def run(setting: Setting) -> list[Figure]:
    sizes = setting.pick(small=(100_000, 1_000_000), full=(1_000_000, 10_000_000))
    with _ledger(setting, "p02_less", sizes[0]) as less, _ledger(setting, "p02_more", sizes[1]) as more:
        for ledger in (less, more):
            _check(ledger)
        # In turns, so that what else the machine does falls on both alike.
        rounds = [(_times(less), _times(more)) for _ in range(ROUNDS)]
    of_less, of_more = (_joined([each[place] for each in rounds]) for place in range(2))
    name = f"the page of {more.entries:,} entries, against that of {less.entries:,}"
    growth = _figure(name, of_more["page"], of_less["page"], "<= 1.2", more.entries)
    return [*_figures(less.entries, of_less), *_figures(more.entries, of_more), growth]


def _figures(entries: int, took: Times) -> list[Figure]:
    of = f"of {entries:,} entries"
    then = "<= 0.4" if entries > MANY else ">= 0"
    return [
        _figure(f"the page's figures {of}, against reading the balances", took["page"], took["reading"], "<= 2", entries),
        _figure(f"the page's figures {of}, against a GROUP BY", took["page"], took["adding up"], "<= 1", entries),
        _figure(f"as of 30 days back {of}, against a GROUP BY over all", took["as of"], took["adding up"], then, entries),
        _figure(f"for information: a budget's report {of}, against reading", took["report"], took["reading"], ">= 0", entries),
    ]


def _figure(name: str, took: list[float], peer: list[float], goal: str, entries: int) -> Figure:
    """Hold the shortest times against each other: what is longer, others who use the machine have added."""
    value, limit = min(took), min(peer)
    return Figure(ID, name, value, limit, value / limit, "ms", entries, goal)


@contextmanager
def _ledger(setting: Setting, name: str, entries: int) -> Iterator[Ledger]:
    with setting.database(name) as login:
        house = world.make_house(first=FIRST, last=LAST)
        world.make_budget(house, "YEAR", first=FIRST, last=LAST)
        yield Ledger(login, fill(setting.owner(login), entity_id=house.entity.pk, entries=entries))


def _times(ledger: Ledger) -> Times:
    budget, ids, plain = _stand_on(ledger)
    with plain:
        quick = {
            "page": lambda: _page(budget),
            "reading": lambda: plain.execute(READING, [budget.pk]).fetchall(),
            "report": lambda: budget_against_actual(budget, LAST),
        }
        slow = {"as of": lambda: _as_of(ids), "adding up": lambda: _added_up(plain)}
        return _side_by_side(quick, times=9) | _side_by_side(slow, times=3)


def _joined(rounds: list[Times]) -> Times:
    return {name: [took for each in rounds for took in each[name]] for name in rounds[0]}


def _stand_on(ledger: Ledger) -> tuple[Budget, list[int], psycopg.Connection[Any]]:
    """Put Django's connection on the ledger, as the app, and open a plain one beside it."""
    database.take_role(settings.DATABASE_APP_ROLE, name=ledger.login.dbname)
    budget = Budget.objects.select_related("entity").get(code="YEAR")
    return budget, list(FundsAccount.objects.filter(budget=budget).values_list("pk", flat=True)), ledger.login.connect()


def _page(budget: Budget) -> tuple[Matrix, list[Any], list[Any]]:
    """Return what a page shows: every cell, and the sums of rows and months."""
    matrix = matrix_of(FundsAccount.objects.filter(budget=budget), first=FIRST, last=LAST)
    return matrix, [row.total for row in matrix.rows], matrix.by_month()


def _as_of(ids: list[int]) -> AsOf:
    return figures_as_of(ids, moment=THIRTY_DAYS_BACK)


def _added_up(plain: psycopg.Connection[Any], moment: datetime | None = None) -> list[tuple[Any, ...]]:
    return plain.execute(ADDING_UP, [moment]).fetchall()


def _side_by_side(acts: Mapping[str, Callable[[], object]], *, times: int) -> Times:
    """Return how long each took, in milliseconds, done in turns after once that does not count."""
    for act in acts.values():
        act()
    turns = [{name: _milliseconds(act) for name, act in acts.items()} for _ in range(times)]
    return {name: [turn[name] for turn in turns] for name in acts}


def _milliseconds(act: Callable[[], object]) -> float:
    """Return how long it took. The collector of garbage waits meanwhile, as in timeit."""
    gc.collect()
    gc.disable()
    begin = time.perf_counter()
    act()
    took = time.perf_counter() - begin
    gc.enable()
    return took * 1000


def _check(ledger: Ledger) -> None:
    """Whoever is quicker must say the same: raises AssertionError where page and entries differ, today or at the past moment."""
    budget, ids, plain = _stand_on(ledger)
    with plain:
        today = {(row[0], row[1]): row[2:] for row in _added_up(plain)}
        then = {(row[0], row[1]): Figures(*row[2:]) for row in _added_up(plain, THIRTY_DAYS_BACK) if any(row[2:])}
    matrix, _, by_month = _page(budget)
    shown = {
        (row.account_id, month): tuple(cell) for row in matrix.rows for month, cell in zip(matrix.months, row.cells, strict=True)
    }
    assert shown == {place: (each[0], each[1] + each[2], each[3]) for place, each in today.items()}
    assert sum((cell.actual for cell in by_month), Decimal(0)) == sum(figures[3] for figures in today.values())
    assert _as_of(ids).by_month == then
