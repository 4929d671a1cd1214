"""Two people at one month's chargeback at the same moment: the spend moves once, and one run is open."""

import threading
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError

from budgets.locks import lock_chargeback
from budgets.models import Balance, ChargebackRun, Journal
from budgets.selectors.check import check_ledger
from budgets.services import chargeback_posting
from budgets.services.chargeback_posting import post_chargeback
from budgets.services.statements import accept_statement, dispute_statement
from core.errors import Refusal, WrongState
from core.models import User
from tests.factories.chargebacks import JANUARY, Charged
from tests.factories.golden_allocation import bill
from tests.fixtures.budgets import SmallBudget
from tests.races.test_decisions import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def accepted(charged: Charged) -> ChargebackRun:
    run = charged.sent()
    for statement in run.statements.select_related("manager"):
        accept_statement(statement_id=statement.pk, actor=statement.manager)
    return run


def _posting(charged: Charged, run: ChargebackRun) -> Callable[[], Any]:
    return lambda: post_chargeback(run_id=run.pk, actor=charged.controller)


def _spent(code: str) -> Decimal:
    rows = Balance.objects.filter(month=JANUARY, account__cost_centre__code=code).values_list("spent", flat=True)
    return sum(rows, Decimal(0))


def test_two_postings_without_the_lock_run_into_the_wall(
    charged: Charged, accepted: ChargebackRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = threading.Barrier(2)

    def read(run_id: int) -> ChargebackRun:
        found = ChargebackRun.objects.select_related("entity__calendar", "rules").get(pk=run_id)
        met.wait(timeout=20)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(chargeback_posting, "lock_chargeback_month", read)
        outcomes = at_once(_posting(charged, accepted), _posting(charged, accepted))

    errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(errors) == 1
    assert isinstance(errors[0], DatabaseError | Refusal)
    assert _spent("PRODUCT") == Decimal("60.05")


def test_two_postings_at_once_move_the_spend_once(charged: Charged, accepted: ChargebackRun) -> None:
    outcomes = at_once(_posting(charged, accepted), _posting(charged, accepted))

    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [WrongState]
    assert (_spent("PLATFORM"), _spent("PRODUCT")) == (0, Decimal("60.05"))
    assert Journal.objects.filter(source_type="chargeback").count() == 1
    assert check_ledger().is_whole


def test_a_month_drawn_up_by_two_at_once_has_one_open_run(charged: Charged) -> None:
    outcomes = at_once(charged.drawn, charged.drawn)

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert sorted(ChargebackRun.objects.values_list("number", "state")) == [(1, "dropped"), (2, "draft")]


def test_a_dispute_as_it_is_posted_either_holds_it_or_comes_too_late(charged: Charged, accepted: ChargebackRun) -> None:
    statement = accepted.statements.get(receiver=charged.product)

    def dispute() -> Any:
        return dispute_statement(statement_id=statement.pk, actor=charged.product_lead, words="Too much.")

    outcomes = at_once(_posting(charged, accepted), dispute)

    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [WrongState]
    accepted.refresh_from_db()
    statement.refresh_from_db()
    assert (accepted.state, statement.state) in {("posted", "accepted"), ("review", "disputed")}


def test_a_month_posted_in_two_ways_at_once_is_moved_by_one(small_budget: SmallBudget, controller: User) -> None:
    billed = bill(small_budget, controller)
    runs = [billed.accepted(way) for way in ("departments", "projects")]

    outcomes = at_once(*(partial(post_chargeback, run_id=run.pk, actor=controller) for run in runs))

    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [WrongState]
    assert sorted(ChargebackRun.objects.values_list("state", flat=True)) == ["posted", "review"]
    assert Journal.objects.filter(source_type="chargeback").count() == 1
    assert check_ledger().is_whole


def test_without_the_lock_one_way_takes_the_others_posting_back(
    small_budget: SmallBudget, controller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    billed = bill(small_budget, controller)
    runs = [billed.accepted(way) for way in ("departments", "projects")]
    met = threading.Barrier(2)

    def nobody_yet(run: ChargebackRun) -> None:
        met.wait(timeout=20)

    with monkeypatch.context() as patch:
        patch.setattr(chargeback_posting, "lock_chargeback_month", lock_chargeback)
        patch.setattr(chargeback_posting, "moved_by", nobody_yet)
        outcomes = at_once(*(partial(post_chargeback, run_id=run.pk, actor=controller) for run in runs))

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert sorted(ChargebackRun.objects.values_list("state", flat=True)) == ["posted", "replaced"]
