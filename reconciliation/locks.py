"""The only place in this room that locks. Taken before the check, in the order of their keys.

Across tables the order is: source, import file, documents, rows, request, vendor, bank account, invoice, payment, exception.
The *documents* of an organization are no table: whoever codes an invoice holds them side by side with others who do; whoever
posts rows of a ledger, or lets such rows count again, holds them alone. So neither misses what the other is about to post.
All others are FOR NO KEY UPDATE, so that rows that only point here are not held up; each function evaluates what it locks.
"""

from django.db import connection

from approvals.models import Request
from budgets.models import Vendor
from core.errors import NotFound
from reconciliation.models import BankAccount, Confirmation, ExceptionItem, ImportFile, Invoice, Payment, RawRow, Source
from reconciliation.selectors.same_document import rows_named


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


def lock_import_files(import_file_ids: set[int]) -> dict[int, ImportFile]:
    """Lock several files in the order of their ids, and return them by id. Raises NotFound."""
    return {pk: lock_import_file(pk) for pk in sorted(import_file_ids)}


def lock_source(source_id: int) -> Source:
    """Lock a source while what is expected of it changes. Raises NotFound."""
    rows = Source.objects.select_for_update(no_key=True, of=("self",)).select_related("entity", "keeper")
    found = rows.filter(pk=source_id).first()
    if found is None:
        raise NotFound("There is no such source.", remedy="Start from the list of sources.")
    return found


def lock_source_of(import_file_id: int) -> None:
    """Lock the source of a file, before the file, while what the file says of a month of that source is brought up to date."""
    source_ids = ImportFile.objects.filter(pk=import_file_id).values("source_id")
    list(Source.objects.select_for_update(no_key=True).filter(pk__in=source_ids))


def hold_documents(entity_id: int) -> None:
    """Let no row of a ledger be posted in an organization while an invoice is coded. Many hold them side by side."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))", [f"documents:{entity_id}"])


def lock_documents(entity_id: int) -> None:
    """Let no invoice of an organization be coded while rows of its ledgers are posted, or count again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"documents:{entity_id}"])


def lock_rows_named(entity_id: int, key: str, currency: str) -> list[RawRow]:
    """Hold the documents; lock and return the spent rows that name a document's number, folded, as they are then."""
    hold_documents(entity_id)
    return list(rows_named(entity_id, key, currency).select_for_update(no_key=True, of=("self",))) if key else []


def lock_confirmations(invoice_id: int) -> list[Confirmation]:
    """Lock the documents alone, and what confirms an invoice with its rows. Lock the invoice after."""
    entity_id = Invoice.objects.filter(pk=invoice_id).values_list("entity_id", flat=True).first()
    if entity_id is None:
        return []
    lock_documents(entity_id)
    active = Confirmation.objects.filter(invoice_id=invoice_id, undone_at__isnull=True).select_related("row__import_file")
    return list(active.select_for_update(no_key=True, of=("self", "row")).order_by("row_id"))


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
