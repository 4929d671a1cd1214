"""What only changes its bucket asks no ancestor: reserve, commit and spend of one line go by a stop that is locked."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction

from budgets.models import FundsAccount
from budgets.selectors.check import check_ledger
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from budgets.services.ledger import Posting, post
from core.models import Entity
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, allot, move, open_year

pytestmark = pytest.mark.django_db(transaction=True)
LOCK_NOT_AVAILABLE = "55P03"


@pytest.fixture
def line(entity: Entity) -> FundsAccount:
    """A line of 1,000.00 with 100.00 reserved, under stops of its own, of its category and of the whole."""
    open_year(entity)
    budget = BudgetFactory.create(entity=entity)
    category = CategoryFactory.create(entity=entity)
    account = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=category)
    set_controls(budget=budget, categories=[category])
    allot(account, 1000)
    move(account, "reserved", 100, thread="request")
    return account


@contextmanager
def every_stop_locked() -> Iterator[None]:
    """Let another connection, with the owner's rights, hold all controls for the length of the block."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute(f'SET ROLE "{settings.DATABASE_OWNER_ROLE}"')
            cursor.execute("SELECT 1 FROM budgets_control FOR UPDATE")
        yield
    finally:
        other.rollback()
        other.close()


def turn(line: FundsAccount, key: str, before: str, after: str, by: str = "100") -> None:
    postings = [
        Posting(line.pk, JANUARY, before, Decimal(-100), "request"),
        Posting(line.pk, JANUARY, after, Decimal(by), "request"),
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '300ms'")
        post(key=key, kind="commit", entity=line.entity, postings=postings, actor=None, source=("request", "1"))


def test_reserve_commit_and_spend_go_by_locked_ancestors(line: FundsAccount) -> None:
    with every_stop_locked():
        turn(line, "commit", "reserved", "committed")
        turn(line, "spend", "committed", "spent")
    assert check_ledger().is_whole


def test_what_changes_the_sum_waits_for_them(line: FundsAccount) -> None:
    with every_stop_locked(), pytest.raises(DatabaseError) as waited:
        turn(line, "commit", "reserved", "committed", by="100.01")
    assert getattr(waited.value.__cause__, "sqlstate", "") == LOCK_NOT_AVAILABLE
    assert check_ledger().is_whole
