"""Which rows of ledgers and which invoices are one document: same vendor, number and currency; and the same amount."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.db.models import QuerySet

from budgets.models import VendorAlias
from core.models import Entity
from core.names import fold
from reconciliation.models import Confirmation, Invoice, RawRow, Source
from reconciliation.rules import states
from reconciliation.rules.references import number_key


def invoices_named(entity: Entity, rows: Sequence[RawRow]) -> dict[int, list[Invoice]]:
    """Return by row id the invoices whose vendor, number and currency it has, the first that came first.

    Only invoices that were coded, since the others posted no spend.
    """
    keys = {row.pk: number_key((row.fields | row.fixes).get("number", "")) for row in rows}
    wanted = {key for key in keys.values() if key}
    if not wanted:
        return {}
    coded = Invoice.objects.filter(entity=entity, number_key__in=wanted, lines__account__isnull=False)
    by_key: dict[str, list[Invoice]] = {}
    for invoice in coded.exclude(document_state=states.VOIDED).select_related("entity", "vendor").distinct().order_by("pk"):
        by_key.setdefault(invoice.number_key, []).append(invoice)
    if not by_key:
        return {}
    names = _vendors_by_name(entity, rows)
    return {
        row.pk: [invoice for invoice in by_key.get(keys[row.pk], []) if _is_of(row, invoice, names)]
        for row in rows
        if keys[row.pk] in by_key
    }


def confirmed_by(rows: Sequence[RawRow], named: Mapping[int, Sequence[Invoice]], source: Source) -> dict[int, int]:
    """Return by row id the invoice that is the same document: one of those it names, with its amount (gross, net or cost).

    Each invoice is one row of a source: rows that are alike are real, and the second of them is another document.
    """
    agreeing = {
        row.pk: [invoice.pk for invoice in named.get(row.pk, ()) if row.amount in amounts_of_invoice(invoice)] for row in rows
    }
    ids = {pk for found in agreeing.values() for pk in found}
    if not ids:
        return {}
    of_source = Confirmation.objects.filter(invoice__in=ids, undone_at__isnull=True, row__import_file__source=source)
    taken, found = set(of_source.values_list("invoice_id", flat=True)), {}
    for row in rows:
        if invoice := next((pk for pk in agreeing[row.pk] if pk not in taken), None):
            taken.add(invoice)
            found[row.pk] = invoice
    return found


def rows_named(entity_id: int, key: str, currency: str) -> QuerySet[RawRow]:
    """Return the rows of an entity that are spent and name a document's number, folded, in a currency; of any vendor."""
    spent = RawRow.objects.filter(status=RawRow.Status.ACCEPTED, produced_type="journal", gone_with__isnull=True)
    named = spent.filter(number_key=key, currency=currency, import_file__source__entity_id=entity_id)
    return named.exclude(number_key="").select_related("import_file__source").order_by("pk")


def rows_besides(invoice: Invoice) -> list[RawRow]:
    """Return the rows that name an invoice and are spent besides it."""
    return of_vendor(invoice, rows_named(invoice.entity_id, invoice.number_key, invoice.currency))


def of_vendor(invoice: Invoice, rows: Iterable[RawRow]) -> list[RawRow]:
    """Return those of `rows` whose vendor is the invoice's, by its name or by one of its aliases."""
    rows = list(rows)
    names = _vendors_by_name(invoice.entity, rows) if rows else {}
    return [row for row in rows if _is_of(row, invoice, names)]


def amounts_of_invoice(invoice: Invoice) -> tuple[Decimal, Decimal, Decimal]:
    """Return the amounts that a ledger may know an invoice by: gross, net, and what it costs the budget. In its currency."""
    return (invoice.gross, invoice.net, invoice.gross - invoice.recoverable_vat)


def confirmations_of(invoice: Invoice) -> list[Confirmation]:
    """Return the rows that confirm an invoice now, with how each came to."""
    rows = Confirmation.objects.filter(invoice=invoice, undone_at__isnull=True)
    return list(rows.select_related("row__import_file__source", "made_by").order_by("pk"))


def _is_of(row: RawRow, invoice: Invoice, names: Mapping[str, int]) -> bool:
    vendor = _vendor_of(row)
    is_vendor = vendor == invoice.vendor.name_key or names.get(vendor) == invoice.vendor_id
    return is_vendor and row.currency == invoice.currency


def _vendor_of(row: RawRow) -> str:
    return fold((row.fields | row.fixes).get("vendor", ""))


def _vendors_by_name(entity: Entity, rows: Sequence[RawRow]) -> dict[str, int]:
    said = {_vendor_of(row) for row in rows}
    return dict(VendorAlias.objects.filter(entity=entity, name_key__in=said).values_list("name_key", "vendor_id"))
