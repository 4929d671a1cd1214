"""What a cost centre's lines hand on to a later month, and what a budget handed on."""

from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField
from django.db import models
from django.db.models import F, Func, Q, Value

from core import clock

# A statement holds until the next one of its cost centre begins. So two never hold at once, and what held in a month that has
# gone by is not changed afterwards.
ONE_AFTER_ANOTHER = """
    IF NOT EXISTS (SELECT FROM budgets_costcentre c WHERE c.id = NEW.cost_centre_id AND c.entity_id = NEW.entity_id) THEN
        RAISE EXCEPTION 'A policy is of a cost centre of its organization.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.number <> 1 + coalesce(
        (SELECT max(r.number) FROM budgets_carryrule r WHERE r.cost_centre_id = NEW.cost_centre_id), 0)
    THEN
        RAISE EXCEPTION 'Statements are numbered one after another.' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM budgets_carryrule r WHERE r.cost_centre_id = NEW.cost_centre_id AND r.starts_on > NEW.starts_on)
    THEN
        RAISE EXCEPTION 'A statement begins no earlier than the one before it.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
ITS_JOURNAL = """
    IF NOT EXISTS (SELECT FROM budgets_journal j WHERE j.key = 'carry-on:' || NEW.id AND j.kind = 'carry') THEN
        RAISE EXCEPTION 'What is carried on is posted with its journal.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""
ITS_REVERSAL = """
    IF NOT EXISTS (
        SELECT FROM budgets_journal j JOIN budgets_journal r ON r.reverses_id = j.id WHERE j.key = 'carry-on:' || NEW.id)
    THEN
        RAISE EXCEPTION 'What was carried on is undone with its reversal.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


class CarryRule(models.Model):
    """How much of what is left on a cost centre's lines is carried on: a statement, from a month until the next one begins.

    What is overspent is carried whole, whatever is stated. A cost centre of which nothing is stated does as the one above it.
    """

    class Kind(models.TextChoices):
        ALL = "all", "all of what is left"
        NOTHING = "nothing", "nothing of what is left"
        SHARE = "share", "up to a share of what is left"
        AMOUNT = "amount", "up to an amount of what is left"
        ABOVE = "above", "as the cost centre above says"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="carry_rules")
    cost_centre = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, related_name="carry_rules")
    number = models.PositiveIntegerField(help_text="How many were stated for the cost centre, this one included.")
    starts_on = models.DateField(help_text="The first day of the first month whose end it holds for.")
    kind = models.CharField(max_length=10, choices=Kind)
    share_pct = models.DecimalField(max_digits=5, decimal_places=2, null=True, help_text="Of what is left on each line.")
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="For each line.")
    currency = models.CharField(max_length=3, blank=True, help_text="The amount's.")
    note = models.CharField(max_length=300, blank=True)
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["cost_centre", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["cost_centre", "number"], name="carry_rule_number_once"),
            models.CheckConstraint(condition=Q(starts_on__day=1), name="carry_rule_starts_on_the_first"),
            models.CheckConstraint(
                condition=Q(kind="share", share_pct__isnull=False, share_pct__gte=0, share_pct__lte=100)
                | ~Q(kind="share") & Q(share_pct__isnull=True),
                name="carry_rule_share_is_of_a_whole",
            ),
            models.CheckConstraint(
                condition=Q(kind="amount", amount__isnull=False, amount__gte=0) & ~Q(currency="")
                | ~Q(kind="amount") & Q(amount__isnull=True, currency=""),
                name="carry_rule_amount_has_its_currency",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="carry_rules_stay_as_stated"),
            pgtrigger.Protect(name="carry_rules_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="carry_rules_follow",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=ONE_AFTER_ANOTHER,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, from {self.starts_on:%Y-%m}"


def _once(name: str) -> ExclusionConstraint:
    """Let no month of a budget be carried on twice, as long as what was carried on stands."""
    budget = Func(F("budget"), F("budget"), Value("[]"), function="int8range", output_field=BigIntegerRangeField())
    span = Func(F("first"), F("last"), Value("[]"), function="daterange", output_field=DateRangeField())
    expressions: list[Any] = [(budget, "&&"), (span, "&&")]
    return ExclusionConstraint(name=name, expressions=expressions, condition=Q(undone_at__isnull=True))


class CarryRun(models.Model):
    """What a budget carried on out of a span of months, as it was shown. Its journal has the key `carry-on:<id>`."""

    budget = models.ForeignKey("budgets.Budget", on_delete=models.PROTECT, related_name="carry_runs")
    into_budget = models.ForeignKey("budgets.Budget", on_delete=models.PROTECT, related_name="+")
    first = models.DateField()
    last = models.DateField()
    into = models.DateField()
    currency = models.CharField(max_length=3)
    carried = models.DecimalField(max_digits=18, decimal_places=2, help_text="Less than nothing where more was overspent.")
    lapsed = models.DecimalField(max_digits=18, decimal_places=2)
    lines = models.JSONField(help_text="What was left, carried and lapsed on each line, under whose statement.")
    carried_at = models.DateTimeField(default=clock.now, editable=False)
    carried_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    undone_because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            _once("carry_run_once_for_a_month"),
            models.CheckConstraint(
                condition=Q(first__day=1, last__day=1, into__day=1, last__gte=F("first"), into__gt=F("last")),
                name="carry_run_goes_forward",
            ),
            models.CheckConstraint(condition=Q(lapsed__gte=0), name="carry_run_lapses_what_is_left"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True, undone_because="")
                | Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undone_because=""),
                name="carry_run_undone_has_its_reason",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="carry_runs_stay_as_posted", exclude=["undone_at", "undone_by", "undone_because"]),
            pgtrigger.Protect(name="carry_runs_stay", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="carry_runs_are_undone_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__undone_at__isnull=False),
            ),
            pgtrigger.Trigger(
                name="carry_runs_have_their_journal",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                func=ITS_JOURNAL,
            ),
            pgtrigger.Trigger(
                name="carry_runs_have_their_reversal",
                operation=pgtrigger.Update,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__undone_at__isnull=False),
                func=ITS_REVERSAL,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget_id} {self.first:%Y-%m}/{self.last:%Y-%m}"

    @property
    def key(self) -> str:
        """Return the key of its journal."""
        return f"carry-on:{self.pk}"
