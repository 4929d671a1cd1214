"""What a posting does, and what it refuses."""

from decimal import Decimal

import pytest

from budgets.models import Entry, Journal
from budgets.selectors.balances import Figures, account_figures, thread_balance
from core.errors import NoFunds
from core.models import OutboxEvent
from tests.factories.budgets import move
from tests.fixtures.budgets import SmallBudget


def test_a_reservation_is_held_until_it_is_released(small_budget: SmallBudget) -> None:
    account = small_budget.account
    move(account, "reserved", 300, thread="request-line:1")
    assert account_figures([account.pk])[account.pk] == Figures(Decimal(12000), Decimal(300))
    move(account, "reserved", -300, kind="release", thread="request-line:1")
    assert account_figures([account.pk])[account.pk].available == Decimal(12000)
    assert thread_balance(["request-line:1"])["request-line:1"]["reserved"] == 0


def test_one_cent_over_the_year_is_refused_with_figures_and_moves_nothing(small_budget: SmallBudget) -> None:
    account = small_budget.account
    move(account, "spent", "11000.00", thread="invoice-line:7")
    before = Journal.objects.count(), Entry.objects.count(), OutboxEvent.objects.count()
    with pytest.raises(NoFunds) as refused:
        move(account, "reserved", "1000.01")
    assert str(refused.value) == (
        "Software, Platform has 1,000.00 left for the year to December 2026; this asks for 1,000.01. "
        "Ask for less, choose another line, or ask finance for a transfer."
    )
    details = refused.value.details
    assert (details["left"], details["wanted"], details["cap"], details["held"]) == ("1000.00", "1000.01", "12000.00", "11000.00")
    assert details["consumers"] == [
        {"account": account.pk, "name": "Software, Platform", "thread": "invoice-line:7", "held": "11000.00"}
    ]
    assert (Journal.objects.count(), Entry.objects.count(), OutboxEvent.objects.count()) == before
    move(account, "reserved", "1000.00")
