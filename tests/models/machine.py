"""A search for counter-examples: every act in any order, the ledger against its model."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date
from typing import Any, ClassVar, TypeVar

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from budgets.selectors.check import check_ledger
from tests.models.acts import Acts
from tests.models.both import Both

T = TypeVar("T")
# One fiscal year's last month, four of the next in three of its quarters, and the first of the one after it.
MONTHS = [date(2025, 9, 1), date(2025, 10, 1), date(2025, 11, 1), date(2026, 1, 1), date(2026, 7, 1), date(2026, 10, 1)]
BUCKETS = ("reserved", "reserved", "committed", "spent", "paid")
ACTS = (
    "follow",
    "let_pass",
    "allot",
    "give_back",
    "take_back",
    "move_hold",
    "allot_and_hold",
    "shift",
    "reverse",
    "repeat",
    "nonsense",
    "close_or_reopen",
    "state_rate",
    "set_control",
    "remove_control",
    "move_centre",
)


class Drawn:
    """Chance as the search draws it."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def pick(self, options: Sequence[T]) -> T:
        return self.data.draw(st.sampled_from(options))

    def whole(self, low: int, high: int) -> int:
        return self.data.draw(st.integers(low, high))


class LedgerMachine(RuleBasedStateMachine):
    """Every act there is, in any order. Each history starts from `start` and is rolled back; `answers` counts what came."""

    start: ClassVar[Both]
    answers: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.block = ExitStack()
        self.block.enter_context(transaction.atomic())
        self.both = self.start.again()
        # Amounts of three times what a month has: a search that never meets a limit shows little.
        self.acts = Acts(self.both, MONTHS, size=600)

    @rule(data=st.data(), bucket=st.sampled_from(BUCKETS))
    def ask(self, data: st.DataObject, bucket: str) -> None:
        self.acts.ask(Drawn(data), bucket)

    @rule()
    def rebuild(self) -> None:
        self.both.rebuild()

    @invariant()
    def what_is_excused_is_what_stands_over(self) -> None:
        self.both.check_excused()

    def teardown(self) -> None:
        """Hold what is stored against what the model adds up, and against the entries themselves."""
        self.answers.update(self.both.answers)
        try:
            if not self.both.differs:
                self.both.check_stored()
                found = check_ledger()
                assert found.is_whole, found
        finally:
            transaction.set_rollback(True)
            self.block.close()


def _rule_of(name: str) -> Callable[..., Any]:
    def act(self: LedgerMachine, data: st.DataObject) -> None:
        getattr(self.acts, name)(Drawn(data))

    act.__name__ = name
    return rule(data=st.data())(act)


for _name in ACTS:
    setattr(LedgerMachine, _name, _rule_of(_name))
