"""Statements come in once, form a chain, and their entries become payments: a batch and its parts are never both counted."""

from datetime import date
from decimal import Decimal

import pytest

from core.errors import InvalidInput
from core.models import User
from reconciliation.models import BankAccount, BankEntry, ExceptionItem, Payment, Statement, StatusEvent
from reconciliation.rules.camt import ParsedStatement
from reconciliation.services.payments import allocate
from reconciliation.services.statements import record_statement
from tests.factories.reconciliation import Detail, Entry, an_invoice, camt, handle_events, take_statement
from tests.fixtures.budgets import SmallBudget


def day(number: int) -> date:
    return date(2026, 3, number)


def daily(number: int, opening: str, *amounts: str) -> bytes:
    entries = [Entry([Detail(amount)], booked_on=day(number)) for amount in amounts]
    return camt(*entries, opening=opening, identification=f"STMT-{number}", day=day(number))


def open_gaps() -> list[ExceptionItem]:
    return list(ExceptionItem.objects.filter(code="statement_gap", closed_at__isnull=True))


def test_opening_and_entries_make_the_closing(small_budget: SmallBudget, controller: User) -> None:
    made = take_statement(small_budget.entity, controller, daily(2, "1000.00", "100.00", "-40.00")).statement
    assert (made.opening, made.closing, made.entry_count) == (Decimal("1000.00"), Decimal("940.00"), 2)
    assert [entry.amount for entry in made.entries.all()] == [Decimal("-100.00"), Decimal("40.00")]
    assert sorted(Payment.objects.values_list("amount", flat=True)) == [Decimal("-40.00"), Decimal("100.00")]
    assert StatusEvent.objects.filter(source="bank", code="booked").count() == 2


def test_the_same_statement_again_changes_nothing(small_budget: SmallBudget, controller: User) -> None:
    content = daily(2, "1000.00", "100.00")
    assert take_statement(small_budget.entity, controller, content).is_new
    handle_events()
    before = [model.objects.count() for model in (BankAccount, Statement, BankEntry, Payment, StatusEvent, ExceptionItem)]
    assert not take_statement(small_budget.entity, controller, content).is_new
    handle_events()
    assert [model.objects.count() for model in (BankAccount, Statement, BankEntry, Payment, StatusEvent, ExceptionItem)] == before


def test_a_statement_that_came_again_changed_is_said_and_the_first_stands(small_budget: SmallBudget, controller: User) -> None:
    take_statement(small_budget.entity, controller, daily(2, "1000.00", "100.00"))
    again = take_statement(small_budget.entity, controller, daily(2, "1000.00", "90.00"))
    assert not again.is_new
    assert again.statement.closing == Decimal("900.00")
    assert ExceptionItem.objects.get().code == "statement_changed"


def test_a_gap_is_said_and_closes_when_the_missing_one_comes(small_budget: SmallBudget, controller: User) -> None:
    take_statement(small_budget.entity, controller, daily(2, "1000.00", "100.00"))
    third = take_statement(small_budget.entity, controller, daily(4, "850.00", "10.00")).statement
    [gap] = open_gaps()
    assert (gap.amount, gap.subject_id) == (Decimal("-50.00"), str(third.pk))

    second = take_statement(small_budget.entity, controller, daily(3, "900.00", "50.00")).statement
    assert open_gaps() == []
    third.refresh_from_db()
    assert third.previous == second


def test_a_balance_only_file_is_no_error(small_budget: SmallBudget, controller: User) -> None:
    made = take_statement(small_budget.entity, controller, daily(2, "1000.00"))
    assert (made.statement.closing, Payment.objects.count()) == (Decimal("1000.00"), 0)


def test_a_batch_becomes_its_parts(small_budget: SmallBudget, controller: User) -> None:
    batch = Entry([Detail("10.00", end_to_end_id="E1"), Detail("20.00", end_to_end_id="E1"), Detail("30.00", end_to_end_id="E1")])
    take_statement(small_budget.entity, controller, camt(batch))
    assert BankEntry.objects.get().amount == Decimal("-60.00")
    assert list(Payment.objects.order_by("number").values_list("amount", flat=True)) == [Decimal(10), Decimal(20), Decimal(30)]


def test_a_statement_that_does_not_add_up_is_recorded_and_said(small_budget: SmallBudget, controller: User) -> None:
    content = daily(2, "1000.00", "100.00").replace(b"900.00", b"899.00")
    take_statement(small_budget.entity, controller, content)
    item = ExceptionItem.objects.get(code="statement_unbalanced")
    assert item.amount == Decimal("-1.00")


def test_a_returned_payment_is_told_and_the_invoice_keeps_its_history(small_budget: SmallBudget, controller: User) -> None:
    invoice = an_invoice(small_budget.entity, controller)
    sent = Entry([Detail("100.00", end_to_end_id="PAY-77")])
    take_statement(small_budget.entity, controller, camt(sent, identification="S1"))
    payment = Payment.objects.get()
    allocate(payment_id=payment.pk, invoice_id=invoice.pk, amount=Decimal(100), actor=controller, rule="person", why="Chosen.")

    back = Entry([Detail("-100.00", end_to_end_id="PAY-77")], booked_on=day(21), is_reversal=True)
    take_statement(small_budget.entity, controller, camt(back, opening="9900.00", identification="S2", day=day(21)))
    payment.refresh_from_db()
    assert payment.state == "returned"
    assert ExceptionItem.objects.filter(code="payment_returned", closed_at__isnull=True).exists()
    assert payment.allocations.get().is_active


def test_a_statement_without_an_account_is_refused(small_budget: SmallBudget, controller: User) -> None:
    nameless = ParsedStatement("S1", "", "", "", "USD", None, None, day(1), day(1))
    with pytest.raises(InvalidInput, match="names no account"):
        record_statement(entity=small_budget.entity, statement=nameless, actor=controller)
    assert not BankAccount.objects.exists()
