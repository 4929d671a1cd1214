"""The last 100 units, asked for by many at once: first by a twin that reads and then writes, then by the ledger itself.

Everyone starts at a barrier. Each writer has a connection of its own.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import close_old_connections, connection

from budgets.models import FundsAccount
from budgets.selectors.balances import account_figures
from budgets.selectors.check import check_ledger
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from budgets.services.ledger import reverse
from core.errors import NoFunds, Refusal
from core.models import Entity
from tests.factories.budgets import BudgetFactory, CategoryFactory, CostCentreFactory, allot, move, open_year
from tests.owner import as_owner

WRITERS, LEFT, ASKED = 8, Decimal(100), Decimal(30)
FIT = 3  # 30 three times is 90; a fourth would make 120.

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(act: Callable[[int], bool], writers: int = WRITERS) -> int:
    """Let `writers` threads do `act` at the same moment; return how many succeeded."""
    barrier = Barrier(writers)

    def run(number: int) -> bool:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(writers) as pool:
        return sum(pool.map(run, range(writers)))


@pytest.fixture(autouse=True)
def fresh_connections() -> Iterator[None]:
    yield
    close_old_connections()


@pytest.fixture
def line(entity: Entity) -> FundsAccount:
    """One line with 100 left of 1,000."""
    open_year(entity)
    budget = BudgetFactory.create(entity=entity)
    account = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=entity))
    set_controls(budget=budget)
    allot(account, 1000)
    move(account, "spent", 900)
    return account


@pytest.fixture
def children(entity: Entity) -> list[FundsAccount]:
    """Two children of one parent that has 100 left for both; each child alone has plenty."""
    open_year(entity)
    budget = BudgetFactory.create(entity=entity, line_mode="track")
    category = CategoryFactory.create(entity=entity)
    nodes = CostCentreFactory.create_batch(2, entity=entity, parent=budget.cost_centre)
    made = [ensure_account(budget=budget, cost_centre=node, category=category) for node in nodes]
    set_controls(budget=budget, categories=[category])
    allot(made[0], 100)
    return made


def left_in(accounts: list[FundsAccount]) -> Decimal:
    return sum((figures.available for figures in account_figures([account.pk for account in accounts]).values()), Decimal(0))


def reserve(account: FundsAccount, number: int) -> bool:
    try:
        move(account, "reserved", ASKED, key=f"race-{number}")
    except NoFunds:
        return False
    return True


def read_then_write(accounts: list[FundsAccount]) -> Callable[[int], bool]:
    """Return the naive twin: it reads what is left, and posts past every stop if that is enough."""
    read = Barrier(WRITERS)

    def act(number: int) -> bool:
        enough = left_in(accounts) >= ASKED
        read.wait(timeout=30)
        if enough:
            move(accounts[number % len(accounts)], "reserved", ASKED, key=f"naive-{number}", is_fact=True)
        return enough

    return act


def test_reading_and_then_writing_overspends_one_line(line: FundsAccount) -> None:
    assert at_once(read_then_write([line])) == WRITERS
    assert left_in([line]) == LEFT - WRITERS * ASKED


def test_the_last_hundred_of_one_line_are_given_once(line: FundsAccount) -> None:
    assert at_once(lambda number: reserve(line, number)) == FIT
    assert left_in([line]) == LEFT - FIT * ASKED
    assert check_ledger().is_whole


def test_reading_and_then_writing_overspends_two_children_of_one_parent(children: list[FundsAccount]) -> None:
    assert at_once(read_then_write(children)) == WRITERS
    assert left_in(children) == LEFT - WRITERS * ASKED


def test_the_last_hundred_of_two_children_of_one_parent_are_given_once(children: list[FundsAccount]) -> None:
    assert at_once(lambda number: reserve(children[number % 2], number)) == FIT
    assert left_in(children) == LEFT - FIT * ASKED
    assert check_ledger().is_whole


def test_without_the_lock_of_the_control_the_parent_is_overspent(children: list[FundsAccount]) -> None:
    """The twin of the test above, its cure taken away: where no stop watches the parent, each child's own lock is not enough."""
    with as_owner() as cursor:
        cursor.execute("UPDATE budgets_control SET mode = 'track'")
    assert at_once(lambda number: reserve(children[number % 2], number)) == WRITERS
    assert left_in(children) == LEFT - WRITERS * ASKED


def test_one_key_posted_by_many_at_once_happens_once(line: FundsAccount) -> None:
    repeats = at_once(lambda _: move(line, "reserved", ASKED, key="one-key").repeat)
    assert repeats == WRITERS - 1
    assert left_in([line]) == LEFT - ASKED


def test_one_journal_reversed_by_many_at_once_is_reversed_once(line: FundsAccount) -> None:
    posted = move(line, "reserved", ASKED)

    def act(number: int) -> bool:
        try:
            reverse(journal_id=posted.id, key=f"undo-{number}", actor=None)
        except Refusal:
            return False
        return True

    assert at_once(act) == 1
    assert left_in([line]) == LEFT
    assert check_ledger().is_whole
