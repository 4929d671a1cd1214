"""What spend bears is noted as it is posted: where it came from, what for, and the tags it states."""

from collections.abc import Mapping, Sequence
from datetime import date

from budgets.services.spend_tags import ItemData, note_spend
from reconciliation.models import ImportFile, InvoiceLine, RawRow
from reconciliation.rules.problems import Coding
from reconciliation.rules.rows import tags_in


def note_rows(import_file: ImportFile, coded: Sequence[tuple[RawRow, Coding]]) -> None:
    """Note rows of spend that are about to be posted."""
    source = import_file.source
    items = []
    for row, coding in coded:
        said = row.fields | row.fixes
        items.append(
            ItemData(
                thread=f"raw-row:{row.pk}",
                account_id=coding.account_id,
                month=coding.month,
                source=source.code,
                vendor=said.get("vendor", ""),
                service=said.get("description", ""),
                resource=said.get("resource", ""),
                tags=tags_in(said),
            )
        )
    note_spend(entity=source.entity, items=items)


def note_line(
    line: InvoiceLine, *, account_id: int, month: date, thread: str, request_tags: Mapping[str, str] | None = None
) -> None:
    """Note a line of an invoice that is about to be posted: with the tags of its row, and those of the request it answers."""
    invoice, row = line.invoice, _row_of(line)
    said = row.fields | row.fixes if row is not None else {}
    item = ItemData(
        thread=thread,
        account_id=account_id,
        month=month,
        source=row.import_file.source.code if row is not None else "",
        vendor=invoice.vendor.name,
        service=line.description,
        resource=said.get("resource", ""),
        tags=dict(request_tags or {}) | tags_in(said),
    )
    note_spend(entity=invoice.entity, items=[item])


def _row_of(line: InvoiceLine) -> RawRow | None:
    """Return the row that a line was read from; the rows of a document are its lines, in their order."""
    first = line.invoice.source_row
    if first is None or line.number == 1:
        return first
    rows = RawRow.objects.filter(import_file_id=first.import_file_id, identity=first.identity).exclude(identity="")
    return rows.order_by("number")[line.number - 1 : line.number].first()
