"""Invoice rows become invoices: the rows of one vendor and number are the lines of one document."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal

from django.db import transaction

from core.errors import Refusal
from core.models import User
from reconciliation.locks import lock_import_file, lock_rows
from reconciliation.models import ImportFile, RawRow
from reconciliation.rules.cells import read_amount, read_date
from reconciliation.rules.invoices import InvoiceData, LineData
from reconciliation.rules.mapping import CsvMapping, InvoiceMapping, checked
from reconciliation.rules.problems import Coding, Problem
from reconciliation.selectors.coding import Coder
from reconciliation.services.invoices import record_invoice
from reconciliation.services.row_marks import mark_accepted, mark_duplicate, mark_quarantined

ZERO = Decimal("0.00")


def post_invoice_rows(*, import_file: ImportFile, actor: User | None, progress: Callable[[int], None]) -> None:
    """Work through the file's waiting rows, a document a transaction. Cut off anywhere, it goes on from there."""
    mapping = checked(InvoiceMapping, import_file.source.mapping)
    coder = Coder(import_file.source)
    waiting = RawRow.objects.filter(import_file=import_file, status=RawRow.Status.PENDING).order_by("number")
    documents: dict[str, list[int]] = {}
    for pk, identity in waiting.values_list("pk", "identity"):
        documents.setdefault(identity or f"row {pk}", []).append(pk)
    done = 0
    for row_ids in documents.values():
        settle_document(import_file_id=import_file.pk, row_ids=row_ids, coder=coder, mapping=mapping, actor=actor)
        done += len(row_ids)
        progress(done)


@transaction.atomic
def settle_document(*, import_file_id: int, row_ids: list[int], coder: Coder, mapping: CsvMapping, actor: User | None) -> None:
    """Record one document from its rows, or quarantine them with the reason. Rows that were settled meanwhile are left."""
    import_file = lock_import_file(import_file_id)
    rows = [row for row in lock_rows(row_ids) if row.status in (RawRow.Status.PENDING, RawRow.Status.QUARANTINED)]
    if not rows:
        return
    try:
        with transaction.atomic():
            result = record_invoice(
                entity=import_file.source.entity, data=invoice_of(rows, mapping, coder), actor=actor, source_row=rows[0]
            )
    except Refusal as refusal:
        remedy = refusal.remedy or "Correct the row at its source and import the file again, or ignore it."
        mark_quarantined([(row, Problem(refusal.code, refusal.message, remedy)) for row in rows])
        return
    if result.is_new:
        mark_accepted(rows, produced_type="invoice", produced_id=result.invoice.pk)
    else:
        known = Problem("invoice_known", f"Invoice {result.invoice.number} is here already.")
        mark_duplicate([(row, known) for row in rows])


def invoice_of(rows: Iterable[RawRow], mapping: CsvMapping, coder: Coder) -> InvoiceData:
    """Return the document that rows state. A row that can be coded is; the others wait for finance."""
    rows = list(rows)
    said = rows[0].fields | rows[0].fixes
    due = read_date(said.get("due", ""), mapping.date_format)
    return InvoiceData(
        vendor_name=said.get("vendor", ""),
        number=said.get("number", ""),
        issued_on=rows[0].occurred_on or date.min,
        due_on=due if isinstance(due, date) else None,
        currency=rows[0].currency,
        lines=tuple(_line(row, mapping, coder) for row in rows),
        reference=said.get("request", ""),
    )


def _line(row: RawRow, mapping: CsvMapping, coder: Coder) -> LineData:
    said = row.fields | row.fixes
    net, vat = amounts_of(row, said, mapping)
    recoverable = (
        vat if said.get("recoverable", "").casefold() in ("all", "yes", "full") else _amount(said, "recoverable", row, mapping)
    )
    coding = coder.code(said, occurred_on=row.occurred_on or date.min, currency=row.currency)
    return LineData(
        description=said.get("description", "")[:400],
        net=net,
        vat=vat,
        recoverable=recoverable,
        account_id=coding.account_id if isinstance(coding, Coding) else None,
        month=coding.month if isinstance(coding, Coding) else None,
    )


def amounts_of(row: RawRow, said: Mapping[str, str], mapping: CsvMapping) -> tuple[Decimal, Decimal]:
    """Return net and VAT: as stated, or the gross less the VAT."""
    whole = row.amount or ZERO
    vat = _amount(said, "vat", row, mapping)
    if not mapping.says("amount"):
        return whole, vat
    return (whole - vat), vat


def _amount(said: Mapping[str, str], role: str, row: RawRow, mapping: CsvMapping) -> Decimal:
    found = read_amount(said.get(role, ""), decimal=mapping.decimal, currency=row.currency)
    return found if isinstance(found, Decimal) else ZERO
