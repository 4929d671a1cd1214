"""What a chargeback goes by: rule sets, each version for good, and readings of usage."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock


class RuleSet(models.Model):
    """A version of a rule set. Never changed: of those with one code the newest holds whose month has come."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="rule_sets")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    number = models.PositiveIntegerField()
    starts_on = models.DateField(help_text="The first day of the first month that it holds for.")
    note = models.CharField(max_length=400, blank=True)
    document = models.JSONField(help_text="What it says, as docs/schemas/allocation-rules.schema.json has it.")
    findings = models.JSONField(default=list, help_text="What does not add up, in sentences; found as it was stated.")
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["entity", "code", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "code", "number"], name="rule_set_number_once"),
            models.CheckConstraint(condition=Q(starts_on__day=1), name="rule_set_starts_on_the_first"),
            models.CheckConstraint(condition=Q(number__gte=1), name="rule_set_numbers_begin_at_one"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="rule_sets_stay_as_stated"),
            pgtrigger.Protect(name="rule_sets_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.number}"


class UsageReading(models.Model):
    """How much of something a cost centre used in a month, and who says so. Stated again, the later one holds."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="usage_readings")
    metric = models.CharField(max_length=40)
    month = models.DateField()
    cost_centre = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, related_name="usage_readings")
    units = models.DecimalField(max_digits=20, decimal_places=6)
    source = models.CharField(max_length=200, help_text="Who or what says so: a meter, a bill, a report.")
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-month", "metric", "cost_centre", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="usage_reading_month_begins_on_the_first"),
            models.CheckConstraint(condition=Q(units__gte=0), name="usage_reading_is_not_negative"),
            models.CheckConstraint(
                condition=Q(metric__regex=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), name="usage_reading_metric_is_plain"
            ),
        ]
        indexes = [models.Index(fields=["entity", "month", "metric", "cost_centre", "-id"], name="usage_readings_of_month")]
        triggers = [
            pgtrigger.ReadOnly(name="usage_readings_stay_as_stated"),
            pgtrigger.Protect(name="usage_readings_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.month:%Y-%m}"
