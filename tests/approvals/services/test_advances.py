"""Taking money of a later month in advance: asked for, held there, decided, missing there, taken back."""

from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, transaction

from approvals.models import Advance, Request
from approvals.selectors.advances import Taking, months_of_request, notes_of_advances
from approvals.services.advances import ask_advance
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.services.policies import load_policy
from approvals.services.requests import copy_request, save_draft, withdraw_request
from approvals.services.undoing import take_back
from budgets.models import Entry, FundsAccount, Journal
from budgets.selectors.balances import account_figures
from budgets.selectors.check import check_ledger
from budgets.services.periods import close_period
from core.errors import ClosedPeriod, InvalidInput, Missing, NoFunds, WrongState
from core.models import User
from tests.factories.approvals import MARCH, approve_all, asked, everything, read_yaml, stages_of
from tests.factories.budgets import move
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)


def taking(account: FundsAccount, amount: Any = "400.50", *, later: date = APRIL, into: date = MARCH) -> Taking:
    return Taking(account, into, {later: Decimal(str(amount))}, "Licences are due.")


def ask(person: User, account: FundsAccount, amount: Any = "400.50", *, key: UUID | None = None, **more: Any) -> Request:
    return ask_advance(actor=person, taking=taking(account, amount, **more), form_key=key or uuid4())


def month(account: FundsAccount, at: date) -> tuple[Decimal, Decimal]:
    """Return what a month of an account is allotted, and what of it is left."""
    figures = account_figures([account.pk], month=at)[account.pk]
    return figures.allotted, figures.available


@pytest.fixture
def account(kafka: House) -> FundsAccount:
    return kafka.budget.accounts["PRODUCT", "software"]


def test_it_is_asked_of_whom_the_policy_names_and_held_in_the_later_month(kafka: House, account: FundsAccount) -> None:
    request = ask(kafka.engineer, account)

    assert (request.subject_kind, request.kind, request.amount) == ("advance", "advance", Decimal("400.50"))
    assert [stage.owner for stage in stages_of(request)] == [kafka.people["program_director"]]
    assert (month(account, MARCH), month(account, APRIL)) == ((1000, 1000), (1000, Decimal("599.50")))
    shown = months_of_request(request)
    assert [(side.month, side.allotted_after, side.available_after) for side in shown] == [
        (MARCH, Decimal("1400.50"), Decimal("1400.50")),
        (APRIL, Decimal("599.50"), Decimal("599.50")),
    ]


def test_approved_the_money_is_in_this_month_and_missing_in_the_later_one(kafka: House, account: FundsAccount) -> None:
    request = approve_all(ask(kafka.engineer, account))

    assert request.state == Request.State.APPROVED
    assert month(account, MARCH) == (Decimal("1400.50"), Decimal("1400.50"))
    assert month(account, APRIL) == (Decimal("599.50"), Decimal("599.50"))
    journal = Journal.objects.get(kind="carry")
    assert (journal.source_id, sum(entry.amount for entry in journal.entries.all())) == (str(request.pk), 0)
    [note] = notes_of_advances(kafka.budget.budget, kafka.engineer)
    assert note.sentence == "April 2026 has 400.50 USD less on Software, Product"
    assert note.next_step == "March 2026 took it in advance."
    assert check_ledger().is_whole


def test_a_later_month_gives_no_more_than_it_has_whatever_the_year_would_let_pass(kafka: House, account: FundsAccount) -> None:
    move(account, "spent", 700, month=APRIL)
    before = everything(), Entry.objects.count()
    with pytest.raises(NoFunds, match=r"has 300\.00 left in April 2026; this takes 300\.01"):
        ask(kafka.engineer, account, "300.01")
    assert (everything(), Entry.objects.count()) == before
    ask(kafka.engineer, account, "300.00")
    with pytest.raises(NoFunds):
        ask(kafka.engineer, account, "0.01")


def test_what_waits_cannot_be_spent_in_the_later_month_nor_taken_twice(kafka: House, account: FundsAccount) -> None:
    ask(kafka.engineer, account, "1000")
    assert month(account, APRIL) == (1000, 0)
    with pytest.raises(NoFunds):
        ask(kafka.engineer, account, "1")
    ask(kafka.engineer, account, "1000", later=MAY)


@pytest.mark.parametrize("answer", [reject_stage, send_back])
def test_a_no_lets_the_later_month_have_it(kafka: House, account: FundsAccount, answer: Any) -> None:
    request = ask(kafka.engineer, account)
    stage = stages_of(request)[0]
    answer(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Not now.")
    assert (month(account, MARCH), month(account, APRIL)) == ((1000, 1000), (1000, 1000))


def test_withdrawn_it_holds_nothing_and_sent_back_it_is_asked_anew(kafka: House, account: FundsAccount) -> None:
    request = ask(kafka.engineer, account)
    withdraw_request(request_id=request.pk, actor=kafka.engineer)
    assert month(account, APRIL) == (1000, 1000)
    again = ask(kafka.engineer, account)
    stage = stages_of(again)[0]
    send_back(stage_id=stage.pk, actor=stage.owner, digest=again.digest, comment="From May, please.")
    changed = ask_advance(actor=kafka.engineer, taking=taking(account, "100", later=MAY), form_key=uuid4(), request_id=again.pk)
    approve_all(changed)
    assert (month(account, APRIL), month(account, MAY)[0], month(account, MARCH)[0]) == ((1000, 1000), 900, 1100)


def test_an_approval_taken_back_reverses_both_journals(kafka: House, account: FundsAccount) -> None:
    request = ask(kafka.engineer, account)
    stage = stages_of(request)[0]
    for _ in range(2):
        decision = approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
        assert month(account, MARCH)[0] == Decimal("1400.50")
        take_back(decision_id=decision.pk, actor=stage.owner)
        assert (month(account, MARCH), month(account, APRIL)) == ((1000, 1000), (1000, Decimal("599.50")))
    assert check_ledger().is_whole


def test_one_form_asks_once(kafka: House, account: FundsAccount) -> None:
    key = uuid4()
    first = ask(kafka.engineer, account, key=key)
    assert ask(kafka.engineer, account, key=key) == first
    assert Request.objects.count() == 1


@pytest.mark.parametrize("later", [MARCH, date(2026, 2, 1)])
def test_what_is_no_later_month_is_refused(kafka: House, account: FundsAccount, later: date) -> None:
    before = everything()
    with pytest.raises(InvalidInput, match="is no later month than March 2026"):
        ask(kafka.engineer, account, later=later)
    assert everything() == before


def test_closed_months_neither_give_nor_take(kafka: House, account: FundsAccount) -> None:
    request = ask(kafka.engineer, account)
    withdraw_request(request_id=request.pk, actor=kafka.engineer)
    close_period(entity=kafka.entity, month=APRIL, actor=None)
    before = everything()
    with pytest.raises((ClosedPeriod, InvalidInput)):
        ask(kafka.engineer, account)
    with pytest.raises((ClosedPeriod, InvalidInput)):
        ask(kafka.engineer, account, into=APRIL, later=MAY)
    assert everything() == before


def test_a_policy_without_such_a_kind_knows_no_advances(kafka: House, account: FundsAccount) -> None:
    document = deepcopy(read_yaml("demo/policies/kafka.yaml"))
    del document["kinds"]["advance"]
    document["rules"] = [rule for rule in document["rules"] if rule["kind"] != "advance"]
    load_policy(document=document, entity=kafka.entity, actor=None)
    before = everything()
    with pytest.raises(Missing, match="knows no advances"):
        ask(kafka.engineer, account)
    assert everything() == before


def test_only_who_asks_money_of_the_line_asks_for_an_advance(kafka: House, account: FundsAccount, outsider: User) -> None:
    with pytest.raises(InvalidInput, match="not one of your budget lines"):
        ask(outsider, account)


def test_it_is_no_request_for_money_and_does_not_change_while_it_is_decided(kafka: House, account: FundsAccount) -> None:
    request = ask(kafka.engineer, account)
    with pytest.raises(DatabaseError), transaction.atomic():
        Advance.objects.filter(request=request).update(into=MAY)
    with pytest.raises(WrongState):
        copy_request(request_id=request.pk, actor=kafka.engineer)
    stage = stages_of(request)[0]
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Why?")
    with pytest.raises(WrongState):
        save_draft(actor=kafka.engineer, entity=kafka.entity, data=asked(account), request_id=request.pk)
