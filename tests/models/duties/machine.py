"""A search for counter-examples, and long random sequences: whatever is done, in whatever order, the promises hold."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, ClassVar

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core import clock
from tests.factories.approvals import approve_all, submitted
from tests.models.duties.deeds import Deeds
from tests.models.duties.force import ForcedDeeds
from tests.models.duties.house import House
from tests.models.duties.promises import broken
from tests.models.history import Numbers
from tests.models.machine import Drawn

# How often each thing is done, of a hundred and some: mostly what people do.
MIXTURE: Mapping[str, float] = {
    "submit": 12,
    "change_and_submit_again": 5,
    "submit_again_unchanged": 2,
    "withdraw": 1,
    "copy": 1,
    "decide": 16,
    "decide_on_the_page": 4,
    "decide_by_program": 4,
    "decide_by_link": 4,
    "decide_many": 3,
    "take_back": 6,
    "ask": 5,
    "answer": 3,
    "withdraw_question": 1,
    "hand_over": 5,
    "one_more": 3,
    "delegate": 4,
    "end_delegation": 2,
    "give_role": 1.5,
    "take_role": 1,
    "let_time_pass": 5,
    "declare": 2,
    "pay_debt": 2,
}
MONEY: Mapping[str, float] = {
    "invoice": 4,
    "match": 5,
    "unmatch": 1,
    "settle": 7,
    "take_suggestion": 1,
    "take_payment_off": 1,
}
FORCE: Mapping[str, float] = {
    "force_a_decision": 6,
    "force_another_asker": 1,
    "force_other_content": 2,
    "force_an_approval": 2,
    "force_out_the_owner": 2,
    "force_a_clock": 2,
    "force_a_settlement": 3,
    "force_by_the_admin": 0.5,
}
# How often each way of forcing is tried where its wall is down, and how many questions stop clocks before.
MOST_FORCED, MOST_ASKED = 12, 3
# What a search draws from: no page is opened and nothing forced there, so that it can make many short tries.
SEARCHED: Mapping[str, int] = {
    "submit": 2,
    "change_and_submit_again": 2,
    "submit_again_unchanged": 1,
    "withdraw": 1,
    "decide": 6,
    "take_back": 2,
    "ask": 1,
    "answer": 1,
    "hand_over": 1,
    "one_more": 1,
    "delegate": 1,
    "take_role": 1,
    "let_time_pass": 1,
    "declare": 1,
}


class Broken(AssertionError):
    """A promise did not hold."""


def hold(deeds: Deeds, promise: str = "") -> None:
    """Raise Broken where a promise does not hold, or where the server failed; of one promise alone, where that is named."""
    if deeds.faults and not promise:
        raise Broken(f"errors of the server: {deeds.faults[:3]}")
    found = broken()
    if promise in found or (found and not promise):
        raise Broken(f"{found}, after {deeds.answers.total()} deeds")


def begin(house: House) -> None:
    """Let some requests wait and one be approved, so that a search need not come upon the first step of all."""
    first, second, third = (house.people[name] for name in ("manager", "first director", "accountant"))
    with clock.at(house.now):
        approve_all(submitted(first, house.accounts[0], "100", kind="purchase"))
        for person, kind in ((first, "purchase"), (second, "contract"), (third, "travel")):
            submitted(person, house.accounts[0], "100", kind=kind)


def play(house: House, seed: int, count: int, answers: Counter[str], *, promise: str = "") -> None:
    """Do `count` things by a seed, and look at the promises, or at one, after each; `answers` counts what came.

    Raises Broken.
    """
    chance, deeds = Numbers(seed), ForcedDeeds(house)
    deeds.answers = answers
    mixture = {**MIXTURE, **MONEY, **FORCE}
    for name in chance.choices(list(mixture), list(mixture.values()), k=count):
        deeds.do(name, chance)
        hold(deeds, promise)


def force(house: House, way: str, deed: str) -> str:
    """Try one way of forcing owners or clocks, on stages of which some stand still; return what it broke, blank for nothing.

    All is as before in the end. `deed` is the deed that the way belongs to.
    """
    chance, deeds = Numbers(len(way)), ForcedDeeds(house)
    deeds.only = way
    with transaction.atomic():
        try:
            for _ in range(MOST_ASKED):
                deeds.do("ask", chance)
            for _ in range(MOST_FORCED):
                deeds.do(deed, chance)
                hold(deeds)
        except Broken as broken:
            return str(broken)
        finally:
            transaction.set_rollback(True)
    return ""


class DutiesMachine(RuleBasedStateMachine):
    """Every deed there is, in any order. Each sequence starts from `start` and is rolled back; `answers` counts what came.

    `promise` names the one promise that is looked at; blank are all.
    """

    start: ClassVar[House]
    answers: ClassVar[Counter[str]]
    promise: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self.block = ExitStack()
        self.block.enter_context(transaction.atomic())
        first = self.start
        self.deeds = Deeds(House(first.entity, first.budget, first.people, first.accounts))

    @invariant()
    def promises_hold(self) -> None:
        hold(self.deeds, self.promise)

    def teardown(self) -> None:
        self.answers.update(self.deeds.answers)
        transaction.set_rollback(True)
        self.block.close()


def _rule_of(name: str) -> Callable[..., Any]:
    def deed(self: DutiesMachine, data: st.DataObject) -> None:
        self.deeds.do(name, Drawn(data))

    deed.__name__ = name
    return rule(data=st.data())(deed)


for _name, _times in SEARCHED.items():
    # Each rule is as likely as any other, so what is done oftener has several.
    for _number in range(_times):
        setattr(DutiesMachine, f"{_name}_{_number}", _rule_of(_name))
