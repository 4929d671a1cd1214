"""Files that came in: where they come from, their bytes, and what became of each of their rows."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from core import clock
from core.models.retention import content_kept_but_for_retention
from reconciliation.models.confirmations import POSTS_NOT_WHILE_CONFIRMED
from reconciliation.rules.expecting import LONGEST_GRACE


class Source(models.Model):
    """Where files come from: their format, which column says what, what is expected. Codes are unique in an entity."""

    class Format(models.TextChoices):
        SPEND_CSV = "spend_csv", "spend, as CSV"
        INVOICE_CSV = "invoice_csv", "invoices, as CSV"
        BILL_CSV = "bill_csv", "a bill with groups, as CSV"
        CAMT053 = "camt053", "bank statement, camt.053"

    class System(models.TextChoices):
        ERP = "erp", "ERP"
        BILLING = "billing", "billing"
        CARDS = "cards", "cards"
        INVOICES = "invoices", "invoices"
        BANK = "bank", "bank"
        OTHER = "other", "another system"

    class Cadence(models.TextChoices):
        NONE = "none", "not regularly"
        DAILY = "daily", "each day from Monday to Friday"
        WEEKLY = "weekly", "each week"
        MONTHLY = "monthly", "each month"
        QUARTERLY = "quarterly", "each quarter"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="sources")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    format = models.CharField(max_length=20, choices=Format)
    mapping = models.JSONField(default=dict, help_text="Checked by reconciliation.rules.mapping when it is saved.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    system = models.CharField(max_length=20, choices=System, help_text="Which system its files come out of.")
    cadence = models.CharField(max_length=20, choices=Cadence, default=Cadence.NONE, help_text="How often a file is expected.")
    grace_days = models.PositiveSmallIntegerField(default=0, help_text="How many days it may be late before it counts as late.")
    keeper = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whom to ask for it.",
    )

    class Meta:
        ordering = ["entity", "code"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "code"], name="source_code_once"),
            models.CheckConstraint(
                condition=models.Q(format__in=["spend_csv", "invoice_csv", "bill_csv", "camt053"]), name="source_format_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(format="camt053", system="bank")
                | models.Q(format="invoice_csv", system="invoices")
                | models.Q(format__in=["spend_csv", "bill_csv"], system__in=["erp", "billing", "cards", "other"]),
                name="source_system_fits_its_format",
            ),
            models.CheckConstraint(
                condition=models.Q(cadence="none", grace_days=0)
                | models.Q(cadence__in=["daily", "weekly", "monthly", "quarterly"], grace_days__lte=LONGEST_GRACE),
                name="source_cadence_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


def path_of_bytes(import_file: "ImportFile", name: str) -> str:
    """Keep a file under its own hash: a name from outside never becomes a path."""
    return f"imports/{import_file.sha256[:2]}/{import_file.sha256}"


class ImportFile(models.Model):
    """A file that was received: its bytes, their hash, and counts that add up. Amounts are in `currency`."""

    class State(models.TextChoices):
        RECEIVED = "received", "received"
        APPLYING = "applying", "being imported"
        DONE = "done", "imported"
        REFUSED = "refused", "refused"

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    content = models.FileField(upload_to=path_of_bytes, max_length=200)
    state = models.CharField(max_length=20, choices=State, default=State.RECEIVED)
    refused = models.CharField(max_length=600, blank=True, help_text="Why the file as a whole was refused, and the remedy.")
    currency = models.CharField(max_length=3, blank=True)
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)

    rows = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    duplicate = models.PositiveIntegerField(default=0)
    ignored = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    vanished = models.PositiveIntegerField(default=0)

    control_total = models.DecimalField(max_digits=24, decimal_places=2, default=0, help_text="Of every row with an amount.")
    accepted_total = models.DecimalField(max_digits=24, decimal_places=2, default=0)
    quarantined_total = models.DecimalField(max_digits=24, decimal_places=2, default=0)
    duplicate_total = models.DecimalField(max_digits=24, decimal_places=2, default=0)
    ignored_total = models.DecimalField(max_digits=24, decimal_places=2, default=0)
    findings = models.JSONField(default=list, encoder=DjangoJSONEncoder, help_text="Each with code, where, amount, sentence.")

    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    job = models.ForeignKey("core.Job", on_delete=models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField(default=clock.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "sha256"], name="import_file_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["received", "applying", "done", "refused"]), name="import_file_state_is_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="done")
                | models.Q(rows=models.F("accepted") + models.F("quarantined") + models.F("duplicate") + models.F("ignored")),
                name="import_file_rows_add_up",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="done")
                | models.Q(
                    control_total=models.F("accepted_total")
                    + models.F("quarantined_total")
                    + models.F("duplicate_total")
                    + models.F("ignored_total")
                ),
                name="import_file_totals_add_up",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="refused") | ~models.Q(refused=""), name="import_file_refused_says_why"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            content_kept_but_for_retention("its_bytes_stay", records="imports", column="content"),
        ]

    def __str__(self) -> str:
        return self.name


class RawRow(models.Model):
    """A row as it came, and how it ended. Its identity is its file and its number: identical rows are real."""

    class Status(models.TextChoices):
        PENDING = "pending", "waiting"
        ACCEPTED = "accepted", "accepted"
        QUARANTINED = "quarantined", "quarantined"
        DUPLICATE = "duplicate", "already here"
        IGNORED = "ignored", "ignored"

    import_file = models.ForeignKey(ImportFile, on_delete=models.PROTECT, related_name="raw_rows")
    number = models.PositiveIntegerField(help_text="The row's number in its file, from 1; a statement's entry counts as a row.")
    payload = models.JSONField(help_text="The cells as text, by column heading.")
    fields = models.JSONField(default=dict, help_text="What the mapping read from it, as text.")
    fingerprint = models.CharField(max_length=32)
    identity = models.CharField(max_length=32, blank=True, help_text="Hash of vendor and document number; blank: it has none.")
    number_key = models.CharField(max_length=80, blank=True, help_text="The document's number folded: letters and digits only.")
    occurred_on = models.DateField(null=True, help_text="The day by which it is posted.")
    document_on = models.DateField(null=True, help_text="The document's own date, where the file states one besides.")
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)

    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    reason_code = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    remedy = models.CharField(max_length=400, blank=True)
    duplicate_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    gone_with = models.ForeignKey(
        ImportFile, on_delete=models.PROTECT, null=True, related_name="+", help_text="The later file that restated this row."
    )

    fixes = models.JSONField(default=dict, help_text="What a person said instead, by field.")
    fixed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    fixed_at = models.DateTimeField(null=True)
    produced_type = models.CharField(max_length=20, blank=True, help_text="journal, invoice or statement.")
    produced_id = models.BigIntegerField(null=True)
    account = models.ForeignKey("budgets.FundsAccount", on_delete=models.PROTECT, null=True, related_name="+")
    month = models.DateField(null=True, help_text="The month it was posted in.")

    class Meta:
        ordering = ["import_file", "number"]
        constraints = [
            models.UniqueConstraint(fields=["import_file", "number"], name="raw_row_once"),
            models.CheckConstraint(
                condition=models.Q(status__in=["pending", "accepted", "quarantined", "duplicate", "ignored"]),
                name="raw_row_status_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["pending", "accepted"]) | ~models.Q(reason_code=""), name="raw_row_says_why"
            ),
            models.CheckConstraint(
                condition=~models.Q(status="quarantined") | ~models.Q(remedy=""), name="raw_row_in_quarantine_has_its_remedy"
            ),
        ]
        indexes = [
            models.Index(fields=["import_file", "status", "number"], name="raw_rows_by_status"),
            models.Index(fields=["import_file", "occurred_on"], name="raw_rows_by_day"),
            models.Index(fields=["import_file"], name="raw_rows_with_documents", condition=models.Q(document_on__isnull=False)),
            models.Index(
                fields=["number_key"],
                name="raw_rows_spent_by_number",
                condition=models.Q(status="accepted", produced_type="journal", gone_with__isnull=True) & ~models.Q(number_key=""),
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [POSTS_NOT_WHILE_CONFIRMED]

    def __str__(self) -> str:
        return f"row {self.number}"

    @property
    def gist(self) -> str:
        """What the row is about, in a line: vendor, number and description, or who was paid and the bank's text."""
        said = self.fields | self.fixes
        words = [said.get(role, "") for role in ("vendor", "number", "description")]
        return " · ".join(word for word in words if word) or " · ".join(
            self.payload[name] for name in ("Counterparty", "Text") if self.payload.get(name)
        )
