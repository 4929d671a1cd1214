"""Filters of the lists of reconciliation, as the pages have them."""

from django.db.models import QuerySet

from budgets.api.attribute_fields import HAVING, Condition
from budgets.selectors.attributes import having
from core.api.filters import Asked, Choice, Code, FilterSet, Flag, Number
from reconciliation.filters import invoices_found, payments_found
from reconciliation.models import (
    ExceptionItem,
    ImportFile,
    Invoice,
    InvoiceAttribute,
    InvoiceLine,
    Payment,
    RawRow,
    Source,
    Suggestion,
)

OF_ENTITY = "Of the organization with this code."
CODING = (("open", "not coded"), ("done", "coded"))
DIRECTIONS = (("out", "paid out"), ("in", "came in"))
STANDING = (("open", "open"), ("closed", "closed"))


class SourceFilter(FilterSet):
    """Of an organization, by format."""

    entity = Asked(Code(), field_name="entity__code", about=OF_ENTITY)
    code = Asked(Code(), field_name="code")
    format = Asked(Choice(Source.Format.choices), field_name="format")

    class Meta:
        model = Source
        fields: list[str] = []


class ImportFilter(FilterSet):
    """By organization, source and state, and whether rows of it wait."""

    entity = Asked(Code(), field_name="source__entity__code", about=OF_ENTITY)
    source = Asked(Number(), field_name="source_id", about="The source's number.")
    state = Asked(Choice(ImportFile.State.choices), field_name="state")
    is_waiting = Asked(Flag(), method="waiting", about="Whether rows of it are in quarantine.")

    class Meta:
        model = ImportFile
        fields: list[str] = []

    def waiting(self, rows: QuerySet[ImportFile], name: str, value: bool) -> QuerySet[ImportFile]:
        """Keep the files of which rows wait, or the others."""
        return rows.filter(quarantined__gt=0) if value else rows.filter(quarantined=0)


class RowFilter(FilterSet):
    """By how they ended, and why."""

    status = Asked(Choice(RawRow.Status.choices), field_name="status")
    reason = Asked(Code(), field_name="reason_code", about="The code of the reason.")

    class Meta:
        model = RawRow
        fields: list[str] = []


class InvoiceFilter(FilterSet):
    """By number or vendor, and by each of their states."""

    entity = Asked(Code(), field_name="entity__code", about=OF_ENTITY)
    q = Asked(Code(), method="search", about="How its number begins, or words in the vendor's name.")
    attribute = Asked(Condition(), method="with_attribute", about=HAVING)
    document_state = Asked(Choice(Invoice.DocumentState.choices), field_name="document_state")
    money_state = Asked(Choice(Invoice.MoneyState.choices), field_name="money_state")
    match_state = Asked(Choice(Invoice.MatchState.choices), field_name="match_state")
    coding = Asked(Choice(CODING), method="coded", about="Whether a line of it is on no budget line.")

    class Meta:
        model = Invoice
        fields: list[str] = []

    def with_attribute(self, rows: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """Keep those that have the attribute so."""
        return having(rows, InvoiceAttribute, "invoice", value)

    def search(self, rows: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """Keep invoices by number or vendor."""
        return invoices_found(rows, value)

    def coded(self, rows: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """Keep invoices with a line that is on no budget line, or those without one."""
        waiting = InvoiceLine.objects.filter(account__isnull=True).values("invoice_id")
        if value == "open":
            return rows.filter(pk__in=waiting).exclude(document_state=Invoice.DocumentState.VOIDED)
        return rows.exclude(pk__in=waiting)


class PaymentFilter(FilterSet):
    """By who was paid, and by how far they found their invoices."""

    entity = Asked(Code(), field_name="entity__code", about=OF_ENTITY)
    q = Asked(Code(), method="search", about="Words in the counterparty's name, the bank's text or the reference.")
    match_state = Asked(Choice(Payment.MatchState.choices), field_name="match_state")
    direction = Asked(Choice(DIRECTIONS), method="directed")

    class Meta:
        model = Payment
        fields: list[str] = []

    def search(self, rows: QuerySet[Payment], name: str, value: str) -> QuerySet[Payment]:
        """Keep payments by name or reference."""
        return payments_found(rows, value)

    def directed(self, rows: QuerySet[Payment], name: str, value: str) -> QuerySet[Payment]:
        """Keep what left the account, or what came in."""
        return rows.filter(amount__gt=0) if value == "out" else rows.filter(amount__lt=0)


class SuggestionFilter(FilterSet):
    """By organization and kind, and what they are about."""

    entity = Asked(Code(), field_name="entity__code", about=OF_ENTITY)
    kind = Asked(Choice(Suggestion.Kind.choices), field_name="kind")
    invoice = Asked(Number(), field_name="invoice_id", about="The invoice's number among all.")
    payment = Asked(Number(), field_name="payment_id", about="The payment's number.")

    class Meta:
        model = Suggestion
        fields: list[str] = []


class ExceptionFilter(FilterSet):
    """By organization, kind and owner, open or closed."""

    entity = Asked(Code(), field_name="entity__code", about=OF_ENTITY)
    code = Asked(Code(), field_name="code", about="Its kind.")
    owner = Asked(Code(), field_name="owner__email", about="Its owner's address.")
    state = Asked(Choice(STANDING), method="standing")

    class Meta:
        model = ExceptionItem
        fields: list[str] = []

    def standing(self, rows: QuerySet[ExceptionItem], name: str, value: str) -> QuerySet[ExceptionItem]:
        """Keep the open ones, or the closed."""
        return rows.filter(closed_at__isnull=value == "open")
