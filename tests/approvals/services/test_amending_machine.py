"""Whatever is loaded, amended, moved, put back and undone, in any order: the books say what the version in force says.

The search is a small one here; `make trust` makes a large one (R2). It is seen to find bugs that are put in.
"""

from collections import Counter
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from budgets.services import amendments, versions
from budgets.services.amended_rows import Amounts
from tests.factories.approvals import MARCH
from tests.models.amending import AmendingMachine, begin

SMALL = settings(max_examples=5, stateful_step_count=15, derandomize=True, database=None, deadline=None)
pytestmark = pytest.mark.django_db


def search() -> Counter[str]:
    AmendingMachine.start, AmendingMachine.answers = begin(), Counter()
    run_state_machine_as_test(AmendingMachine, settings=SMALL)
    return AmendingMachine.answers


def test_the_books_say_what_the_version_in_force_says_whatever_was_done() -> None:
    answers = search()
    # What a search meets is its luck; that it met little is seen here.
    assert answers["approve amendment"] > 5
    assert len([name for name in answers if ": " not in name]) > 5
    assert any(": " in name for name in answers), "Nothing was ever refused."


def raise_and_take_back() -> None:
    """The shortest history that both bugs below show in: a category gets more from March on, and that is taken back."""
    AmendingMachine.start, AmendingMachine.answers = begin(), Counter()
    machine = AmendingMachine()
    try:
        row = machine.version(machine.in_force).categories.earliest("pk")
        machine.change(MARCH, Amounts(envelopes={row.pk: row.amount + 120}), is_decided=True)
        machine.the_books_are_what_was_decided()
        machine.take_back(machine.done[0])
        machine.the_books_are_what_was_decided()
    finally:
        machine.teardown()


def test_a_short_history_without_a_bug() -> None:
    raise_and_take_back()
    assert AmendingMachine.answers == {"load": 1, "amend": 1, "approve amendment": 1, "undo": 1}


@pytest.mark.parametrize(
    ("room", "name", "bug"),
    [(versions, "_from_month_on", lambda differences, since: differences), (amendments, "reverse", lambda **said: None)],
)
def test_a_bug_that_is_put_in_is_found(room: Any, name: str, bug: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month before the amendment is moved; what is taken back is not reversed."""
    monkeypatch.setattr(room, name, bug)
    with pytest.raises(AssertionError):
        raise_and_take_back()
