"""The only place in this room that locks. Taken before the check, in the order of their keys.

Across tables the order is: source, import file, rows, request, vendor, bank account, invoice, payment, exception.
All are FOR NO KEY UPDATE, so that rows that only point here are not held up; each function evaluates what it locks.
"""

from approvals.models import Request
from budgets.models import Vendor
from core.errors import NotFound
from reconciliation.models import BankAccount, ExceptionItem, ImportFile, Invoice, Payment, RawRow, Source


def lock_import_file(import_file_id: int) -> ImportFile:
    """Lock a file for the transaction, so that one worker at a time works on its rows. Raises NotFound."""
    found = (
        ImportFile.objects.select_for_update(no_key=True, of=("self",))
        .select_related("source__entity")
        .filter(pk=import_file_id)
        .first()
    )
    if found is None:
        raise NotFound("There is no such import.", remedy="Go back to the list of imports.")
    return found


def lock_source(source_id: int) -> Source:
    """Lock a source while what is expected of it changes. Raises NotFound."""
    rows = Source.objects.select_for_update(no_key=True, of=("self",)).select_related("entity", "keeper")
    found = rows.filter(pk=source_id).first()
    if found is None:
        raise NotFound("There is no such source.", remedy="Start from the list of sources.")
    return found


def lock_rows(row_ids: list[int]) -> list[RawRow]:
    """Lock rows in the order of their ids and return them as they are now. Lock their file first."""
    return list(RawRow.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=row_ids).order_by("pk"))


def lock_pending_rows(import_file_id: int, *, after: int, limit: int) -> list[RawRow]:
    """Lock and return the next rows of a file that wait to be worked on. Lock the file first."""
    waiting = RawRow.objects.filter(import_file_id=import_file_id, status=RawRow.Status.PENDING, number__gt=after)
    return list(waiting.select_for_update(no_key=True, of=("self",)).order_by("number")[:limit])


def lock_request(request_id: int) -> Request:
    """Lock a request whose commitment is about to be liquidated."""
    return Request.objects.select_for_update(no_key=True, of=("self",)).select_related("entity").get(pk=request_id)


def lock_vendor(vendor_id: int) -> Vendor:
    """Lock a vendor while one of its invoices is recorded: two copies at once become one."""
    return Vendor.objects.select_for_update(no_key=True).get(pk=vendor_id)


def lock_bank_account(account_id: int) -> BankAccount:
    """Lock a bank account while a statement joins its chain."""
    return BankAccount.objects.select_for_update(no_key=True, of=("self",)).select_related("entity").get(pk=account_id)


def lock_invoice(invoice_id: int) -> Invoice:
    """Lock an invoice; its lines, matches and allocations change under this lock only. Raises NotFound."""
    rows = Invoice.objects.select_for_update(no_key=True, of=("self",)).select_related("entity", "vendor")
    invoice = rows.filter(pk=invoice_id).first()
    if invoice is None:
        raise NotFound("There is no such invoice.", remedy="Go back to the list of invoices.")
    return invoice


def lock_payment(payment_id: int) -> Payment:
    """Lock a payment; lock its invoice first. Raises NotFound."""
    rows = Payment.objects.select_for_update(no_key=True, of=("self",)).select_related("entity")
    payment = rows.filter(pk=payment_id).first()
    if payment is None:
        raise NotFound("There is no such payment.", remedy="Go back to the list of payments.")
    return payment


def lock_exception(item_id: int) -> ExceptionItem:
    """Lock an exception that is about to be closed. Raises NotFound."""
    items = ExceptionItem.objects.select_for_update(no_key=True, of=("self",)).select_related("entity")
    item = items.filter(pk=item_id).first()
    if item is None:
        raise NotFound("There is no such exception.", remedy="Go back to the list of exceptions.")
    return item
