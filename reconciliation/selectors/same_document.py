"""Which spend rows are documents that are here already as invoices."""

from collections.abc import Sequence

from budgets.models import VendorAlias
from core.models import Entity
from core.names import fold
from reconciliation.models import Invoice, RawRow
from reconciliation.rules.references import number_key


def invoices_of_rows(entity: Entity, rows: Sequence[RawRow]) -> dict[int, int]:
    """Return by row id the invoice that is the same document: same vendor, number and amount (gross, net or cost).

    Each invoice confirms at most one row of the batch; only invoices that were coded, since the others posted no spend.
    """
    keys = {row.pk: number_key(said["number"]) for row in rows if (said := row.fields | row.fixes).get("number")}
    wanted = {key for key in keys.values() if key}
    if not wanted:
        return {}
    invoices = Invoice.objects.filter(entity=entity, number_key__in=wanted, lines__account__isnull=False)
    standing = invoices.exclude(document_state="voided").select_related("vendor").distinct()
    by_key: dict[str, list[Invoice]] = {}
    for invoice in standing:
        by_key.setdefault(invoice.number_key, []).append(invoice)
    if not by_key:
        return {}
    names = _vendors_by_name(entity)
    found: dict[int, int] = {}
    for row in rows:
        for invoice in by_key.get(keys.get(row.pk, ""), []):
            if invoice.pk not in found.values() and _is_same(row, invoice, names):
                found[row.pk] = invoice.pk
                break
    return found


def _is_same(row: RawRow, invoice: Invoice, names: dict[str, int]) -> bool:
    vendor = fold((row.fields | row.fixes).get("vendor", ""))
    if vendor != invoice.vendor.name_key and names.get(vendor) != invoice.vendor_id:
        return False
    costs = invoice.gross - invoice.recoverable_vat
    return row.currency == invoice.currency and row.amount in (invoice.gross, invoice.net, costs)


def _vendors_by_name(entity: Entity) -> dict[str, int]:
    return dict(VendorAlias.objects.filter(entity=entity).values_list("name_key", "vendor_id"))
