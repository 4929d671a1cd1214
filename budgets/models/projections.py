"""Projections, as they were stated. None is changed: the latest of a name and horizon counts."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models

from core import clock
from core.models.retention import kept_but_for_retention

GOES_WITH_ITS_PROJECTION = """
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT FROM core_removeddocument r WHERE r.records = 'projections' AND r.subject_id = OLD.projection_id)
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;
"""


class Projection(models.Model):
    """What a monthly cost comes to some months ahead, part by part, and the budget that is recommended for it."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="projections")
    name = models.CharField(max_length=100)
    number = models.PositiveIntegerField(help_text="Counts the statements of one name and horizon.")
    base_month = models.DateField(help_text="The month that it starts from.")
    horizon_months = models.PositiveSmallIntegerField()
    currency = models.CharField(max_length=3)
    buffer_pct = models.DecimalField(max_digits=6, decimal_places=2)
    rounding_grown = models.CharField(max_length=20)
    rounding_lowered = models.CharField(max_length=20)
    rounding_only_grown = models.CharField(max_length=20)
    rounding_recommended = models.CharField(max_length=20)
    total = models.DecimalField(max_digits=18, decimal_places=2, help_text="A month at the horizon, without the buffer.")
    recommended = models.DecimalField(max_digits=18, decimal_places=2, help_text="A month at the horizon, with the buffer.")
    reasons = models.TextField(blank=True, help_text="What the shares rest on.")
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["entity", "name", "horizon_months", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "name", "horizon_months", "number"], name="projection_number_once"),
            models.CheckConstraint(condition=models.Q(base_month__day=1), name="projection_starts_with_a_month"),
            models.CheckConstraint(
                condition=models.Q(horizon_months__gte=1, horizon_months__lte=120), name="projection_horizon_is_sensible"
            ),
            models.CheckConstraint(
                condition=models.Q(buffer_pct__gte=0, buffer_pct__lte=1000), name="projection_buffer_is_sensible"
            ),
            models.CheckConstraint(condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="projection_currency_is_iso"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            kept_but_for_retention("projection_stays_as_stated", records="projections", blanks={"reasons": "''"}),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.horizon_months} months"


class ProjectionPart(models.Model):
    """A part of a projection: what it is, by how much it grows and is then lowered, and what that comes to."""

    projection = models.ForeignKey(Projection, on_delete=models.PROTECT, related_name="parts")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    category = models.ForeignKey("budgets.Category", on_delete=models.PROTECT, null=True, related_name="+")
    base = models.DecimalField(max_digits=18, decimal_places=2)
    is_spend = models.BooleanField(
        default=False, help_text="The base is what was spent in the base month, read when it was stated."
    )
    growth_pct = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    reduction_pct = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    grown = models.DecimalField(max_digits=18, decimal_places=2)
    projected = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        ordering = ["projection", "position"]
        constraints = [
            models.UniqueConstraint(fields=["projection", "position"], name="projection_part_position_once"),
            models.CheckConstraint(condition=models.Q(base__gte=0), name="projection_part_base_is_not_negative"),
            models.CheckConstraint(
                condition=models.Q(reduction_pct__isnull=True) | models.Q(reduction_pct__gte=0, reduction_pct__lte=100),
                name="projection_part_is_lowered_to_nothing_at_most",
            ),
            models.CheckConstraint(
                condition=models.Q(growth_pct__isnull=True) | models.Q(growth_pct__gte=0, growth_pct__lte=1000),
                name="projection_part_growth_is_sensible",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="projection_part_stays_as_stated",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=GOES_WITH_ITS_PROJECTION,
            ),
        ]

    def __str__(self) -> str:
        return self.name
