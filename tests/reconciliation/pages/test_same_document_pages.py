"""The pages of an invoice and of a row say when both are one document, and let a person say so."""

import pytest
from django.test import Client
from django.urls import reverse

from core.models import User
from reconciliation.models import Invoice
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.documents import ROW, Coding, spent
from tests.fixtures.imports import Importing


@pytest.fixture
def page(client: Client, controller: User) -> Client:
    client.force_login(controller)
    return client


def test_an_invoice_shows_the_row_that_gave_way_and_the_row_shows_its_invoice(
    page: Client, invoice: Invoice, import_rows: Importing, code: Coding
) -> None:
    row = import_rows(ROW).raw_rows.get()
    shown = page.get(reverse("reconciliation:invoice", args=[invoice.pk])).content.decode()
    assert "with the same amount it then gives way by itself" in shown
    assert "count it once" not in shown
    code(invoice)
    shown = page.get(reverse("reconciliation:invoice", args=[invoice.pk])).content.decode()
    assert "It has the vendor, the number and the amount of the invoice." in shown
    assert "is another document</button>" not in shown
    told = page.get(reverse("reconciliation:import-row", args=[row.pk])).content.decode()
    assert "Confirmed by invoice" in told
    assert "was taken back" in told


def test_who_codes_the_invoice_is_told_what_became_of_the_row(
    page: Client, invoice: Invoice, import_rows: Importing, small_budget: SmallBudget
) -> None:
    line, body = invoice.lines.get(), {"account": small_budget.account.pk, "month": "2026-03-01"}
    import_rows(ROW)
    told = page.post(reverse("reconciliation:line-code", args=[line.pk]), body, follow=True).content.decode()
    assert "Counted once: this document was spent as Row 2 of spend.csv before; that was taken back." in told
    page.post(reverse("reconciliation:line-uncode", args=[line.pk]))
    import_rows(ROW, ROW)
    told = page.post(reverse("reconciliation:line-code", args=[line.pk]), body, follow=True).content.decode()
    assert "Rows of ledgers name this invoice and are spent besides it." in told


def test_a_person_says_which_row_is_the_invoice_and_undoes_it(
    page: Client, invoice: Invoice, import_rows: Importing, code: Coding
) -> None:
    row = import_rows(ROW.replace("100.00", "90.00")).raw_rows.get()
    code(invoice)
    shown = page.get(reverse("reconciliation:invoice", args=[invoice.pk])).content.decode()
    assert "spent besides" in shown
    confirm = reverse("reconciliation:invoice-row-confirm", args=[invoice.pk, row.pk])
    tried = page.post(confirm, {"dry_run": "true"}).content.decode()
    assert "190.00" in tried
    assert str(spent()) == "190.00"
    answer = page.post(confirm, follow=True)
    assert "its spend was taken back, the invoice counts" in answer.content.decode()
    assert str(spent()) == "100.00"
    again = page.post(reverse("reconciliation:invoice-row-confirm", args=[invoice.pk, row.pk]), follow=True)
    assert "This row is not spent besides this invoice." in again.content.decode()
    answer = page.post(reverse("reconciliation:invoice-row-release", args=[invoice.pk, row.pk]), follow=True)
    assert "it is spent again" in answer.content.decode()
    assert str(spent()) == "190.00"


def test_an_auditor_reads_and_is_offered_nothing(
    client: Client, auditor: User, invoice: Invoice, import_rows: Importing, code: Coding
) -> None:
    row = import_rows(ROW.replace("100.00", "90.00")).raw_rows.get()
    code(invoice)
    client.force_login(auditor)
    shown = client.get(reverse("reconciliation:invoice", args=[invoice.pk])).content.decode()
    assert "spent besides" in shown
    assert "count it once" not in shown
    assert client.post(reverse("reconciliation:invoice-row-confirm", args=[invoice.pk, row.pk])).status_code == 403
    assert str(spent()) == "190.00"
