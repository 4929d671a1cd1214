"""Undone, what a ledger's row had spent before its invoice came stands again, exactly; and what a person says of it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from approvals.models import RequestLine
from budgets.models import Entry
from budgets.selectors.check import check_ledger
from budgets.services.periods import close_period, reopen_period
from budgets.services.recoding import recode
from core.errors import ClosedPeriod, WrongState
from core.models import User
from reconciliation.models import CommitmentMatch, Confirmation, ExceptionItem, Invoice, InvoiceLine, RawRow
from reconciliation.rules.invoices import LineData
from reconciliation.services.coding import code_invoice_line, uncode_invoice_line
from reconciliation.services.commitments import match_to_request, unmatch
from reconciliation.services.fixing import accept_change, retry_rows
from reconciliation.services.invoices import record_invoice
from reconciliation.services.row_answers import confirm_row, release_row
from tests.factories.reconciliation import an_invoice as recorded
from tests.factories.reconciliation import approved_request, handle_events, invoice_data
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.documents import APRIL, MARCH, ROW, Coding, ends, spent, standing
from tests.fixtures.imports import Importing

OTHER = ROW.replace("100.00", "90.00")


@pytest.fixture(autouse=True)
def the_ledger_is_whole(small_budget: SmallBudget) -> Iterator[None]:
    """Whatever a test did, the ledger is what its entries make it."""
    yield
    assert check_ledger().is_whole


@pytest.fixture
def asked(small_budget: SmallBudget, requester: User, approver: User) -> RequestLine:
    """An approved request over 100.00."""
    return approved_request(account=small_budget.account, net="100.00", requester=requester, approver=approver)


def of_lines(small: SmallBudget, actor: User, *, is_coded: bool) -> Invoice:
    """Record an invoice of two lines over 100.00 in all."""
    put: dict[str, Any] = {"account_id": small.account.pk, "month": MARCH} if is_coded else {}
    lines = tuple(LineData(name, Decimal(net), **put) for name, net in (("Licences", "60.00"), ("Support", "40.00")))
    return record_invoice(entity=small.entity, data=invoice_data("INV-7", lines=lines), actor=actor).invoice


def line_of(invoice: Invoice, number: int = 1) -> InvoiceLine:
    return invoice.lines.get(number=number)


def test_uncoded_the_row_stands_as_it_stood(invoice: Invoice, import_rows: Importing, code: Coding, controller: User) -> None:
    import_rows(ROW)
    before = (standing(), ends())
    code(invoice)
    uncode_invoice_line(line_id=line_of(invoice).pk, actor=controller)
    assert (standing(), ends()) == before
    kept = Confirmation.objects.get()
    assert (kept.undone_by, kept.undone_at is not None) == (controller, True)
    code(invoice)
    assert spent() == Decimal("100.00")
    uncode_invoice_line(line_id=line_of(invoice).pk, actor=controller)
    assert (standing(), ends()) == before


def test_a_row_that_was_recoded_gives_way_where_it_lies_and_comes_back_there(
    invoice: Invoice, import_rows: Importing, code: Coding, small_budget: SmallBudget, controller: User
) -> None:
    import_rows(ROW)
    entry = Entry.objects.get(bucket="spent")
    recode(key="there", entry_ids=[entry.pk], to_account=small_budget.accounts["PRODUCT", "training"], actor=controller)
    before = (standing(), ends())
    code(invoice)
    assert {(account, amount) for account, _, _, amount in standing()} == {(small_budget.account.pk, Decimal("100.00"))}
    uncode_invoice_line(line_id=line_of(invoice).pk, actor=controller)
    assert (standing(), ends()) == before


def test_a_match_takes_the_place_of_the_row_and_its_undoing_gives_it_back(
    invoice: Invoice, import_rows: Importing, asked: RequestLine, controller: User
) -> None:
    import_rows(ROW)
    before = (standing(), ends())
    match = match_to_request(invoice_line_id=line_of(invoice).pk, request_line_id=asked.pk, actor=controller)
    assert spent() == Decimal("100.00")
    assert Confirmation.objects.get().journal_id == match.journal_id
    unmatch(match_id=match.pk, actor=controller)
    assert (standing(), ends()) == before


def test_a_match_that_a_rule_makes_takes_the_place_of_the_row(
    import_rows: Importing, asked: RequestLine, small_budget: SmallBudget, controller: User
) -> None:
    import_rows(ROW)
    recorded(small_budget.entity, controller, "INV-7", reference=asked.request.number)
    handle_events()
    assert CommitmentMatch.objects.get().made_by is None
    assert spent() == Decimal("100.00")


def test_lines_coded_together_give_the_row_back_with_the_last(
    import_rows: Importing, small_budget: SmallBudget, controller: User
) -> None:
    import_rows(ROW)
    before = (standing(), ends())
    invoice = of_lines(small_budget, controller, is_coded=True)
    assert spent() == Decimal("100.00")
    uncode_invoice_line(line_id=line_of(invoice).pk, actor=controller)
    assert spent() == Decimal("40.00")
    uncode_invoice_line(line_id=line_of(invoice, 2).pk, actor=controller)
    assert (standing(), ends()) == before


def test_lines_coded_one_by_one_give_the_row_back_with_the_last_of_them_in_any_order(
    import_rows: Importing, code: Coding, small_budget: SmallBudget, controller: User
) -> None:
    import_rows(ROW)
    before = (standing(), ends())
    invoice = of_lines(small_budget, controller, is_coded=False)
    first, second = line_of(invoice), line_of(invoice, 2)
    code_invoice_line(line_id=first.pk, account=small_budget.account, month=MARCH, actor=controller)
    assert spent() == Decimal("60.00")
    code(invoice)
    assert spent() == Decimal("100.00")
    for line in (first, second):
        uncode_invoice_line(line_id=line.pk, actor=controller)
    assert (standing(), ends()) == before


def test_a_match_undone_last_gives_back_what_another_coding_took(
    import_rows: Importing, asked: RequestLine, small_budget: SmallBudget, controller: User
) -> None:
    import_rows(ROW)
    before = (standing(), ends())
    invoice = of_lines(small_budget, controller, is_coded=False)
    first, second = line_of(invoice), line_of(invoice, 2)
    code_invoice_line(line_id=first.pk, account=small_budget.account, month=MARCH, actor=controller)
    match = match_to_request(invoice_line_id=second.pk, request_line_id=asked.pk, actor=controller)
    uncode_invoice_line(line_id=first.pk, actor=controller)
    unmatch(match_id=match.pk, actor=controller)
    handle_events()
    assert (standing(), ends()) == before


def test_a_match_that_took_the_place_of_a_row_is_undone_after_the_other_lines(
    import_rows: Importing, asked: RequestLine, code: Coding, small_budget: SmallBudget, controller: User
) -> None:
    import_rows(ROW)
    invoice = of_lines(small_budget, controller, is_coded=False)
    match = match_to_request(invoice_line_id=line_of(invoice).pk, request_line_id=asked.pk, actor=controller)
    code(invoice)
    stood = (standing(), ends())
    with pytest.raises(WrongState, match="other lines of it are on budget lines") as refusal:
        unmatch(match_id=match.pk, actor=controller)
    assert (refusal.value.code, standing(), ends()) == ("later_coding", *stood)
    uncode_invoice_line(line_id=line_of(invoice, 2).pk, actor=controller)
    unmatch(match_id=match.pk, actor=controller)
    assert spent() == Decimal("100.00")


def test_undone_into_a_closed_month_nothing_moves(
    invoice: Invoice, import_rows: Importing, code: Coding, small_budget: SmallBudget, controller: User
) -> None:
    import_rows(ROW)
    code(invoice, APRIL)
    close_period(entity=small_budget.entity, month=MARCH, actor=controller)
    stood = (standing(), ends())
    with pytest.raises(ClosedPeriod):
        uncode_invoice_line(line_id=line_of(invoice).pk, actor=controller)
    assert (standing(), ends()) == stood


def test_a_row_that_came_after_its_invoice_counts_by_itself_once_that_is_uncoded(
    invoice: Invoice, import_rows: Importing, code: Coding, controller: User
) -> None:
    code(invoice)
    file = import_rows(ROW)
    uncode_invoice_line(line_id=line_of(invoice).pk, actor=controller)
    handle_events()
    assert spent() == Decimal("100.00")
    row = RawRow.objects.get()
    assert (row.status, row.produced_type, row.reason_code) == ("accepted", "journal", "")
    code(invoice)
    assert spent() == Decimal("100.00")
    file.refresh_from_db()
    assert (file.accepted, file.quarantined) == (1, 0)


def test_where_it_cannot_count_it_waits_in_quarantine_with_the_reason(
    invoice: Invoice, import_rows: Importing, code: Coding, small_budget: SmallBudget, controller: User
) -> None:
    code(invoice, APRIL)
    file = import_rows(ROW)
    close_period(entity=small_budget.entity, month=MARCH, actor=controller)
    uncode_invoice_line(line_id=line_of(invoice).pk, actor=controller)
    handle_events()
    file.refresh_from_db()
    assert (spent(), file.accepted, file.quarantined) == (Decimal(0), 0, 1)
    assert RawRow.objects.get().reason_code == "closed_month"
    assert ExceptionItem.objects.filter(code="rows_in_quarantine", closed_at__isnull=True).exists()
    reopen_period(entity=small_budget.entity, month=MARCH, actor=controller, reason="A late row.")
    assert retry_rows(import_file_id=file.pk, actor=controller) == 1
    assert spent() == Decimal("100.00")


def test_coded_again_before_it_was_looked_at_the_row_still_confirms(
    invoice: Invoice, import_rows: Importing, code: Coding, controller: User
) -> None:
    code(invoice)
    import_rows(ROW)
    uncode_invoice_line(line_id=line_of(invoice).pk, actor=controller)
    code(invoice)
    handle_events()
    assert spent() == Decimal("100.00")
    assert RawRow.objects.get().reason_code == "confirms"


def test_a_person_says_that_a_row_is_the_invoice_and_takes_it_back(
    invoice: Invoice, import_rows: Importing, code: Coding, controller: User
) -> None:
    import_rows(OTHER)
    row = RawRow.objects.get()
    with pytest.raises(WrongState, match="on no budget line yet"):
        confirm_row(invoice_id=invoice.pk, row_id=row.pk, actor=controller)
    code(invoice)
    before = (standing(), ends())
    confirm_row(invoice_id=invoice.pk, row_id=row.pk, actor=controller)
    assert spent() == Decimal("100.00")
    assert not ExceptionItem.objects.filter(code="counted_besides", closed_at__isnull=True).exists()
    assert Confirmation.objects.get().made_by == controller
    with pytest.raises(WrongState, match="not spent besides"):
        confirm_row(invoice_id=invoice.pk, row_id=row.pk, actor=controller)
    release_row(invoice_id=invoice.pk, row_id=row.pk, actor=controller)
    assert (standing(), ends()) == before
    assert ExceptionItem.objects.filter(code="counted_besides", closed_at__isnull=True).count() == 1
    confirm_row(invoice_id=invoice.pk, row_id=row.pk, actor=controller)
    assert spent() == Decimal("100.00")


def test_what_a_person_said_goes_with_the_coding_too(
    invoice: Invoice, import_rows: Importing, code: Coding, controller: User
) -> None:
    import_rows(OTHER)
    before = (standing(), ends())
    code(invoice)
    confirm_row(invoice_id=invoice.pk, row_id=RawRow.objects.get().pk, actor=controller)
    uncode_invoice_line(line_id=line_of(invoice).pk, actor=controller)
    assert (standing(), ends()) == before


def test_of_a_closed_month_a_person_takes_back_in_the_month_of_the_invoice(
    invoice: Invoice, import_rows: Importing, code: Coding, small_budget: SmallBudget, controller: User
) -> None:
    import_rows(ROW)
    close_period(entity=small_budget.entity, month=MARCH, actor=controller)
    code(invoice, APRIL)
    before = (standing(), ends())
    confirm_row(invoice_id=invoice.pk, row_id=RawRow.objects.get().pk, actor=controller)
    places = {(month, amount) for _, month, _, amount in standing()}
    assert places == {(MARCH, Decimal("100.00")), (APRIL, Decimal("-100.00")), (APRIL, Decimal("100.00"))}
    release_row(invoice_id=invoice.pk, row_id=RawRow.objects.get().pk, actor=controller)
    assert (standing(), ends()) == before


def test_what_gave_way_by_rule_is_released_with_the_coding_alone(
    invoice: Invoice, import_rows: Importing, code: Coding, controller: User
) -> None:
    import_rows(ROW)
    code(invoice)
    with pytest.raises(WrongState, match="gave way by itself"):
        release_row(invoice_id=invoice.pk, row_id=RawRow.objects.get().pk, actor=controller)
    assert spent() == Decimal("100.00")


def test_a_later_file_does_not_bring_back_what_an_invoice_took(
    invoice: Invoice, import_rows: Importing, code: Coding, controller: User
) -> None:
    """The same rows again are known; a row that says something else is not accepted over the invoice."""
    import_rows(ROW)
    code(invoice)
    import_rows(ROW, "2026-03-05,INV-9,Acme Cloud,software,PLATFORM,1.00")
    assert spent() == Decimal("101.00")
    later = import_rows(OTHER, "2026-03-05,INV-9,Acme Cloud,software,PLATFORM,1.00")
    changed = later.raw_rows.get(status="quarantined")
    stood = (standing(), ends())
    with pytest.raises(WrongState, match="is confirmed by invoice INV-7") as refusal:
        accept_change(row_id=changed.pk, actor=controller)
    assert (refusal.value.code, standing(), ends()) == ("confirmed", *stood)


def test_a_changed_row_that_is_the_invoice_by_now_confirms_it(
    invoice: Invoice, import_rows: Importing, code: Coding, controller: User
) -> None:
    import_rows(OTHER)
    code(invoice)
    assert spent() == Decimal("190.00")
    later = import_rows(ROW)
    accept_change(row_id=later.raw_rows.get().pk, actor=controller)
    assert spent() == Decimal("100.00")
    assert later.raw_rows.get().reason_code == "confirms"
    assert not ExceptionItem.objects.filter(code="counted_besides", closed_at__isnull=True).exists()


def test_a_changed_row_that_is_still_the_invoice_stands_for_the_one_that_was(
    import_rows: Importing, code: Coding, small_budget: SmallBudget, controller: User
) -> None:
    """The row came after the invoice with the gross, and comes again with the net."""
    invoice = recorded(small_budget.entity, controller, "INV-7", vat="21.00", recoverable="21.00")
    code(invoice)
    import_rows(ROW.replace("100.00", "121.00"))
    later = import_rows(ROW)
    accept_change(row_id=later.raw_rows.get().pk, actor=controller)
    assert spent() == Decimal("100.00")
    uncode_invoice_line(line_id=line_of(invoice).pk, actor=controller)
    handle_events()
    assert spent() == Decimal("100.00")
    assert later.raw_rows.get().produced_type == "journal"
