"""Controls: limits on sets of accounts, with their counters. Functions in the database are the only writers."""

from django.db import models


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


class Control(models.Model):
    """A limit on a set of accounts over a window of months. Its row is the lock of its counters.

    With an account it covers that account alone. Without, it covers the accounts of its budget (or of all budgets of the
    entity) that lie in the subtree of its cost centre and of its category, where it names them. Its limit is its own, an
    amount for each window, or the roll-up of what these accounts are allotted.
    """

    class Origin(models.TextChoices):
        """Who stated it: a version of a budget, a person on a node of their own, or a person over what a version stated."""

        VERSION = "version", "the budget's version"
        PERSON = "person", "a person"
        CHANGED = "changed", "a person, over the version"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="controls")
    account = models.ForeignKey("budgets.FundsAccount", on_delete=models.PROTECT, null=True, related_name="controls")
    budget = models.ForeignKey("budgets.Budget", on_delete=models.PROTECT, null=True, related_name="controls")
    cost_centre = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, null=True, related_name="controls")
    category = models.ForeignKey("budgets.Category", on_delete=models.PROTECT, null=True, related_name="controls")
    name = models.CharField(max_length=200)
    depth = models.PositiveSmallIntegerField(help_text="Locked deepest first; the root, which most share, last.")
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.STOP)
    window = models.CharField(max_length=10, choices=Window, default=Window.YEAR)
    tolerance = models.DecimalField(max_digits=6, decimal_places=4, default=0, help_text="0.1000 lets 10 % over pass.")
    own_limit = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, help_text="For each window; without one, the roll-up of what it covers."
    )
    currency = models.CharField(max_length=3, help_text="That of its accounts, or the entity's where it covers several budgets.")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.VERSION)

    class Meta:
        ordering = ["-depth", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(mode__in=Mode.values), name="control_mode_is_known"),
            models.CheckConstraint(condition=models.Q(window__in=Window.values), name="control_window_is_known"),
            models.CheckConstraint(condition=models.Q(tolerance__gte=0), name="control_tolerance_is_not_negative"),
            models.CheckConstraint(
                condition=models.Q(own_limit__isnull=True) | models.Q(own_limit__gte=0), name="control_limit_is_not_negative"
            ),
            models.CheckConstraint(condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="control_currency_is_iso"),
            models.CheckConstraint(
                condition=models.Q(origin__in=["version", "person", "changed"]), name="control_origin_is_known"
            ),
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
    account = models.ForeignKey("budgets.FundsAccount", on_delete=models.PROTECT, related_name="covers", db_index=False)
    control = models.ForeignKey(Control, on_delete=models.PROTECT, related_name="covers")


class ControlMonth(models.Model):
    """A stop control's counters by month: what may be held (cap) and what is held, over all accounts it covers."""

    pk = models.CompositePrimaryKey("control_id", "month")
    control = models.ForeignKey(Control, on_delete=models.PROTECT, related_name="months", db_index=False)
    month = models.DateField()
    cap = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    held = models.DecimalField(max_digits=18, decimal_places=2, default=0)


class Excused(models.Model):
    """How far a stop's window stands over its limit, let through by facts and overrides. Credits give it back.

    `first` and `last` are the window's months; a life runs from the first to the last month there can be.
    """

    pk = models.CompositePrimaryKey("control_id", "first", "last")
    control = models.ForeignKey(Control, on_delete=models.PROTECT, related_name="excused", db_index=False)
    first = models.DateField()
    last = models.DateField()
    amount = models.DecimalField(max_digits=24, decimal_places=6, help_text="Above what the limit and its tolerance let pass.")

    class Meta:
        verbose_name_plural = "excused"
        constraints = [models.CheckConstraint(condition=models.Q(amount__gt=0), name="excused_is_something")]
