"""The second wall: where the posting function lets through what it should refuse, the database refuses it all the same.

The posting function's own check is planted away by the owner of the ledger; what stands behind it adds up in its own way.
That ordinary postings never meet the wall is for the search in test_ledger_machine: there it would be a difference.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from budgets.models import Balance, ControlMonth, Entry, Excused, FundsAccount, Journal, Link
from budgets.selectors.check import check_ledger
from budgets.services.accounts import ensure_account
from budgets.services.controls import Node, Terms, set_control, set_controls
from budgets.services.ledger import reverse
from core.errors import NoFunds
from core.models import Entity
from tests.factories.budgets import BudgetFactory, CategoryFactory, allot, move, open_year
from tests.owner import as_owner

WINDOWS = ("month", "quarter", "ytd", "year", "life")
CENT = Decimal("0.01")
# The fiscal year starts in October: March is in its second quarter, with January; September ends it.
NOVEMBER, JANUARY, MARCH, MAY = date(2025, 11, 1), date(2026, 1, 1), date(2026, 3, 1), date(2026, 5, 1)
REFUSE_NOTHING = """
CREATE OR REPLACE FUNCTION
    budgets_check_stands(p_control budgets_control, p_journal bigint, p_kind text, p_stands budgets_stand[])
RETURNS void LANGUAGE plpgsql AS $$ BEGIN END $$
"""
MakeLine = Callable[..., FundsAccount]


@pytest.fixture
def make_line(entity: Entity) -> MakeLine:
    """Make a line whose only stop is its own, over a window: rolled up from 1,000.00 in March, or with a limit of its own."""
    entity.fiscal_year_start_month = 10
    entity.save()
    open_year(entity, first=date(2025, 10, 1), last=date(2026, 9, 1))

    def make(window: str, *, tolerance: str = "0", own_limit: Decimal | None = None) -> FundsAccount:
        budget = BudgetFactory.create(entity=entity, window=window, line_mode="stop", group_mode="track")
        account = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=entity))
        set_controls(budget=budget)
        terms = Terms("stop", window, Decimal(tolerance), own_limit)
        set_control(entity=entity, node=Node(account=account), terms=terms, actor=None)
        if own_limit is None:
            allot(account, 1000, month=MARCH)
        return account

    return make


@pytest.fixture
def check_is_gone() -> None:
    """The posting function refuses nothing for lack of funds, inside this test."""
    with as_owner() as cursor:
        cursor.execute(REFUSE_NOTHING)


def _stand() -> list[object]:
    """Return all that a posting writes."""
    return [list(model.objects.order_by("pk").values()) for model in (Journal, Entry, Balance, ControlMonth, Excused, Link)]


def _meets_the_wall(account: FundsAccount, bucket: str, amount: object, month: date) -> bool:
    """Say whether the wall refuses, and make sure that nothing has moved where it does."""
    before = _stand()
    try:
        with transaction.atomic():
            move(account, bucket, amount, month=month)
    except DatabaseError as error:
        assert _stand() == before
        return getattr(error.__cause__, "sqlstate", None) == "PU499"
    return False


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("bucket", ["reserved", "committed", "spent"])
def test_a_cent_too_much_meets_the_wall(make_line: MakeLine, check_is_gone: None, window: str, bucket: str) -> None:
    account = make_line(window)
    assert _meets_the_wall(account, bucket, 1000 + CENT, MARCH)
    assert not _meets_the_wall(account, bucket, 1000, MARCH)
    assert _meets_the_wall(account, bucket, CENT, MARCH)
    assert check_ledger().is_whole


@pytest.mark.parametrize("window", WINDOWS)
def test_the_tolerance_is_the_walls_too(make_line: MakeLine, check_is_gone: None, window: str) -> None:
    account = make_line(window, tolerance="0.0333")
    assert not _meets_the_wall(account, "reserved", "1033.30", MARCH)
    assert _meets_the_wall(account, "reserved", CENT, MARCH)


@pytest.mark.parametrize(
    ("window", "month"), [("month", JANUARY), ("quarter", NOVEMBER), ("quarter", MAY), ("ytd", JANUARY), ("ytd", NOVEMBER)]
)
def test_another_window_has_nothing_of_it(make_line: MakeLine, check_is_gone: None, window: str, month: date) -> None:
    assert _meets_the_wall(make_line(window), "reserved", CENT, month)


@pytest.mark.parametrize(
    ("window", "month"), [("quarter", JANUARY), ("ytd", MAY), ("year", NOVEMBER), ("year", MAY), ("life", NOVEMBER)]
)
def test_months_of_one_window_have_it_together(make_line: MakeLine, check_is_gone: None, window: str, month: date) -> None:
    account = make_line(window)
    assert not _meets_the_wall(account, "reserved", 600, month)
    assert _meets_the_wall(account, "reserved", 400 + CENT, MARCH)
    assert not _meets_the_wall(account, "reserved", 400, MARCH)


def test_to_date_the_wall_looks_at_every_later_month(make_line: MakeLine, check_is_gone: None) -> None:
    """May's 500.00 use up what March leaves; March may not take them back from it."""
    account = make_line("ytd")
    assert not _meets_the_wall(account, "spent", 500, MAY)
    assert _meets_the_wall(account, "spent", 500 + CENT, MARCH)
    assert not _meets_the_wall(account, "spent", 500, MARCH)


@pytest.mark.parametrize("window", WINDOWS)
def test_taking_away_what_is_held_meets_the_wall(make_line: MakeLine, check_is_gone: None, window: str) -> None:
    account = make_line(window)
    move(account, "reserved", 700, month=MARCH)
    assert _meets_the_wall(account, "allotted", -300 - CENT, MARCH)
    assert not _meets_the_wall(account, "allotted", -300, MARCH)


@pytest.mark.parametrize(
    ("window", "month", "limit"),
    [
        ("month", MARCH, "1200.00"),
        ("quarter", MARCH, "1200.00"),
        ("year", MARCH, "1200.00"),
        ("life", MARCH, "1200.00"),
        # From October to January four twelfths have begun.
        ("ytd", JANUARY, "400.00"),
        ("ytd", MARCH, "600.00"),
    ],
)
def test_a_limit_of_its_own_is_walled(make_line: MakeLine, check_is_gone: None, window: str, month: date, limit: str) -> None:
    account = make_line(window, own_limit=Decimal(1200))
    assert _meets_the_wall(account, "committed", Decimal(limit) + CENT, month)
    assert not _meets_the_wall(account, "committed", limit, month)


@pytest.mark.parametrize("window", WINDOWS)
def test_what_is_excused_is_let_by_and_no_more(make_line: MakeLine, check_is_gone: None, window: str) -> None:
    account = make_line(window)
    fact = move(account, "spent", 1250, month=MARCH, is_fact=True)
    assert _meets_the_wall(account, "reserved", CENT, MARCH)
    assert not _meets_the_wall(account, "spent", -100, MARCH)
    assert _meets_the_wall(account, "reserved", CENT, MARCH)
    reverse(journal_id=fact.id, key="undo", actor=None)
    assert check_ledger().is_whole


@pytest.mark.parametrize("mode", ["warn", "track"])
def test_what_does_not_stop_has_no_wall(make_line: MakeLine, entity: Entity, check_is_gone: None, mode: str) -> None:
    account = make_line("year")
    set_control(entity=entity, node=Node(account=account), terms=Terms(mode, "year"), actor=None)
    assert not _meets_the_wall(account, "spent", 5000, MARCH)


def test_with_the_check_in_its_place_the_refusal_is_its_own(make_line: MakeLine) -> None:
    account = make_line("ytd")
    before = _stand()
    with pytest.raises(NoFunds):
        move(account, "reserved", 1000 + CENT, month=MARCH)
    assert _stand() == before
