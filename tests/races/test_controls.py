"""Two people state one control at once: without what they saw one overwrites the other; with it, the second looks again."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from budgets.models import Control
from budgets.selectors.check import check_ledger
from budgets.services.controls import Node, Terms, set_control
from core.errors import Refusal, Stale
from core.models import AuditRecord, User
from tests.fixtures.budgets import SmallBudget

pytestmark = pytest.mark.django_db(transaction=True)
LIMITS = (Decimal(40000), Decimal(50000))


def at_once(*steps: Callable[[], Any]) -> list[Any]:
    """Run each step in a thread of its own, all from one barrier; return what each gave or was refused with."""
    barrier = threading.Barrier(len(steps))
    outcomes: list[Any] = [None] * len(steps)

    def run(index: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            outcomes[index] = steps[index]()
        except Refusal as refusal:
            outcomes[index] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(steps))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=40)
    return outcomes


def state(small: SmallBudget, actor: User, limit: Decimal, seen: str | None) -> Callable[[], Control]:
    node, terms = Node(cost_centre=small.cost_centres["PLATFORM"]), Terms("stop", "year", own_limit=limit)
    return lambda: set_control(entity=small.entity, node=node, terms=terms, actor=actor, seen=seen)


def test_without_what_was_seen_one_overwrites_the_other_unseen(small_budget: SmallBudget, controller: User) -> None:
    outcomes = at_once(*(state(small_budget, controller, limit, None) for limit in LIMITS))
    assert [type(outcome) for outcome in outcomes] == [Control, Control]
    assert Control.objects.filter(origin="person").count() == 1
    assert AuditRecord.objects.filter(verb="control.changed").count() == 1


def test_with_what_was_seen_the_second_looks_again(small_budget: SmallBudget, controller: User) -> None:
    outcomes = at_once(*(state(small_budget, controller, limit, "") for limit in LIMITS))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [Control.__name__, Stale.__name__]
    kept = Control.objects.get(origin="person")
    assert kept == next(outcome for outcome in outcomes if isinstance(outcome, Control))
    assert list(AuditRecord.objects.filter(verb__startswith="control.").values_list("verb", flat=True)) == ["control.set"]
    assert check_ledger().is_whole
