"""Payments settle invoices: *paid* follows the coding, an undo takes back one allocation, the bank is never refused."""

from decimal import Decimal

import pytest
from django.db.models import Sum

from budgets.models import Entry, Journal
from budgets.services.periods import close_period, reopen_period
from core.errors import InvalidInput, WrongState
from core.models import User
from reconciliation.models import Allocation, ExceptionItem, Invoice, Payment
from reconciliation.rules.invoices import InvoiceData, LineData
from reconciliation.services.coding import code_invoice_line, uncode_invoice_line
from reconciliation.services.invoices import record_invoice
from reconciliation.services.matching import match_payments
from reconciliation.services.payments import allocate, undo_allocation
from tests.factories.reconciliation import ISSUED, MARCH, Detail, an_invoice, handle_events, pay
from tests.fixtures.budgets import SmallBudget


def paid_on(small_budget: SmallBudget, key: tuple[str, str] = ("PLATFORM", "software")) -> Decimal:
    rows = Entry.objects.filter(account=small_budget.accounts[key], bucket="paid")
    return rows.aggregate(sum=Sum("amount"))["sum"] or Decimal("0.00")


def settle(payment: Payment, invoice: Invoice, actor: User, amount: str) -> Allocation:
    return allocate(
        payment_id=payment.pk,
        invoice_id=invoice.pk,
        amount=Decimal(amount),
        actor=actor,
        rule="person",
        why="Chosen by a person.",
    )


@pytest.fixture
def coded(small_budget: SmallBudget, controller: User) -> Invoice:
    """An invoice of 121.00, of which 21.00 is VAT that comes back: 100.00 from the budget."""
    return an_invoice(
        small_budget.entity, controller, vat="21.00", recoverable="21.00", account_id=small_budget.account.pk, month=MARCH
    )


def test_a_settled_invoice_has_paid_what_it_spent(small_budget: SmallBudget, coded: Invoice, controller: User) -> None:
    [payment] = pay(small_budget.entity, controller, Detail("121.00"))
    settle(payment, coded, controller, "121.00")
    assert paid_on(small_budget) == Decimal("100.00")
    assert Invoice.objects.get().money_state == "paid"
    assert Payment.objects.get().match_state == "matched"


def test_parts_add_up_to_the_cent(small_budget: SmallBudget, coded: Invoice, controller: User) -> None:
    payments = pay(small_budget.entity, controller, Detail("40.33"), Detail("40.33"), Detail("40.34"))
    allocations = [settle(payment, coded, controller, str(payment.amount)) for payment in payments]
    assert paid_on(small_budget) == Decimal("100.00")
    undo_allocation(allocation_id=allocations[1].pk, actor=controller)
    assert Invoice.objects.get().money_state == "partly_paid"
    settle(payments[1], coded, controller, "40.33")
    assert paid_on(small_budget) == Decimal("100.00")


def test_paid_spreads_over_the_lines(small_budget: SmallBudget, controller: User) -> None:
    keys = [("PLATFORM", "software"), ("PRODUCT", "people"), ("PRODUCT", "training")]
    lines = tuple(LineData(key[1], Decimal("10.00"), account_id=small_budget.accounts[key].pk, month=MARCH) for key in keys)
    data = InvoiceData("Acme Cloud", "INV-3", ISSUED, "USD", lines)
    invoice = record_invoice(entity=small_budget.entity, data=data, actor=controller).invoice
    [payment] = pay(small_budget.entity, controller, Detail("10.00"))
    settle(payment, invoice, controller, "10.00")
    assert [paid_on(small_budget, key) for key in keys] == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]


def test_a_payment_before_the_coding_waits_for_it(small_budget: SmallBudget, controller: User) -> None:
    invoice = an_invoice(small_budget.entity, controller)
    [payment] = pay(small_budget.entity, controller, Detail("100.00"))
    allocation = settle(payment, invoice, controller, "100.00")
    assert (allocation.journal_id, paid_on(small_budget)) == (None, Decimal("0.00"))

    line = invoice.lines.get()
    code_invoice_line(line_id=line.pk, account=small_budget.account, month=MARCH, actor=controller)
    handle_events()
    assert paid_on(small_budget) == Decimal("100.00")
    uncode_invoice_line(line_id=line.pk, actor=controller)
    assert paid_on(small_budget) == Decimal("0.00")
    assert Invoice.objects.get().money_state == "paid"
    other = small_budget.accounts["PRODUCT", "people"]
    code_invoice_line(line_id=line.pk, account=other, month=MARCH, actor=controller)
    handle_events()
    assert (paid_on(small_budget), paid_on(small_budget, ("PRODUCT", "people"))) == (Decimal("0.00"), Decimal("100.00"))


def test_undoing_takes_back_one_allocation_only(small_budget: SmallBudget, coded: Invoice, controller: User) -> None:
    payments = pay(small_budget.entity, controller, Detail("60.50"), Detail("60.50"))
    first, second = (settle(payment, coded, controller, "60.50") for payment in payments)
    undo_allocation(allocation_id=first.pk, actor=controller)
    assert list(Allocation.objects.filter(undone_at__isnull=True)) == [second]
    assert paid_on(small_budget) == Decimal("50.00")
    before = Journal.objects.count()
    with pytest.raises(WrongState, match="taken off the invoice before"):
        undo_allocation(allocation_id=first.pk, actor=controller)
    assert Journal.objects.count() == before


def test_overpaid_is_a_state_and_no_error(small_budget: SmallBudget, coded: Invoice, controller: User) -> None:
    payments = pay(small_budget.entity, controller, Detail("121.00"), Detail("121.00"))
    for payment in payments:
        settle(payment, coded, controller, "121.00")
    invoice = Invoice.objects.get()
    assert (invoice.money_state, invoice.open_amount) == ("overpaid", Decimal("-121.00"))
    assert paid_on(small_budget) == Decimal("200.00")


@pytest.mark.parametrize("amount", ["121.01", "-1.00", "0.00", "0.001", "NaN"])
def test_more_than_the_payment_or_less_than_nothing_is_refused(
    amount: str, small_budget: SmallBudget, coded: Invoice, controller: User
) -> None:
    [payment] = pay(small_budget.entity, controller, Detail("121.00"))
    before = Journal.objects.count()
    with pytest.raises(InvalidInput):
        settle(payment, coded, controller, amount)
    assert (Allocation.objects.count(), Journal.objects.count()) == (0, before)


def test_one_payment_is_on_one_invoice_once(small_budget: SmallBudget, coded: Invoice, controller: User) -> None:
    [payment] = pay(small_budget.entity, controller, Detail("121.00"))
    settle(payment, coded, controller, "60.00")
    with pytest.raises(WrongState, match="already"):
        settle(payment, coded, controller, "60.00")
    assert Allocation.objects.count() == 1


def test_a_credit_note_is_settled_by_money_that_came_in(small_budget: SmallBudget, controller: User) -> None:
    credit = an_invoice(small_budget.entity, controller, "CN-9", "-50.00", account_id=small_budget.account.pk, month=MARCH)
    [refund] = pay(small_budget.entity, controller, Detail("-50.00"))
    settle(refund, credit, controller, "-50.00")
    assert Invoice.objects.get(pk=credit.pk).money_state == "paid"
    assert paid_on(small_budget) == Decimal("-50.00")


def test_paid_goes_to_the_next_open_month_and_waits_where_there_is_none(
    small_budget: SmallBudget, coded: Invoice, controller: User
) -> None:
    for month in range(3, 13):
        close_period(entity=small_budget.entity, month=MARCH.replace(month=month), actor=controller)
    [payment] = pay(small_budget.entity, controller, Detail("121.00"))
    allocation = settle(payment, coded, controller, "121.00")
    assert (allocation.journal_id, Invoice.objects.get().money_state) == (None, "paid")
    assert ExceptionItem.objects.get(code="paid_not_posted").closed_at is None

    reopen_period(entity=small_budget.entity, month=MARCH.replace(month=5), actor=controller)
    match_payments(entity=small_budget.entity, actor=controller)
    entry = Entry.objects.get(bucket="paid")
    assert (entry.amount, entry.month) == (Decimal("100.00"), MARCH.replace(month=5))
    assert ExceptionItem.objects.get(code="paid_not_posted").closed_at is not None
