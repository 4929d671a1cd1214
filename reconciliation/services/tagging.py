"""What spend bears is noted as it is posted: where it came from, what for, and the tags it states."""

from collections.abc import Mapping, Sequence
from datetime import date

from approvals.models import RequestLine
from budgets.models import SpendItem
from budgets.selectors.spend_tags import tags_of
from budgets.services.spend_tags import ItemData, add_tags, note_spend
from reconciliation.models import CommitmentMatch, ImportFile, Invoice, InvoiceLine, RawRow
from reconciliation.rules.problems import Coding
from reconciliation.rules.rows import tags_in
from reconciliation.services.row_postings import thread_of


def note_rows(import_file: ImportFile, coded: Sequence[tuple[RawRow, Coding]]) -> None:
    """Note rows of spend that are about to be posted."""
    source = import_file.source
    items = []
    for row, coding in coded:
        said = row.fields | row.fixes
        items.append(
            ItemData(
                thread=thread_of(row),
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


def note_line(line: InvoiceLine, *, account_id: int, month: date, thread: str, borne: Mapping[str, str] | None = None) -> None:
    """Note a line of an invoice that is about to be posted: with the tags of its row, and those that the spend bore before.

    `borne` are those of the request that it answers, or of a ledger's row that gives way to it.
    """
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
        tags=dict(borne or {}) | tags_in(said),
    )
    note_spend(entity=invoice.entity, items=[item])


def borne_by(rows: Sequence[RawRow]) -> dict[str, str]:
    """Return the tags that ledgers' rows of one document bear: as they are now where they were spent, else as their files say.

    Of a tag that two rows have, the first row's counts.
    """
    threads = [thread_of(row) for row in rows]
    items = SpendItem.objects.filter(thread__in=threads, entity_id__in={row.import_file.source.entity_id for row in rows})
    noted = {item.thread: item.pk for item in items}
    now = tags_of(list(noted.values()))
    found: dict[str, str] = {}
    for row, thread in zip(rows, threads, strict=True):
        tags = now.get(noted[thread], {}) if thread in noted else tags_in(row.fields | row.fixes)
        found = dict(tags) | found
    return found


def bear(invoice: Invoice, tags: Mapping[str, str]) -> None:
    """Let a spent invoice bear tags of a row that confirms it, where nothing was said of them yet."""
    if tags:
        add_tags(entity=invoice.entity, threads=_threads_of(invoice), tags=tags)


def _threads_of(invoice: Invoice) -> list[str]:
    """Return on which threads an invoice is spent: its lines', and those of the requests that they answer."""
    lines = invoice.lines.values_list("pk", flat=True)
    matches = CommitmentMatch.objects.filter(invoice_line__invoice=invoice, codes_line=True, undone_at__isnull=True)
    answered = RequestLine.objects.filter(pk__in=matches.values("request_line"))
    return [line_thread(pk) for pk in lines] + [line.thread for line in answered]


def line_thread(line_id: int) -> str:
    """Return how the ledger's entries name a line that is spent by itself."""
    return f"invoice-line:{line_id}"


def _row_of(line: InvoiceLine) -> RawRow | None:
    """Return the row that a line was read from; the rows of a document are its lines, in their order."""
    first = line.invoice.source_row
    if first is None or line.number == 1:
        return first
    rows = RawRow.objects.filter(import_file_id=first.import_file_id, identity=first.identity).exclude(identity="")
    return rows.order_by("number")[line.number - 1 : line.number].first()
