"""The funds ledger. The posting function in the database is the only writer; the app may only read these tables."""

from django.conf import settings
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


class Mode(models.TextChoices):
    """What a control does about a document that makes a window worse than its limit."""

    STOP = "stop", "stop"
    WARN = "warn", "warn"
    TRACK = "track", "track"


class Window(models.TextChoices):
    """The months over which a control adds up. Quarters and years are the entity's fiscal ones."""

    MONTH = "month", "month"
    QUARTER = "quarter", "quarter"
    YTD = "ytd", "year to date"
    YEAR = "year", "year"
    LIFE = "life", "life of the budget"


class Balance(models.Model):
    """Sums of an account's entries by month. available = allotted - reserved - committed - spent."""

    pk = models.CompositePrimaryKey("account_id", "month")
    account = models.ForeignKey(FundsAccount, on_delete=models.PROTECT, related_name="balances")
    month = models.DateField()
    allotted = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    reserved = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    committed = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    spent = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    paid = models.DecimalField(max_digits=18, decimal_places=2, default=0)


class Control(models.Model):
    """A limit on a set of accounts over a window of months. Its row is the lock of its counters.

    With an account it covers that account alone. Without, it covers the accounts of its budget (or of all budgets of the
    entity) that lie in the subtree of its cost centre and of its category, where it names them. Its limit is the roll-up of
    what these accounts are allotted.
    """

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="controls")
    account = models.ForeignKey(FundsAccount, on_delete=models.PROTECT, null=True, related_name="controls")
    budget = models.ForeignKey("budgets.Budget", on_delete=models.PROTECT, null=True, related_name="controls")
    cost_centre = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, null=True, related_name="controls")
    category = models.ForeignKey("budgets.Category", on_delete=models.PROTECT, null=True, related_name="controls")
    name = models.CharField(max_length=200)
    depth = models.PositiveSmallIntegerField(help_text="Locked deepest first; the root, which most share, last.")
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.STOP)
    window = models.CharField(max_length=10, choices=Window, default=Window.YEAR)
    tolerance = models.DecimalField(max_digits=6, decimal_places=4, default=0, help_text="0.1000 lets 10 % over pass.")

    class Meta:
        ordering = ["-depth", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(mode__in=Mode.values), name="control_mode_is_known"),
            models.CheckConstraint(condition=models.Q(window__in=Window.values), name="control_window_is_known"),
            models.CheckConstraint(condition=models.Q(tolerance__gte=0), name="control_tolerance_is_not_negative"),
            models.UniqueConstraint(
                fields=["account", "window"], condition=models.Q(account__isnull=False), name="control_of_account_once"
            ),
            models.UniqueConstraint(
                fields=["entity", "budget", "cost_centre", "category", "window"],
                condition=models.Q(account__isnull=True),
                nulls_distinct=False,
                name="control_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Cover(models.Model):
    """Which controls an account falls under. Stored, and rebuilt when the structure changes."""

    pk = models.CompositePrimaryKey("account_id", "control_id")
    account = models.ForeignKey(FundsAccount, on_delete=models.PROTECT, related_name="covers")
    control = models.ForeignKey(Control, on_delete=models.PROTECT, related_name="covers")


class ControlMonth(models.Model):
    """A stop control's counters by month: what may be held (cap) and what is held, over all accounts it covers."""

    pk = models.CompositePrimaryKey("control_id", "month")
    control = models.ForeignKey(Control, on_delete=models.PROTECT, related_name="months")
    month = models.DateField()
    cap = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    held = models.DecimalField(max_digits=18, decimal_places=2, default=0)


class Journal(models.Model):
    """One posting: all its entries or none. `key` makes it happen once."""

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
        REVERSE = "reverse", "reversal"

    key = models.CharField(max_length=200, unique=True)
    digest = models.BinaryField()
    kind = models.CharField(max_length=40, choices=Kind)
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="journals")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    source_type = models.CharField(max_length=40)
    source_id = models.CharField(max_length=80)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")
    is_fact = models.BooleanField(default=False, help_text="Passes a stop: it has happened already.")
    memo = models.CharField(max_length=400, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    kind__in=[
                        "allot",
                        "revise",
                        "reserve",
                        "release",
                        "commit",
                        "spend",
                        "liquidate",
                        "paid",
                        "recode",
                        "reverse",
                    ]
                ),
                name="journal_kind_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="reverse", reverses__isnull=False) | ~models.Q(kind="reverse"),
                name="journal_reversal_names_its_journal",
            ),
        ]
        indexes = [models.Index(fields=["source_type", "source_id"], name="journal_by_source")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Link(models.Model):
    """An account's chain: one link per journal, each hashing the journal's entries and the link before."""

    pk = models.CompositePrimaryKey("account_id", "seq")
    account = models.ForeignKey(FundsAccount, on_delete=models.PROTECT, related_name="links")
    seq = models.BigIntegerField()
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="links")
    prev = models.BinaryField()
    hash = models.BinaryField()


class Entry(models.Model):
    """An amount moved in one bucket of one account in one month. Written once."""

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="entries")
    number = models.PositiveIntegerField(help_text="The entry's place in its journal.")
    account = models.ForeignKey(FundsAccount, on_delete=models.PROTECT, related_name="entries")
    month = models.DateField()
    bucket = models.CharField(max_length=10, choices=Bucket)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    thread = models.CharField(max_length=80, blank=True, help_text="Ties reserve, commit and spend of one document line.")
    memo = models.CharField(max_length=300, blank=True)

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
        ]

    def __str__(self) -> str:
        return f"{self.bucket} {self.amount}"
