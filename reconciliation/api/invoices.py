"""Invoices, their lines, and the matches of these with requests."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from budgets.api.attribute_fields import AttributesGivenSerializer, AttributesTakenSerializer
from budgets.selectors.attributes import attach_attributes
from budgets.services.attributes import set_attributes
from core.api.acts import read, write
from core.api.endpoint import NUMBER, Listed, Shown
from core.errors import InvalidInput
from core.rules.rights import Right
from reconciliation.api import invoice_serializers as shapes
from reconciliation.api.filters import InvoiceFilter
from reconciliation.models import CommitmentMatch, Invoice, InvoiceAttribute, InvoiceLine
from reconciliation.selectors.commitments import approved_lines
from reconciliation.selectors.invoices import LineShown, allocations_shown, line_choices, lines_shown
from reconciliation.selectors.reading import (
    READERS as READING,
)
from reconciliation.selectors.reading import (
    access_invoice_by_id,
    access_line_by_id,
    access_match_by_id,
    entities_for,
)
from reconciliation.selectors.same_document import confirmations_of, rows_besides
from reconciliation.selectors.work import open_suggestions
from reconciliation.services.coding import code_invoice_line, uncode_invoice_line
from reconciliation.services.commitments import match_to_request, unmatch
from reconciliation.services.invoices import clear_suspicion, void_invoice
from reconciliation.services.row_answers import confirm_row, release_row

READERS = frozenset(READING)
WORKING = frozenset({Right.RECONCILE})


class Invoices(Listed[Invoice], Shown[Invoice]):
    """Invoices, the latest first."""

    room = "reconciliation"
    model = Invoice
    rights = READERS
    shows = shapes.InvoiceSerializer
    lists = shapes.InvoiceRowSerializer
    filterset_class = InvoiceFilter
    orderings = ("-issued_on", "issued_on", "-id", "id")
    places = {"id": (NUMBER, "The invoice's number among all.")}

    def rows(self) -> QuerySet[Invoice]:
        return Invoice.objects.filter(entity__in=entities_for(self.person)).select_related("vendor", "entity")

    def one(self) -> Invoice:
        return access_invoice_by_id(self.person, self.number(), *_wanted(self))

    def dress(self, rows: Sequence[Invoice]) -> list[Any]:
        attach_attributes(InvoiceAttribute, rows)
        return [{"invoice": row} if self.act.paged else _told(row) for row in rows]

    @write(takes=AttributesTakenSerializer, gives=AttributesGivenSerializer, rights=WORKING)
    def attributes(self, invoice: Invoice, data: dict[str, Any]) -> dict[str, Any]:
        """State what an invoice has of its organization's attributes; what is left out stays, null takes one away."""
        values = data["attributes"]
        kept = set_attributes(model=InvoiceAttribute, kind="invoice", subject=invoice, values=values, actor=self.person)
        return {"attributes": kept}

    @write(takes=shapes.VoidingSerializer, gives=shapes.InvoiceSerializer, rights=WORKING)
    def void(self, invoice: Invoice, data: dict[str, Any]) -> Invoice:
        """Void an invoice for good. Its coding, matches and payments are undone before."""
        void_invoice(invoice_id=invoice.pk, actor=self.person, reason=data["reason"])
        return access_invoice_by_id(self.person, invoice.pk)

    @write(gives=shapes.InvoiceSerializer, rights=WORKING)
    def clear(self, invoice: Invoice) -> Invoice:
        """Say that a held invoice is owed besides the one it resembles."""
        clear_suspicion(invoice_id=invoice.pk, actor=self.person)
        return access_invoice_by_id(self.person, invoice.pk)

    @write(takes=shapes.RowTakenSerializer, gives=shapes.InvoiceSerializer, rights=WORKING)
    def confirm(self, invoice: Invoice, data: dict[str, Any]) -> Invoice:
        """Say that a row which is spent besides the invoice is this document: it is taken back, and counts once."""
        confirm_row(invoice_id=invoice.pk, row_id=data["row"], actor=self.person)
        return access_invoice_by_id(self.person, invoice.pk)

    @write(takes=shapes.RowTakenSerializer, gives=shapes.InvoiceSerializer, rights=WORKING)
    def release(self, invoice: Invoice, data: dict[str, Any]) -> Invoice:
        """Undo that a row is this document, where a person had said so: it is spent again."""
        release_row(invoice_id=invoice.pk, row_id=data["row"], actor=self.person)
        return access_invoice_by_id(self.person, invoice.pk)


class InvoiceLines(Shown[InvoiceLine]):
    """One line of an invoice."""

    room = "reconciliation"
    model = InvoiceLine
    rights = READERS
    shows = shapes.InvoiceLineSerializer
    places = {"id": (NUMBER, "The line's number among all.")}

    def one(self) -> InvoiceLine:
        return access_line_by_id(self.person, self.number(), *_wanted(self))

    def dress(self, rows: Sequence[InvoiceLine]) -> list[Any]:
        return [_line(shown) for row in rows for shown in lines_shown(row.invoice) if shown.line == row]

    @read(gives=shapes.ChoicesSerializer)
    def choices(self, line: InvoiceLine) -> dict[str, Any]:
        """Show what the line may be coded or matched to."""
        found = line_choices(line.invoice)
        return {"accounts": found.accounts.values(), "months": found.months, "requests": found.requests}

    @write(takes=shapes.CodingSerializer, gives=shapes.InvoiceLineSerializer, rights=WORKING)
    def code(self, line: InvoiceLine, data: dict[str, Any]) -> InvoiceLine:
        """Put a line on a budget line: what it costs is spent there."""
        account = line_choices(line.invoice).accounts.get(data["account"])
        if account is None:
            raise _no_choice("account")
        code_invoice_line(line_id=line.pk, account=account, month=data["month"], actor=self.person)
        return access_line_by_id(self.person, line.pk)

    @write(gives=shapes.InvoiceLineSerializer, rights=WORKING)
    def uncode(self, line: InvoiceLine) -> InvoiceLine:
        """Take a line off its budget line; its spend is taken back."""
        uncode_invoice_line(line_id=line.pk, actor=self.person)
        return access_line_by_id(self.person, line.pk)

    @write(takes=shapes.MatchingSerializer, gives=shapes.InvoiceLineSerializer, rights=WORKING)
    def match(self, line: InvoiceLine, data: dict[str, Any]) -> InvoiceLine:
        """Match a line to a line of an approved request; its commitment goes by what the invoice costs."""
        invoice = line.invoice
        if not approved_lines(invoice.entity, currency=invoice.currency).filter(pk=data["request_line"]).exists():
            raise _no_choice("request_line")
        match_to_request(invoice_line_id=line.pk, request_line_id=data["request_line"], actor=self.person)
        return access_line_by_id(self.person, line.pk)


class Matches(Shown[CommitmentMatch]):
    """A match of an invoice line with a request line."""

    room = "reconciliation"
    model = CommitmentMatch
    rights = READERS
    shows = shapes.MatchSerializer
    places = {"id": (NUMBER, "The match's number.")}

    def one(self) -> CommitmentMatch:
        return access_match_by_id(self.person, self.number(), *_wanted(self))

    @write(gives=shapes.MatchSerializer, rights=WORKING)
    def undo(self, match: CommitmentMatch) -> CommitmentMatch:
        """Undo one match, and just that; the commitment stands again."""
        unmatch(match_id=match.pk, actor=self.person)
        return access_match_by_id(self.person, match.pk)


def _wanted(endpoint: Any) -> list[Right]:
    return [Right.RECONCILE] if endpoint.act.is_write else []


def _told(invoice: Invoice) -> dict[str, Any]:
    """Return all that its own address tells, in a fixed number of queries."""
    return {
        "invoice": invoice,
        "lines": [_line(shown) for shown in lines_shown(invoice)],
        "allocations": allocations_shown(invoice),
        "confirmed_by": confirmations_of(invoice),
        "counted_besides": rows_besides(invoice),
        "suggestions": [each.pk for each in open_suggestions([invoice.entity]).filter(invoice=invoice)],
        "events": invoice.events.select_related("actor").order_by("-at", "-id"),
    }


def _line(shown: LineShown) -> dict[str, Any]:
    return {"line": shown.line, "matches": [answer.match for answer in shown.answers]}


def _no_choice(field: str) -> InvalidInput:
    sentence = "This is none of the line's choices."
    return InvalidInput(sentence, remedy="Read its choices, and name one of them.", details={field: sentence})
