"""The funds ledger. The posting function in the database is the only writer; the app may only read these tables."""

from django.conf import settings
from django.db import models


class FundsAccount(models.Model):
    """Where money is held: (budget, cost centre, category). It outlives budget versions."""

    budget = models.ForeignKey("budgets.Budget", on_delete=models.PROTECT, related_name="accounts")
    cost_centre = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, related_name="accounts")
    category = models.ForeignKey("budgets.Category", on_delete=models.PROTECT, related_name="accounts")
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="accounts")
    currency = models.CharField(max_length=3)
    seq = models.BigIntegerField(default=0)
    head = models.BinaryField(default=b"")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["budget", "cost_centre", "category"], name="funds_account_once")]

    def __str__(self) -> str:
        return f"{self.budget_id}/{self.cost_centre_id}/{self.category_id}"


class Bucket(models.TextChoices):
    ALLOTTED = "allotted", "allotted"
    RESERVED = "reserved", "reserved"
    COMMITTED = "committed", "committed"
    SPENT = "spent", "spent"
    PAID = "paid", "paid"


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
    """A limit on a set of accounts over a window of months. Its row is the lock of its counters."""

    class Mode(models.TextChoices):
        STOP = "stop", "stop"
        WARN = "warn", "warn"
        TRACK = "track", "track"

    class Window(models.TextChoices):
        MONTH = "month", "month"
        QUARTER = "quarter", "quarter"
        YTD = "ytd", "year to date"
        YEAR = "year", "year"
        LIFE = "life", "life of the budget"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="controls")
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

    def __str__(self) -> str:
        return self.name


class Cover(models.Model):
    """Which controls an account falls under. Stored, and rebuilt when the structure changes."""

    pk = models.CompositePrimaryKey("account_id", "control_id")
    account = models.ForeignKey(FundsAccount, on_delete=models.PROTECT, related_name="covers")
    control = models.ForeignKey(Control, on_delete=models.PROTECT, related_name="covers")


class ControlMonth(models.Model):
    """A stop control's counters by month."""

    pk = models.CompositePrimaryKey("control_id", "month")
    control = models.ForeignKey(Control, on_delete=models.PROTECT, related_name="months")
    month = models.DateField()
    cap = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    held = models.DecimalField(max_digits=18, decimal_places=2, default=0)


class Journal(models.Model):
    """One posting: all its entries or none. `key` makes it happen once."""

    key = models.CharField(max_length=200, unique=True)
    digest = models.BinaryField()
    kind = models.CharField(max_length=40)
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="journals")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    source_type = models.CharField(max_length=40)
    source_id = models.CharField(max_length=80)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")
    is_fact = models.BooleanField(default=False)
    memo = models.CharField(max_length=400, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
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
        constraints = [models.UniqueConstraint(fields=["journal", "number"], name="entry_number_once")]
        indexes = [
            models.Index(fields=["account", "month", "id"], name="entries_of_account"),
            models.Index(fields=["thread"], name="entries_of_thread", condition=~models.Q(thread="")),
        ]

    def __str__(self) -> str:
        return f"{self.bucket} {self.amount}"
