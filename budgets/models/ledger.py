"""The funds ledger. The posting function in the database is the only writer; the app may only read these tables.

Foreign keys that lead a primary key, a unique constraint or an index have none of their own: each posting would pay for it.
"""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class FundsAccount(models.Model):
    """Where money is held: (budget, cost centre, category). It outlives budget versions."""

    budget = models.ForeignKey("budgets.Budget", on_delete=models.PROTECT, related_name="accounts")
    cost_centre = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, related_name="accounts")
    category = models.ForeignKey("budgets.Category", on_delete=models.PROTECT, related_name="accounts")
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="accounts")
    name = models.CharField(max_length=200, help_text="What people call it: its budget line, or its category and cost centre.")
    currency = models.CharField(max_length=3)
    seq = models.BigIntegerField(default=0)
    head = models.BinaryField(default=b"", help_text="The hash of its newest link; empty before the first.")
    posted_at = models.DateTimeField(null=True, help_text="The moment of its newest link's journal.")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["budget", "cost_centre", "category"], name="funds_account_once")]

    def __str__(self) -> str:
        return self.name


class Bucket(models.TextChoices):
    ALLOTTED = "allotted", "allotted"
    RESERVED = "reserved", "reserved"
    COMMITTED = "committed", "committed"
    SPENT = "spent", "spent"
    PAID = "paid", "paid"


class Balance(models.Model):
    """Sums of an account's entries by month. available = allotted - reserved - committed - spent."""

    pk = models.CompositePrimaryKey("account_id", "month")
    account = models.ForeignKey(FundsAccount, on_delete=models.PROTECT, related_name="balances", db_index=False)
    month = models.DateField()
    allotted = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    reserved = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    committed = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    spent = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    paid = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    pooled_allotted = models.DecimalField(
        max_digits=18, decimal_places=2, default=0, help_text="In the entity's currency, at the entries' rates."
    )
    pooled_held = models.DecimalField(max_digits=18, decimal_places=2, default=0)


KINDS = [
    "allot",
    "revise",
    "reserve",
    "release",
    "commit",
    "spend",
    "liquidate",
    "paid",
    "recode",
    "transfer",
    "carry",
    "move",
    "opening",
    "reverse",
]


class Journal(models.Model):
    """One posting: all its entries or none. `key` makes it happen once.

    A journal that holds money (reserved or committed) is pending in what it holds, until journals that *settle* it have used
    that up: in full or part, by what comes next or by letting go.
    """

    class Kind(models.TextChoices):
        ALLOT = "allot", "allotment"
        REVISE = "revise", "revision"
        RESERVE = "reserve", "reservation"
        RELEASE = "release", "release"
        COMMIT = "commit", "commitment"
        SPEND = "spend", "spend"
        LIQUIDATE = "liquidate", "liquidation"
        PAID = "paid", "payment"
        RECODE = "recode", "re-coding"
        TRANSFER = "transfer", "transfer"
        CARRY = "carry", "carry-forward"
        MOVE = "move", "move to another month"
        OPENING = "opening", "opening balance"
        REVERSE = "reverse", "reversal"

    key = models.CharField(max_length=200, unique=True)
    digest = models.BinaryField()
    kind = models.CharField(max_length=40, choices=Kind)
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="journals")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    source_type = models.CharField(max_length=40)
    source_id = models.CharField(max_length=80)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")
    settles = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="settled_by", help_text="The pending journal it uses up."
    )
    is_fact = models.BooleanField(default=False, help_text="Passes a stop: it has happened already.")
    is_override = models.BooleanField(default=False, help_text="Passes a stop: an approval lets it.")
    form = models.PositiveSmallIntegerField(default=2, help_text="The form of its links' text.")
    memo = models.CharField(max_length=400, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=KINDS),
                name="journal_kind_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="reverse", reverses__isnull=False) | ~models.Q(kind="reverse"),
                name="journal_reversal_names_its_journal",
            ),
            models.CheckConstraint(
                condition=models.Q(is_fact=False) | models.Q(is_override=False), name="journal_is_a_fact_or_an_override"
            ),
            models.CheckConstraint(condition=models.Q(form__in=[1, 2]), name="journal_form_is_known"),
        ]
        indexes = [models.Index(fields=["source_type", "source_id"], name="journal_by_source")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Link(models.Model):
    """An account's chain: one link per journal, each hashing the journal's entries and the link before."""

    pk = models.CompositePrimaryKey("account_id", "seq")
    account = models.ForeignKey(FundsAccount, on_delete=models.PROTECT, related_name="links", db_index=False)
    seq = models.BigIntegerField()
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="links")
    prev = models.BinaryField()
    hash = models.BinaryField()


class Entry(models.Model):
    """An amount moved in one bucket of one account in one month. Written once."""

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="entries", db_index=False)
    number = models.PositiveIntegerField(help_text="The entry's place in its journal.")
    account = models.ForeignKey(FundsAccount, on_delete=models.PROTECT, related_name="entries", db_index=False)
    month = models.DateField()
    bucket = models.CharField(max_length=10, choices=Bucket)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    thread = models.CharField(max_length=80, blank=True, help_text="Ties reserve, commit and spend of one document line.")
    memo = models.CharField(max_length=300, blank=True)
    rate = models.DecimalField(
        max_digits=20, decimal_places=10, default=1, help_text="What one unit of the account's currency was in the entity's."
    )
    exchange_rate = models.ForeignKey(
        "budgets.ExchangeRate", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    pooled = models.DecimalField(max_digits=18, decimal_places=2, help_text="The amount in the entity's currency.")
    recorded_at = models.DateTimeField(help_text="Its journal's moment.")

    class Meta:
        verbose_name_plural = "entries"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["journal", "number"], name="entry_number_once"),
            models.CheckConstraint(condition=~models.Q(amount=0), name="entry_moves_something"),
            models.CheckConstraint(condition=models.Q(month__day=1), name="entry_month_begins_on_the_first"),
            models.CheckConstraint(condition=models.Q(bucket__in=Bucket.values), name="entry_bucket_is_known"),
        ]
        indexes = [
            models.Index(fields=["account", "month", "id"], name="entries_of_account"),
            models.Index(fields=["thread"], name="entries_of_thread", condition=~models.Q(thread="")),
            BrinIndex(fields=["recorded_at"], name="entries_by_moment", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f"{self.bucket} {self.amount}"
