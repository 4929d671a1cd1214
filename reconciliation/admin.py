"""The admin of reconciliation: all to look at, and what is expected of sources to state. Its pages change the rest."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.forms import BaseModelForm
from django.http import HttpRequest

from core.admin import EntityAdmin, LookOnlyAdmin
from core.models import User
from reconciliation.models import (
    Allocation,
    BankAccount,
    BankEntry,
    CommitmentMatch,
    Confirmation,
    ExceptionItem,
    ImportFile,
    Invoice,
    InvoiceLine,
    Payment,
    RawRow,
    Source,
    Statement,
    StatusEvent,
    Suggestion,
)
from reconciliation.services.sources import ExpectedData, expect_of_source


@admin.register(Invoice)
class InvoiceAdmin(LookOnlyAdmin):
    """What vendors ask for."""

    list_display = ("number", "vendor", "issued_on", "gross", "currency", "document_state", "match_state", "money_state")
    list_filter = ("entity", "document_state", "match_state", "money_state")
    list_select_related = ("vendor",)
    search_fields = ("number", "vendor__name")


@admin.register(InvoiceLine)
class InvoiceLineAdmin(LookOnlyAdmin):
    """Lines of invoices, and where they are spent."""

    entity_path = "invoice__entity"
    list_display = ("invoice", "number", "description", "net", "vat", "recoverable", "account", "month")
    list_select_related = ("invoice", "account")
    search_fields = ("invoice__number", "description")


@admin.register(StatusEvent)
class StatusEventAdmin(LookOnlyAdmin):
    """What was said about invoices and payments. Written once."""

    # An event belongs to an invoice or to a payment; only a superuser looks at both through one list.
    entity_path = "invoice__entity"
    list_display = ("at", "source", "code", "invoice", "payment", "note", "actor")
    list_filter = ("source", "code")
    list_select_related = ("invoice", "payment", "actor")


@admin.register(BankAccount)
class BankAccountAdmin(LookOnlyAdmin):
    """Accounts that statements named."""

    list_display = ("iban", "name", "currency", "entity")
    list_filter = ("entity",)


@admin.register(Statement)
class StatementAdmin(LookOnlyAdmin):
    """Bank statements, each pointing at the one before."""

    entity_path = "bank_account__entity"
    list_display = ("identification", "bank_account", "from_on", "to_on", "opening", "closing", "entry_count")
    list_filter = ("bank_account",)
    list_select_related = ("bank_account",)


@admin.register(BankEntry)
class BankEntryAdmin(LookOnlyAdmin):
    """Entries of statements."""

    entity_path = "statement__bank_account__entity"
    list_display = ("statement", "number", "booked_on", "amount", "currency", "counterparty_name", "is_reversal")
    list_select_related = ("statement",)
    search_fields = ("counterparty_name", "reference")


@admin.register(Payment)
class PaymentAdmin(LookOnlyAdmin):
    """Money that moved."""

    list_display = ("booked_on", "counterparty_name", "amount", "open_amount", "currency", "state", "match_state")
    list_filter = ("entity", "state", "match_state")
    search_fields = ("counterparty_name", "remittance", "end_to_end_id")


@admin.register(Allocation)
class AllocationAdmin(LookOnlyAdmin):
    """Which payment settles which invoice, and why."""

    entity_path = "invoice__entity"
    list_display = ("invoice", "payment", "amount", "rule", "why", "made_at", "made_by", "undone_at")
    list_filter = ("rule",)
    list_select_related = ("invoice", "payment", "made_by")


@admin.register(CommitmentMatch)
class CommitmentMatchAdmin(LookOnlyAdmin):
    """Which invoice line answers which request line, and why."""

    entity_path = "invoice_line__invoice__entity"
    list_display = ("invoice_line", "request_line", "amount", "liquidated", "rule", "why", "made_at", "undone_at")
    list_filter = ("rule",)
    list_select_related = ("invoice_line__invoice", "request_line")


@admin.register(Confirmation)
class ConfirmationAdmin(LookOnlyAdmin):
    """Which ledger's row is the same document as which invoice, and why."""

    entity_path = "invoice__entity"
    list_display = ("invoice", "row", "rule", "why", "made_at", "made_by", "undone_at")
    list_filter = ("rule",)
    list_select_related = ("invoice", "row", "made_by")


@admin.register(Suggestion)
class SuggestionAdmin(LookOnlyAdmin):
    """Matches that may be right, and what people answered."""

    list_display = ("invoice", "kind", "amount", "score", "state", "decided_by")
    list_filter = ("entity", "kind", "state")
    list_select_related = ("invoice", "decided_by")


@admin.register(ExceptionItem)
class ExceptionItemAdmin(LookOnlyAdmin):
    """What needed a person, and how it ended."""

    list_display = ("opened_at", "code", "sentence", "amount", "currency", "owner", "closed_at", "closing_note")
    list_filter = ("entity", "code")
    list_select_related = ("owner",)


@admin.register(Source)
class SourceAdmin(EntityAdmin):
    """Where files come from, and how their columns are read; what is expected of them may be stated here."""

    EXPECTED = ("system", "cadence", "grace_days", "keeper")
    list_display = ("name", "code", "format", "system", "cadence", "entity", "is_active")
    list_filter = ("entity", "format", "is_active")
    list_select_related = ("entity",)
    search_fields = ("code", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """How files are read comes from the source's definition, whose mapping is checked as it is loaded."""
        return tuple(field.name for field in Source._meta.fields if field.name not in self.EXPECTED)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Sources are loaded from their definition."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Files name it."""
        return False

    def change(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> None:
        """State what is expected of it."""
        data = ExpectedData(**{name: getattr(obj, name) for name in self.EXPECTED})
        expect_of_source(source_id=obj.pk, data=data, actor=actor)


@admin.register(ImportFile)
class ImportFileAdmin(LookOnlyAdmin):
    """Files as they came, with what became of their rows."""

    entity_path = "source__entity"
    list_display = ("name", "source", "received_at", "state", "rows", "accepted", "quarantined", "duplicate", "ignored")
    list_filter = ("source", "state")
    list_select_related = ("source",)
    search_fields = ("name", "sha256")


@admin.register(RawRow)
class RawRowAdmin(LookOnlyAdmin):
    """Rows as they were read, each with its state and the reason for it."""

    entity_path = "import_file__source__entity"
    list_display = ("import_file", "number", "occurred_on", "amount", "currency", "status", "reason")
    list_filter = ("status", "reason_code")
    list_select_related = ("import_file",)
    search_fields = ("import_file__name", "reason")
