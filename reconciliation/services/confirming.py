"""A ledger's row and an invoice that are one document count once: the coded invoice is spent, and the row confirms it.

These are steps of the services that code invoices, undo that, and post rows. Call them with the documents held or locked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from budgets.models import Entry
from budgets.services.ledger import Posting
from core import clock
from core.models import User
from core.services.audit import record
from reconciliation.models import Confirmation, Invoice, RawRow
from reconciliation.rules.rows import tags_in
from reconciliation.rules.same_document import Claim, Doubt, doubts
from reconciliation.selectors.months import all_open
from reconciliation.selectors.same_document import amounts_of_invoice, of_vendor, rows_besides
from reconciliation.services.exceptions import resolve_exceptions
from reconciliation.services.findings import besides_key, raise_counted_besides
from reconciliation.services.folds import OWN, tell
from reconciliation.services.row_marks import mark_accepted, mark_posted_again
from reconciliation.services.row_postings import taken_back, thread_of
from reconciliation.services.tagging import bear, borne_by

RULE, PERSON = "same_document", "person"
WHY = "It has the vendor, the number and the amount of the invoice."


@dataclass(frozen=True, slots=True)
class Weighed:
    """Of the rows that name an invoice: which give way to it, with the entries that take them back, and which are doubtful."""

    taken: list[tuple[RawRow, list[Posting]]] = field(default_factory=list)
    left: dict[RawRow, Doubt] = field(default_factory=dict)

    @property
    def postings(self) -> list[Posting]:
        """Return what takes all of them back, for the journal that spends the invoice."""
        return [posting for _, postings in self.taken for posting in postings]


def weigh(invoice: Invoice, rows: Sequence[RawRow]) -> Weighed:
    """Say which of the locked rows that name an invoice's number give way to it, now that it is coded."""
    weighed = Weighed()
    for row, doubt in doubts_about(invoice, of_vendor(invoice, rows)).items():
        if doubt is not None:
            weighed.left[row] = doubt
        elif not (postings := taken_back(row)):
            continue  # nothing of it is spent any more
        elif all_open(invoice.entity, {posting.month for posting in postings}):
            weighed.taken.append((row, postings))
        else:
            weighed.left[row] = Doubt.CLOSED
    return weighed


def doubts_about(invoice: Invoice, rows: Sequence[RawRow]) -> dict[RawRow, Doubt | None]:
    """Return by row what speaks against its being the invoice. Closed months aside."""
    if not rows:
        return {}
    answered = Confirmation.objects.filter(invoice=invoice, undone_at__isnull=True)
    sources = answered.values_list("row__import_file__source_id", flat=True)
    claims = [Claim(row.pk, row.import_file.source_id, row.amount) for row in rows if row.amount is not None]
    found = doubts(claims, amounts_of_invoice(invoice), answered=list(sources))
    return {row: found[row.pk] for row in rows if row.pk in found}


def keep_weighed(invoice: Invoice, weighed: Weighed, *, journal_id: int, actor: User | None) -> None:
    """Keep what became of the weighed rows once the invoice was posted by a journal, which took those back that gave way."""
    confirm(invoice, [row for row, _ in weighed.taken], journal_id=journal_id, actor=actor)
    if weighed.left:
        raise_counted_besides(invoice, weighed.left)
    elif weighed.taken:
        resolve_exceptions(entity=invoice.entity, keys=[besides_key(invoice)])


def confirm(
    invoice: Invoice, rows: Sequence[RawRow], *, journal_id: int, actor: User | None, rule: str = RULE, why: str = WHY
) -> None:
    """Mark spent rows as confirming an invoice, after a journal took them back."""
    for row in rows:
        said = {"rule": rule, "why": why, "made_by": actor if rule == PERSON else None, "made_at": clock.now()}
        kept = Confirmation.objects.create(
            row=row, invoice=invoice, row_journal_id=row.produced_id, journal_id=journal_id, **said
        )
        note = f"{name_of(row)} is this document: the invoice is spent, the row's {row.amount:,} {row.currency} are taken back."
        tell(invoice, source=OWN, code="confirmed", external_id=f"confirmation:{kept.pk}", actor=kept.made_by, note=note)
        after = {"invoice": invoice.number, "rule": rule, "amount": str(row.amount), "journal": journal_id}
        record(actor=actor, verb="import.row_confirmed", subject=row, entity=invoice.entity, after=after)
        mark_accepted([row], produced_type="invoice", produced_id=invoice.pk, code="confirms", reason=reason_of(invoice))
    bear(invoice, borne_by(rows))


def confirm_unposted(rows: Sequence[RawRow], invoices: Mapping[int, int]) -> None:
    """Mark rows, by id with the invoice that each is, as confirming it; they posted nothing."""
    found = Invoice.objects.in_bulk(set(invoices.values()))
    kept = [(row, found[invoices[row.pk]]) for row in rows if row.pk in invoices]
    now = clock.now()
    Confirmation.objects.bulk_create(
        [Confirmation(row=row, invoice=invoice, rule=RULE, why=WHY, made_at=now) for row, invoice in kept]
    )
    for row, invoice in kept:
        mark_accepted([row], produced_type="invoice", produced_id=invoice.pk, code="confirms", reason=reason_of(invoice))
        bear(invoice, tags_in(row.fields | row.fixes))


def postings_back(confirmations: Sequence[Confirmation]) -> list[Posting]:
    """Return the entries that let rows count again, each where it was taken back."""
    threads = {each.journal_id: set[str]() for each in confirmations}
    for each in confirmations:
        threads[each.journal_id].add(thread_of(each.row))
    entries = Entry.objects.filter(journal_id__in=[pk for pk in threads if pk]).order_by("id")
    return [
        Posting(each.account_id, each.month, each.bucket, -each.amount, each.thread, "Counts again")
        for each in entries
        if each.thread in threads[each.journal_id]
    ]


def undo_confirmations(confirmations: Iterable[Confirmation], *, actor: User | None) -> None:
    """Say that rows confirm their invoices no more. Those that had been posted are what they were; for the others see to it."""
    for each in confirmations:
        each.undone_at, each.undone_by = clock.now(), actor
        each.save(update_fields=["undone_at", "undone_by"])
        if each.row_journal_id:
            mark_posted_again(each.row, journal_id=each.row_journal_id)
        note = f"{name_of(each.row)} does not confirm it any more."
        tell(each.invoice, source=OWN, code="released", external_id=f"confirmation:{each.pk}:undone", actor=actor, note=note)
        before = {"invoice": each.invoice.number, "journal": each.journal_id}
        record(actor=actor, verb="import.row_released", subject=each.row, entity=each.invoice.entity, before=before)


def judge_besides(invoice: Invoice) -> None:
    """Raise or resolve the exception of a coded invoice whose rows are spent besides it."""
    found = doubts_about(invoice, rows_besides(invoice))
    if found and invoice.lines.filter(account__isnull=False).exists():
        raise_counted_besides(invoice, {row: doubt or Doubt.CLOSED for row, doubt in found.items()})
    else:
        resolve_exceptions(entity=invoice.entity, keys=[besides_key(invoice)])


def reason_of(invoice: Invoice) -> str:
    """Return what a row says that confirms an invoice."""
    return f"Confirmed by invoice {invoice.number}: it is this document, and is spent there."


def name_of(row: RawRow) -> str:
    """Return how a sentence names a row."""
    return f"Row {row.number} of {row.import_file.name}"
