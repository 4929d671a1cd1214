from decimal import Decimal

from django.conf import settings
from django.db import models

from core import clock


class Invoice(models.Model):
    """What a vendor asks for. Amounts are in the invoice's currency; a credit note is negative.

    `document_state`, `match_state` and `money_state` are kept folds over the status events, the commitment matches and
    the allocations: services refresh them, nothing else decides by anything else.
    """

    class DocumentState(models.TextChoices):
        RECEIVED = "received", "received"
        VALIDATED = "validated", "validated"
        INVALID = "invalid", "invalid"
        VOIDED = "voided", "voided"

    class MatchState(models.TextChoices):
        UNMATCHED = "unmatched", "no request"
        PARTLY = "partly", "partly matched"
        MATCHED = "matched", "matched"

    class MoneyState(models.TextChoices):
        OPEN = "open", "open"
        PARTLY_PAID = "partly_paid", "partly paid"
        PAID = "paid", "paid"
        OVERPAID = "overpaid", "overpaid"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="invoices")
    vendor = models.ForeignKey("budgets.Vendor", on_delete=models.PROTECT, related_name="invoices")
    number = models.CharField(max_length=80)
    number_key = models.CharField(max_length=80, editable=False, help_text="The number folded: letters and digits only.")
    number_digits = models.CharField(max_length=80, editable=False, help_text="Its digits without leading zeros.")
    issued_on = models.DateField()
    due_on = models.DateField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    net = models.DecimalField(max_digits=18, decimal_places=2)
    vat = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    recoverable_vat = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    gross = models.DecimalField(max_digits=18, decimal_places=2)
    reference = models.CharField(max_length=300, blank=True, help_text="The buyer's reference: a request or order number.")
    payment_reference = models.CharField(max_length=80, blank=True, help_text="The reference that the payment shall carry.")
    payment_key = models.CharField(max_length=80, blank=True, editable=False)
    document_state = models.CharField(max_length=20, choices=DocumentState, default=DocumentState.RECEIVED)
    match_state = models.CharField(max_length=20, choices=MatchState, default=MatchState.UNMATCHED)
    money_state = models.CharField(max_length=20, choices=MoneyState, default=MoneyState.OPEN)
    paid = models.DecimalField(max_digits=18, decimal_places=2, default=0, help_text="The sum of its active allocations.")
    open_amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="Gross less paid.")
    suspected_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="suspects", help_text="It may be this one again."
    )
    source_row = models.ForeignKey("reconciliation.RawRow", on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(default=clock.now, editable=False)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-issued_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "number_key"],
                condition=~models.Q(document_state="voided") & models.Q(suspected_of__isnull=True),
                name="invoice_once_per_vendor_and_number",
            ),
            models.CheckConstraint(
                condition=models.Q(document_state__in=["received", "validated", "invalid", "voided"]),
                name="invoice_document_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(match_state__in=["unmatched", "partly", "matched"]), name="invoice_match_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(money_state__in=["open", "partly_paid", "paid", "overpaid"]),
                name="invoice_money_state_is_known",
            ),
            models.CheckConstraint(condition=models.Q(gross=models.F("net") + models.F("vat")), name="invoice_adds_up"),
            models.CheckConstraint(
                condition=models.Q(open_amount=models.F("gross") - models.F("paid")), name="invoice_open_is_what_is_left"
            ),
            models.CheckConstraint(condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="invoice_currency_is_iso"),
            models.CheckConstraint(condition=~models.Q(gross=0), name="invoice_is_not_nothing"),
        ]
        indexes = [
            models.Index(fields=["entity", "-issued_on", "-id"], name="invoices_newest_first"),
            models.Index(fields=["entity", "number_key"], name="invoice_by_number"),
            models.Index(fields=["vendor", "number_digits"], name="invoice_by_digits"),
            models.Index(fields=["vendor", "gross"], name="invoice_by_vendor_and_gross"),
            models.Index(fields=["entity", "payment_key"], name="invoice_by_payment_key", condition=~models.Q(payment_key="")),
            models.Index(
                fields=["entity", "currency", "open_amount"],
                name="invoices_open_by_amount",
                condition=~models.Q(open_amount=0) & ~models.Q(document_state="voided"),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class InvoiceLine(models.Model):
    """A line of an invoice. Coded, it has an account, a month and the journal that posted its spend."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()
    description = models.CharField(max_length=400)
    net = models.DecimalField(max_digits=18, decimal_places=2)
    vat = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    recoverable = models.DecimalField(max_digits=18, decimal_places=2, default=0, help_text="VAT that comes back.")
    service_month = models.DateField(null=True, blank=True, help_text="The month the line says it is for.")
    account = models.ForeignKey("budgets.FundsAccount", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    month = models.DateField(null=True, blank=True)
    journal = models.ForeignKey("budgets.Journal", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    codings = models.PositiveIntegerField(default=0, help_text="How often it was coded; makes each posting's key its own.")

    class Meta:
        ordering = ["invoice", "number"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "number"], name="invoice_line_number_once"),
            models.CheckConstraint(
                condition=models.Q(account__isnull=True, month__isnull=True, journal__isnull=True)
                | models.Q(account__isnull=False, month__isnull=False, journal__isnull=False),
                name="invoice_line_is_coded_whole_or_not",
            ),
            models.CheckConstraint(
                condition=models.Q(month__isnull=True) | models.Q(month__day=1), name="invoice_line_month_begins_on_the_first"
            ),
        ]
        indexes = [
            models.Index(fields=["invoice"], name="invoice_lines_uncoded", condition=models.Q(account__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.invoice} line {self.number}"

    @property
    def amount(self) -> Decimal:
        """What the line costs the budget: net of the VAT that comes back, in the invoice's currency."""
        return self.net + self.vat - self.recoverable

    @property
    def is_coded(self) -> bool:
        """Whether its spend is posted."""
        return self.account_id is not None
