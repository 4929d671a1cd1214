"""Invoices come in once, are held when they may be here twice, and are voided for good."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from budgets.models import Entry, Journal, Vendor
from budgets.selectors.balances import account_figures
from core.errors import InvalidInput, WrongState
from core.models import User
from reconciliation.models import ExceptionItem, Invoice, InvoiceLine, StatusEvent
from reconciliation.rules.invoices import InvoiceData, LineData
from reconciliation.services.coding import code_invoice_line, uncode_invoice_line
from reconciliation.services.invoices import clear_suspicion, record_invoice, void_invoice
from tests.factories.reconciliation import MARCH, an_invoice, invoice_data
from tests.fixtures.budgets import SmallBudget


def open_codes(invoice: Invoice) -> set[str]:
    rows = ExceptionItem.objects.filter(subject_type="reconciliation.invoice", subject_id=str(invoice.pk), closed_at__isnull=True)
    return set(rows.values_list("code", flat=True))


def test_an_invoice_comes_in_validated_and_asks_for_its_budget_line(small_budget: SmallBudget, controller: User) -> None:
    invoice = an_invoice(small_budget.entity, controller)
    assert (invoice.document_state, invoice.match_state, invoice.money_state) == ("validated", "unmatched", "open")
    assert (invoice.vendor, invoice.open_amount) == (small_budget.vendor, Decimal("100.00"))
    assert open_codes(invoice) == {"uncoded_invoice"}
    assert ExceptionItem.objects.get().owner == controller


def test_the_same_document_again_changes_nothing(small_budget: SmallBudget, controller: User) -> None:
    first = record_invoice(entity=small_budget.entity, data=invoice_data(), actor=controller)
    events = StatusEvent.objects.count()
    again = record_invoice(entity=small_budget.entity, data=invoice_data("inv 1001"), actor=controller)
    assert first.is_new
    assert not again.is_new
    assert again.invoice == first.invoice
    assert (Invoice.objects.count(), StatusEvent.objects.count()) == (1, events)


def test_a_line_that_comes_with_its_account_is_spent_at_once(small_budget: SmallBudget, controller: User) -> None:
    invoice = an_invoice(
        small_budget.entity, controller, vat="21.00", recoverable="21.00", account_id=small_budget.account.pk, month=MARCH
    )
    [entry] = Entry.objects.filter(journal__source_type="invoice", journal__source_id=str(invoice.pk))
    assert (entry.bucket, entry.amount, entry.month) == ("spent", Decimal("100.00"), MARCH)
    assert open_codes(invoice) == set()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"number": ""}, "number"),
        ({"net": "0"}, "lines.1"),
        ({"net": "NaN"}, "lines.1"),
        ({"net": "1e400"}, "lines.1"),
        ({"currency": "EUR"}, "currency"),
        ({"vendor_name": ""}, "vendor_name"),
        ({"description": "x" * 2_000_000}, "lines.1"),
    ],
)
def test_bad_input_is_refused_by_field_and_leaves_nothing(
    more: dict[str, str], field: str, small_budget: SmallBudget, controller: User
) -> None:
    before = (Vendor.objects.count(), Journal.objects.count())
    with pytest.raises(InvalidInput) as refused:
        record_invoice(entity=small_budget.entity, data=invoice_data(**more), actor=controller)
    assert field in refused.value.details
    assert not Invoice.objects.exists()
    assert (Vendor.objects.count(), Journal.objects.count()) == before


def test_one_that_may_be_here_twice_is_held(small_budget: SmallBudget, controller: User) -> None:
    first = an_invoice(small_budget.entity, controller, "003411", "123.45")
    held = an_invoice(small_budget.entity, controller, "A3411", "123.45", issued_on=date(2026, 12, 30))
    assert held.suspected_of == first
    assert open_codes(held) == {"duplicate_suspected"}
    with pytest.raises(WrongState, match="may be here twice"):
        code_invoice_line(line_id=held.lines.get().pk, account=small_budget.account, month=MARCH, actor=controller)

    clear_suspicion(invoice_id=held.pk, actor=controller)
    assert open_codes(held) == {"uncoded_invoice"}
    code_invoice_line(line_id=held.lines.get().pk, account=small_budget.account, month=MARCH, actor=controller)


def test_two_of_one_number_cannot_both_be_owed_until_one_is_void(small_budget: SmallBudget, controller: User) -> None:
    first = an_invoice(small_budget.entity, controller, "INV-1", "100.00")
    second = an_invoice(small_budget.entity, controller, "INV-1", "130.00")
    with pytest.raises(WrongState, match="has the number"):
        clear_suspicion(invoice_id=second.pk, actor=controller)

    void_invoice(invoice_id=first.pk, actor=controller, reason="Replaced by a corrected one.")
    second.refresh_from_db()
    assert second.suspected_of is None
    assert open_codes(second) == {"uncoded_invoice"}
    assert open_codes(first) == set()


def test_an_invoice_with_money_on_it_is_not_voided(small_budget: SmallBudget, controller: User) -> None:
    invoice = an_invoice(small_budget.entity, controller, account_id=small_budget.account.pk, month=MARCH)
    with pytest.raises(WrongState, match="Money hangs"):
        void_invoice(invoice_id=invoice.pk, actor=controller, reason="Wrong.")
    invoice.refresh_from_db()
    assert invoice.document_state == "validated"


def test_uncoding_takes_back_just_that_spend(small_budget: SmallBudget, controller: User) -> None:
    invoice = an_invoice(small_budget.entity, controller)
    line = invoice.lines.get()
    for _ in range(2):
        code_invoice_line(line_id=line.pk, account=small_budget.account, month=MARCH, actor=controller)
        assert open_codes(invoice) == set()
        uncode_invoice_line(line_id=line.pk, actor=controller)
        assert open_codes(invoice) == {"uncoded_invoice"}
    entries = Entry.objects.filter(journal__source_type="invoice").order_by("id").values_list("amount", flat=True)
    assert list(entries) == [Decimal(100), Decimal(-100), Decimal(100), Decimal(-100)]
    with pytest.raises(WrongState, match="not coded"):
        uncode_invoice_line(line_id=line.pk, actor=controller)


def test_status_events_are_written_once(small_budget: SmallBudget, controller: User) -> None:
    event = an_invoice(small_budget.entity, controller).events.all()[0]
    for change in (lambda: event.delete(), lambda: StatusEvent.objects.filter(pk=event.pk).update(code="voided")):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert StatusEvent.objects.filter(pk=event.pk, code=event.code).exists()


def test_a_coded_line_in_another_currency_is_refused(small_budget: SmallBudget, controller: User) -> None:
    invoice = an_invoice(small_budget.entity, controller)
    Invoice.objects.filter(pk=invoice.pk).update(currency="EUR")
    before = Journal.objects.count()
    with pytest.raises(InvalidInput, match="The invoice is in EUR"):
        code_invoice_line(line_id=invoice.lines.get().pk, account=small_budget.account, month=MARCH, actor=controller)
    assert Journal.objects.count() == before
    assert not InvoiceLine.objects.filter(account__isnull=False).exists()


def test_lines_that_came_coded_together_come_off_one_by_one(small_budget: SmallBudget, controller: User) -> None:
    keys = [("PLATFORM", "software"), ("PRODUCT", "people")]
    lines = tuple(LineData(key[1], Decimal("10.00"), account_id=small_budget.accounts[key].pk, month=MARCH) for key in keys)
    data = InvoiceData("Acme Cloud", "INV-3", date(2026, 3, 10), "USD", lines)
    invoice = record_invoice(entity=small_budget.entity, data=data, actor=controller).invoice
    assert Journal.objects.filter(source_type="invoice").count() == 1

    uncode_invoice_line(line_id=invoice.lines.get(number=1).pk, actor=controller)
    spent = {key: account_figures([small_budget.accounts[key].pk])[small_budget.accounts[key].pk].spent for key in keys}
    assert spent == {keys[0]: Decimal("0.00"), keys[1]: Decimal("10.00")}
    assert invoice.lines.get(number=2).is_coded
