"""The ledger against its model: whatever is asked, in whatever order, both give the same answer and stand the same.

The model (tests/models) knows no balances, counters, cover or excused rows: it keeps every entry and adds up anew. What it
accepts, the ledger accepts; what it refuses, the ledger refuses, by the same code and at the same window. The search is a small
one here; `make trust` makes a large one.
"""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from budgets.selectors.check import check_ledger
from tests.models.acts import begin
from tests.models.both import Both
from tests.models.documents import Asked, Document
from tests.models.history import History, Numbers
from tests.models.machine import MONTHS, LedgerMachine
from tests.models.world import make_world

SMALL = settings(max_examples=15, stateful_step_count=30, derandomize=True, database=None, deadline=None)


@pytest.mark.django_db
def test_the_ledger_and_its_model_agree_whatever_is_asked() -> None:
    world = make_world()
    both = Both(world, world.model())
    begin(both, MONTHS, Numbers(1))
    assert set(both.answers) == {""}
    both.close(MONTHS[-1])
    # What a search meets is its luck; that both refuse at all is not.
    account = world.accounts[0].pk
    for number, (month, answer) in enumerate(((MONTHS[0], "no_funds"), (MONTHS[-1], "closed_period"))):
        assert (
            both.post(Document(f"too much {number}", "reserve", (Asked(account, month, "reserved", Decimal(10**6)),))) == answer
        )
    LedgerMachine.start, LedgerMachine.answers = both, Counter()
    run_state_machine_as_test(LedgerMachine, settings=SMALL)
    accepted = LedgerMachine.answers[""]
    assert accepted > 50
    assert LedgerMachine.answers.total() - accepted > 50


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.django_db
def test_the_ledger_and_its_model_agree_all_through_a_history(seed: int) -> None:
    """A longer one, in which people mostly do what people do: windows fill, holds move on, months close, rates change."""
    history = History(make_world(), seed)
    history.play(150)
    assert history.answers[""] > 60
    assert history.answers["no_funds"] > 10
    assert check_ledger().is_whole
