"""A document that comes as a ledger's row and as an invoice counts once, whichever came first; what is doubtful is said."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from budgets.models import VendorAlias
from budgets.services.periods import close_period
from core.models import User
from reconciliation.models import Confirmation, ExceptionItem, Invoice, RawRow, Source
from reconciliation.services.coding import uncode_invoice_line
from reconciliation.services.ingest import apply, receive_file
from reconciliation.services.invoices import void_invoice
from reconciliation.services.sources import save_source
from tests.factories.core import EntityFactory
from tests.factories.reconciliation import an_invoice
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.documents import APRIL, MARCH, ROW, Coding, ends, spent
from tests.fixtures.imports import SPEND_HEADER, SPEND_MAPPING, Importing


def besides() -> ExceptionItem:
    return ExceptionItem.objects.get(code="counted_besides", closed_at__isnull=True)


def test_a_row_after_its_invoice_counts_once(invoice: Invoice, import_rows: Importing, code: Coding) -> None:
    code(invoice)
    import_rows(ROW)
    assert spent() == Decimal("100.00")
    assert Confirmation.objects.get().journal_id is None


def test_an_invoice_that_is_coded_after_its_row_takes_its_place_in_one_journal(
    invoice: Invoice, import_rows: Importing, code: Coding, small_budget: SmallBudget
) -> None:
    file = import_rows(ROW)
    posted = file.raw_rows.get().produced_id
    code(invoice)
    assert spent() == Decimal("100.00")
    row, line = RawRow.objects.get(), invoice.lines.get()
    assert (row.status, row.reason_code, row.produced_type, row.produced_id) == ("accepted", "confirms", "invoice", invoice.pk)
    assert row.reason == "Confirmed by invoice INV-7: it is this document, and is spent there."
    kept = Confirmation.objects.get()
    assert (kept.row, kept.invoice, kept.journal_id, kept.row_journal_id) == (row, invoice, line.journal_id, posted)
    assert line.journal is not None
    both = {(entry.thread, entry.amount) for entry in line.journal.entries.all()}
    assert both == {(f"invoice-line:{line.pk}", Decimal("100.00")), (f"raw-row:{row.pk}", Decimal("-100.00"))}
    assert "confirmed" in invoice.events.values_list("code", flat=True)
    file.refresh_from_db()
    assert (file.accepted, file.accepted_total) == (1, Decimal("100.00"))
    assert not ExceptionItem.objects.filter(code="counted_besides").exists()


def test_an_invoice_that_comes_with_its_budget_line_after_its_row_counts_once(
    import_rows: Importing, small_budget: SmallBudget, controller: User
) -> None:
    import_rows(ROW)
    an_invoice(small_budget.entity, controller, "inv 7", account_id=small_budget.account.pk, month=MARCH)
    assert spent() == Decimal("100.00")


@pytest.mark.parametrize("first", ["row", "invoice"])
@pytest.mark.parametrize("amount", ["121.00", "100.00", "111.00"])
def test_a_row_may_have_the_gross_the_net_or_the_cost(
    amount: str, first: str, import_rows: Importing, small_budget: SmallBudget, controller: User, code: Coding
) -> None:
    invoice = an_invoice(small_budget.entity, controller, "INV-7", vat="21.00", recoverable="10.00")
    if first == "invoice":
        code(invoice)
    import_rows(ROW.replace("100.00", amount))
    if first == "row":
        code(invoice)
    assert spent() == Decimal("111.00")


def test_a_credit_note_takes_the_place_of_its_row(
    import_rows: Importing, small_budget: SmallBudget, controller: User, code: Coding
) -> None:
    import_rows(ROW.replace("100.00", "-100.00"))
    code(an_invoice(small_budget.entity, controller, "INV-7", "-100.00"))
    assert spent() == Decimal("-100.00")


@pytest.mark.parametrize("row", [ROW.replace("Acme Cloud", "Acme Clouds"), ROW.replace("INV-7", "INV-70")])
def test_a_row_of_another_vendor_or_number_is_another_document(
    row: str, invoice: Invoice, import_rows: Importing, code: Coding
) -> None:
    import_rows(row)
    code(invoice)
    assert spent() == Decimal("200.00")
    assert not ExceptionItem.objects.filter(code="counted_besides").exists()


def test_a_row_in_another_currency_is_another_document(invoice: Invoice, import_rows: Importing, code: Coding) -> None:
    import_rows(ROW)
    RawRow.objects.update(currency="EUR")
    code(invoice)
    assert spent() == Decimal("200.00")


def test_a_row_of_another_organization_is_another_document(invoice: Invoice, import_rows: Importing, code: Coding) -> None:
    import_rows(ROW)
    Source.objects.update(entity=EntityFactory.create(code="other"))
    code(invoice)
    assert spent() == Decimal("200.00")


def test_a_vendor_is_known_by_its_other_names(invoice: Invoice, import_rows: Importing, code: Coding) -> None:
    VendorAlias.objects.create(vendor=invoice.vendor, entity=invoice.entity, name="ACME Cloud BV", name_key="acme cloud bv")
    import_rows(ROW.replace("Acme Cloud", "Acme Cloud BV"))
    code(invoice)
    assert spent() == Decimal("100.00")


def test_of_two_equal_rows_none_is_guessed_at(invoice: Invoice, import_rows: Importing, code: Coding, controller: User) -> None:
    import_rows(ROW, ROW)
    code(invoice)
    assert spent() == Decimal("300.00")
    item = besides()
    assert (item.amount, item.currency, item.owner) == (Decimal("200.00"), "USD", controller)
    assert item.sentence == (
        "2 rows of ledgers name invoice INV-7 of Acme Cloud and are spent besides it: 200.00 may count twice."
    )


def test_of_two_equal_rows_after_the_invoice_one_is_it_and_the_other_is_said(
    invoice: Invoice, import_rows: Importing, code: Coding
) -> None:
    code(invoice)
    import_rows(ROW, ROW)
    assert spent() == Decimal("200.00")
    assert "like an earlier row that is invoice INV-7" in besides().sentence


def test_a_second_equal_row_in_a_later_file_is_another_document(invoice: Invoice, import_rows: Importing, code: Coding) -> None:
    import_rows(ROW)
    code(invoice)
    import_rows(ROW, ROW)
    assert spent() == Decimal("200.00")
    assert besides().amount == Decimal("100.00")


def test_a_row_that_says_another_amount_is_said_in_either_order(
    invoice: Invoice, import_rows: Importing, code: Coding, small_budget: SmallBudget, controller: User
) -> None:
    import_rows(ROW.replace("100.00", "99.00"))
    code(invoice)
    first = besides()
    assert first.sentence == (
        "Row 2 of spend.csv names invoice INV-7 of Acme Cloud and says 99.00, the invoice 100.00: both are spent."
    )
    an_invoice(small_budget.entity, controller, "INV-8", "50.00", account_id=small_budget.account.pk, month=MARCH)
    import_rows(ROW.replace("INV-7", "INV-8").replace("100.00", "51.00"))
    assert spent() == Decimal("300.00")
    assert ExceptionItem.objects.filter(code="counted_besides", closed_at__isnull=True).count() == 2


def test_a_row_of_each_of_two_sources_gives_way(
    invoice: Invoice, import_rows: Importing, code: Coding, spend_source: Source, controller: User
) -> None:
    cards = save_source(
        entity=spend_source.entity, code="cards", name="Cards", format_code="spend_csv", mapping=SPEND_MAPPING, actor=controller
    )
    import_rows(ROW)
    received = receive_file(source=cards, name="cards.csv", content=f"{SPEND_HEADER}\n{ROW}\n".encode(), actor=controller)
    apply(import_file_id=received.pk, actor=controller)
    code(invoice)
    assert spent() == Decimal("100.00")
    assert Confirmation.objects.filter(undone_at__isnull=True).count() == 2


def test_a_row_in_a_closed_month_stands_and_is_said(
    invoice: Invoice, import_rows: Importing, code: Coding, small_budget: SmallBudget, controller: User
) -> None:
    import_rows(ROW)
    before = ends()
    close_period(entity=small_budget.entity, month=MARCH, actor=controller)
    code(invoice, APRIL)
    assert (spent(), ends()) == (Decimal("200.00"), before)
    assert besides().sentence == (
        "Row 2 of spend.csv is invoice INV-7 of Acme Cloud too, and stands in a closed month: 100.00 count twice."
    )
    uncode_invoice_line(line_id=invoice.lines.get().pk, actor=controller)
    assert not ExceptionItem.objects.filter(code="counted_besides", closed_at__isnull=True).exists()


def test_of_two_invoices_that_look_the_same_one_takes_the_row(
    invoice: Invoice, import_rows: Importing, code: Coding, small_budget: SmallBudget, controller: User
) -> None:
    """Another vendor is known by the first one's name too."""
    twin = an_invoice(small_budget.entity, controller, "INV-7", vendor_name="Acme Hosting")
    VendorAlias.objects.create(vendor=twin.vendor, entity=twin.entity, name="Acme Cloud", name_key="acme cloud")
    import_rows(ROW)
    code(invoice)
    code(twin)
    assert spent() == Decimal("200.00")
    assert Confirmation.objects.get(undone_at__isnull=True).invoice == invoice


def test_an_invoice_that_was_voided_leaves_the_row_to_the_one_that_follows(
    invoice: Invoice, import_rows: Importing, code: Coding, small_budget: SmallBudget, controller: User
) -> None:
    import_rows(ROW)
    code(invoice)
    uncode_invoice_line(line_id=invoice.lines.get().pk, actor=controller)
    void_invoice(invoice_id=invoice.pk, actor=controller, reason="The vendor sent another one.")
    assert spent() == Decimal("100.00")
    again = an_invoice(small_budget.entity, controller, "INV-7", account_id=small_budget.account.pk, month=MARCH)
    assert spent() == Decimal("100.00")
    assert Confirmation.objects.get(undone_at__isnull=True).invoice == again


def test_the_database_posts_no_row_that_an_invoice_confirms(invoice: Invoice, import_rows: Importing, code: Coding) -> None:
    import_rows(ROW)
    code(invoice)
    kept = Confirmation.objects.get()
    with pytest.raises(IntegrityError, match="is not posted besides"), transaction.atomic():
        RawRow.objects.update(produced_type="journal", produced_id=kept.row_journal_id)
    with pytest.raises(IntegrityError, match="confirmation_one_active_per_row"), transaction.atomic():
        Confirmation.objects.create(row=kept.row, invoice=invoice, rule="person", why="Again.")
    with pytest.raises(IntegrityError, match="confirmation_takes_back_what_was_posted"), transaction.atomic():
        Confirmation.objects.filter(pk=kept.pk).update(journal=None)


def test_one_statement_finds_the_rows_however_many_there_are(
    import_rows: Importing, small_budget: SmallBudget, controller: User, code: Coding
) -> None:
    def statements(number: str) -> int:
        found = an_invoice(small_budget.entity, controller, number)
        with CaptureQueriesContext(connection) as caught:
            code(found)
        looked = [each for each in caught.captured_queries if '"number_key" =' in each["sql"] and "rawrow" in each["sql"]]
        assert len(looked) == 1
        return len(caught)

    alone = statements("INV-100")
    import_rows(*(ROW.replace("INV-7", f"INV-{number}") for number in range(200, 260)))
    assert statements("INV-300") == alone
