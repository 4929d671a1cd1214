import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from budgets.models.controls import Mode, Window
from budgets.rules.health import FEWEST_RUNGS, MOST_RUNGS, usual_ladder
from core import clock
from core.models.retention import content_kept_but_for_retention


def _climbs(rung: int) -> models.Q:
    """Say that a rung of a ladder, if it is there, is higher than the one before."""
    return models.Q(ladder__len__lte=rung) | models.Q((f"ladder__{rung}__gt", models.F(f"ladder__{rung - 1}")))


class Budget(models.Model):
    """Money for a purpose, for a span of months, in one currency, under one cost centre."""

    class Kind(models.TextChoices):
        PROJECT = "project", "project"
        OPERATING = "operating", "operating"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="budgets")
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.PROJECT)
    currency = models.CharField(max_length=3)
    cost_centre = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, related_name="budgets")
    starts_on = models.DateField(help_text="The first day of its first month.")
    ends_on = models.DateField(help_text="The first day of its last month.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    window = models.CharField(max_length=10, choices=Window, default=Window.YEAR, help_text="The window of its controls.")
    line_mode = models.CharField(max_length=10, choices=Mode, default=Mode.STOP, help_text="What each account's control does.")
    group_mode = models.CharField(
        max_length=10, choices=Mode, default=Mode.STOP, help_text="What the controls on its categories and on its whole do."
    )
    tolerance = models.DecimalField(max_digits=6, decimal_places=4, default=0, help_text="0.1000 lets 10 % over pass.")

    ladder = ArrayField(
        models.DecimalField(max_digits=6, decimal_places=2),
        default=usual_ladder,
        help_text="Per cent of what is allotted. Its second rung begins warning, its third critical.",
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=models.Q(starts_on__day=1, ends_on__day=1), name="budget_spans_whole_months"),
            models.CheckConstraint(condition=models.Q(ends_on__gte=models.F("starts_on")), name="budget_ends_after_it_starts"),
            models.CheckConstraint(condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="budget_currency_is_iso"),
            models.CheckConstraint(condition=models.Q(kind__in=["project", "operating"]), name="budget_kind_is_known"),
            models.CheckConstraint(condition=models.Q(window__in=Window.values), name="budget_window_is_known"),
            models.CheckConstraint(condition=models.Q(line_mode__in=Mode.values), name="budget_line_mode_is_known"),
            models.CheckConstraint(condition=models.Q(group_mode__in=Mode.values), name="budget_group_mode_is_known"),
            models.CheckConstraint(condition=models.Q(tolerance__gte=0), name="budget_tolerance_is_not_negative"),
            models.CheckConstraint(
                condition=models.Q(ladder__len__gte=FEWEST_RUNGS, ladder__len__lte=MOST_RUNGS, ladder__0__gt=0)
                & _climbs(1)
                & _climbs(2)
                & _climbs(3)
                & _climbs(4)
                & _climbs(5),
                name="budget_ladder_goes_up",
            ),
        ]

    def __str__(self) -> str:
        return self.name


# A draft goes in force at once or on its day; what an approval put there, taking the approval back takes away.
VERSION_STEPS = [
    ("draft", "in_force"),
    ("draft", "scheduled"),
    ("draft", "dropped"),
    ("dropped", "draft"),
    ("scheduled", "in_force"),
    ("scheduled", "draft"),
    ("scheduled", "dropped"),
    ("in_force", "superseded"),
    ("in_force", "draft"),
    ("superseded", "in_force"),
]


# At the end of the transaction, so that putting one in force can be tried and undone.
SIGNED_FIRST = """
    IF TG_OP = 'UPDATE' THEN
        IF OLD.state NOT IN ('draft', 'scheduled') THEN
            RETURN NULL;
        END IF;
    END IF;
    IF EXISTS (SELECT FROM budgets_budgetversion v WHERE v.id = NEW.id AND v.state = 'in_force')
        AND budgets_needs_sign_off(NEW.id) AND NOT budgets_is_signed(NEW.id)
    THEN
        RAISE EXCEPTION 'A version that needs it is in force once its owner and finance have signed it.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


class BudgetVersion(models.Model):
    """One stand of a budget. Exactly one is in force at a time; the old one is until the new one is."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        SCHEDULED = "scheduled", "approved, not in force yet"
        IN_FORCE = "in_force", "in force"
        SUPERSEDED = "superseded", "superseded"
        DROPPED = "dropped", "not taken"

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=20, choices=State, default=State.DRAFT)
    total = models.DecimalField(max_digits=18, decimal_places=2, help_text="The stated total, in the budget's currency.")
    note = models.CharField(max_length=400, blank=True)
    source_name = models.CharField(max_length=200, blank=True)
    source_digest = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    in_force_at = models.DateTimeField(null=True)
    based_on = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="The version that it was made from."
    )
    effective_on = models.DateField(
        null=True, blank=True, help_text="The first day of the month from which its amounts hold. Blank: all its months."
    )
    is_baseline = models.BooleanField(default=False, help_text="What variance is held against, until the next baseline.")
    sign_off = models.BooleanField(
        default=False, help_text="Whether it, and each version after it, is signed by the budget's owner and finance first."
    )
    document = models.TextField(
        blank=True, help_text="The budget file while it waits to be signed: what it states beside amounts holds once it is."
    )

    class Meta:
        ordering = ["budget", "number"]
        constraints = [
            models.UniqueConstraint(fields=["budget", "number"], name="budget_version_number_once"),
            models.UniqueConstraint(fields=["budget"], condition=models.Q(state="in_force"), name="budget_version_one_in_force"),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "scheduled", "in_force", "superseded", "dropped"]),
                name="budget_version_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(effective_on__isnull=True) | models.Q(effective_on__day=1),
                name="budget_version_holds_from_a_first",
            ),
            models.CheckConstraint(
                condition=models.Q(is_baseline=False) | models.Q(state__in=["in_force", "superseded"]),
                name="budget_version_baseline_was_in_force",
            ),
        ]
        triggers = [
            pgtrigger.FSM(name="known_steps", field="state", transitions=VERSION_STEPS),
            pgtrigger.ReadOnly(name="what_it_states_stays", fields=["budget", "sign_off"]),
            content_kept_but_for_retention("its_file_stays", records="budget_files", column="document"),
            pgtrigger.Trigger(
                name="signed_first",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Condition("NEW.state = 'in_force'"),
                func=SIGNED_FIRST,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget.code} v{self.number}"


class BudgetCategory(models.Model):
    """A category's envelope in a version: what may be allotted, and the variance it bears before someone must answer."""

    version = models.ForeignKey(BudgetVersion, on_delete=models.CASCADE, related_name="categories")
    category = models.ForeignKey("budgets.Category", on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    variance_threshold = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, blank=True, help_text="An amount, in the budget's currency."
    )

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "budget categories"
        constraints = [
            models.UniqueConstraint(fields=["version", "category"], name="budget_category_once"),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="budget_category_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.category}"


class BudgetLine(models.Model):
    """A line of a version: a plan for a category at a cost centre, phased over months."""

    class Phasing(models.TextChoices):
        EVEN = "even", "evenly"
        WORKING_DAYS = "working_days", "by working days"
        WEIGHTS = "weights", "by weights"
        LAST_YEAR = "last_year", "as the year before was spent"
        STATED = "stated", "month by month"

    version = models.ForeignKey(BudgetVersion, on_delete=models.CASCADE, related_name="lines")
    category = models.ForeignKey("budgets.Category", on_delete=models.PROTECT, related_name="+")
    cost_centre = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    amount_high = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    phasing = models.CharField(max_length=20, choices=Phasing, default=Phasing.EVEN)
    starts_on = models.DateField()
    ends_on = models.DateField()
    basis = models.JSONField(default=dict, help_text="How the amount came about: people, sprints, days, rate.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "category", "cost_centre", "name"], name="budget_line_once"),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="budget_line_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=models.Q(phasing__in=["even", "working_days", "weights", "last_year", "stated"]),
                name="budget_line_phasing_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BudgetLineMonth(models.Model):
    """A line's amount in one month. The months of a line add up to the line, to the cent."""

    line = models.ForeignKey(BudgetLine, on_delete=models.CASCADE, related_name="months")
    month = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        ordering = ["month"]
        constraints = [
            models.UniqueConstraint(fields=["line", "month"], name="budget_line_month_once"),
            models.CheckConstraint(condition=models.Q(month__day=1), name="budget_line_month_begins_on_the_first"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class Finding(models.Model):
    """Something that does not add up in a version: found, shown, and never swallowed."""

    version = models.ForeignKey(BudgetVersion, on_delete=models.CASCADE, related_name="findings")
    code = models.CharField(max_length=40)
    where = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    sentence = models.CharField(max_length=400)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.sentence
