from django.db import models

from core import clock


class BankAccount(models.Model):
    """An account of the entity at a bank, in one currency."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="bank_accounts")
    iban = models.CharField(max_length=34, help_text="The IBAN, or the bank's own number where there is none.")
    name = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3)

    class Meta:
        ordering = ["iban"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "iban", "currency"], name="bank_account_once"),
            models.CheckConstraint(condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="bank_account_currency_is_iso"),
        ]

    def __str__(self) -> str:
        return self.name or self.iban


class Statement(models.Model):
    """A bank's statement of one account: opening, entries, closing. Its opening is the closing of the one before."""

    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="statements")
    identification = models.CharField(max_length=80)
    sequence = models.CharField(max_length=40, blank=True)
    from_on = models.DateField()
    to_on = models.DateField()
    opening = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="Empty where the bank does not say.")
    closing = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="Empty where the bank does not say.")
    entry_count = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of what it says, so that a changed one is noticed.")
    previous = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="following")
    import_file = models.ForeignKey("reconciliation.ImportFile", on_delete=models.PROTECT, null=True, related_name="statements")
    recorded_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["bank_account", "to_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["bank_account", "identification"], name="statement_once"),
            models.CheckConstraint(condition=models.Q(to_on__gte=models.F("from_on")), name="statement_ends_after_it_starts"),
        ]
        indexes = [models.Index(fields=["bank_account", "to_on", "id"], name="statements_in_order")]

    def __str__(self) -> str:
        return self.identification


class BankEntry(models.Model):
    """A booked entry of a statement: credit is positive, debit negative. A batch has its parts as payments."""

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="entries")
    number = models.PositiveIntegerField(help_text="Its place in the statement.")
    booked_on = models.DateField()
    value_on = models.DateField(null=True, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    counterparty_name = models.CharField(max_length=300, blank=True)
    counterparty_iban = models.CharField(max_length=34, blank=True)
    reference = models.CharField(max_length=600, blank=True, help_text="The remittance text.")
    end_to_end_id = models.CharField(max_length=80, blank=True)
    bank_reference = models.CharField(max_length=80, blank=True)
    is_reversal = models.BooleanField(default=False)
    details = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "bank entries"
        ordering = ["statement", "number"]
        constraints = [models.UniqueConstraint(fields=["statement", "number"], name="bank_entry_once")]

    def __str__(self) -> str:
        return f"{self.statement} entry {self.number}"


class Payment(models.Model):
    """Money that moved, one per entry or per part of a batch. Positive leaves the account and may settle invoices.

    `allocated` and the states are kept folds over the allocations and status events, refreshed by services.
    """

    class State(models.TextChoices):
        BOOKED = "booked", "booked"
        RETURNED = "returned", "returned"

    class MatchState(models.TextChoices):
        UNMATCHED = "unmatched", "no invoice"
        PARTLY = "partly", "partly matched"
        MATCHED = "matched", "matched"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="payments")
    entry = models.ForeignKey(BankEntry, on_delete=models.PROTECT, related_name="payments")
    number = models.PositiveIntegerField(help_text="Its place in a batch; 1 where the entry is one payment.")
    booked_on = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="Positive: paid out. Negative: came in.")
    currency = models.CharField(max_length=3)
    counterparty_name = models.CharField(max_length=300, blank=True)
    counterparty_iban = models.CharField(max_length=34, blank=True)
    end_to_end_id = models.CharField(max_length=80, blank=True)
    structured_reference = models.CharField(max_length=80, blank=True)
    remittance = models.CharField(max_length=600, blank=True)
    is_return = models.BooleanField(default=False)
    allocated = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    open_amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="Amount less allocated.")
    state = models.CharField(max_length=20, choices=State, default=State.BOOKED)
    match_state = models.CharField(max_length=20, choices=MatchState, default=MatchState.UNMATCHED)
    recorded_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-booked_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "number"], name="payment_once_per_part"),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0, allocated__gte=0, allocated__lte=models.F("amount"))
                | models.Q(amount__lt=0, allocated__lte=0, allocated__gte=models.F("amount")),
                name="payment_allocations_never_exceed_it",
            ),
            models.CheckConstraint(
                condition=models.Q(open_amount=models.F("amount") - models.F("allocated")), name="payment_open_is_what_is_left"
            ),
            models.CheckConstraint(condition=models.Q(state__in=["booked", "returned"]), name="payment_state_is_known"),
            models.CheckConstraint(
                condition=models.Q(match_state__in=["unmatched", "partly", "matched"]), name="payment_match_state_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["entity", "-booked_on", "-id"], name="payments_newest_first"),
            models.Index(
                fields=["entity", "currency", "open_amount"], name="payments_open_by_amount", condition=~models.Q(open_amount=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.amount} {self.currency}"
