"""Estimate bands: what a cost centre's cost is thought to come to in a month. None is changed: the next follows."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core import clock

# A statement holds until the next one of its budget and cost centre begins. So two never hold at once.
ONE_AFTER_ANOTHER = """
    IF NOT EXISTS (
        SELECT FROM budgets_budget b JOIN budgets_costcentre own ON own.id = b.cost_centre_id
          JOIN budgets_costcentre c ON c.entity_id = b.entity_id AND starts_with(c.path, own.path)
         WHERE b.id = NEW.budget_id AND c.id = NEW.cost_centre_id
           AND b.currency = NEW.currency AND NEW.starts_on BETWEEN b.starts_on AND b.ends_on)
    THEN
        RAISE EXCEPTION 'A band is of a cost centre, a month and the currency of its budget.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.share_of_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM budgets_costcentre c JOIN budgets_budget b ON b.entity_id = c.entity_id
         WHERE c.id = NEW.share_of_id AND b.id = NEW.budget_id)
    THEN
        RAISE EXCEPTION 'A band is a share of one of the same organization.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.number <> 1 + coalesce((
        SELECT max(s.number) FROM budgets_estimateband s
         WHERE s.budget_id = NEW.budget_id AND s.cost_centre_id = NEW.cost_centre_id), 0)
    THEN
        RAISE EXCEPTION 'Statements are numbered one after another.' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM budgets_estimateband s WHERE s.budget_id = NEW.budget_id AND s.cost_centre_id = NEW.cost_centre_id
           AND s.starts_on > NEW.starts_on)
    THEN
        RAISE EXCEPTION 'A statement begins no earlier than the one before it.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
HAS_PARTS = """
    IF NEW.is_withdrawn = EXISTS (SELECT FROM budgets_bandpart p WHERE p.band_id = NEW.id) THEN
        RAISE EXCEPTION 'A band has parts, unless it is withdrawn.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""
OF_THE_BUDGET = """
    IF NEW.category_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM budgets_category c JOIN budgets_budget b ON b.entity_id = c.entity_id
          JOIN budgets_estimateband s ON s.budget_id = b.id
         WHERE s.id = NEW.band_id AND c.id = NEW.category_id)
    THEN
        RAISE EXCEPTION 'A band names categories of its organization.' USING ERRCODE = 'check_violation';
    END IF;
"""
# Otherwise a figure would count twice.
NOT_NESTED = """
    IF EXISTS (
        SELECT FROM budgets_category mine, budgets_bandpart p JOIN budgets_category other ON other.id = p.category_id
         WHERE mine.id = NEW.category_id AND p.band_id = NEW.band_id AND other.id <> mine.id
           AND (starts_with(other.path, mine.path) OR starts_with(mine.path, other.path)))
    THEN
        RAISE EXCEPTION 'No part of a band lies in another.' USING ERRCODE = 'check_violation';
    END IF;
"""
GO_ON = "    RETURN NEW;\n"


def _both_or_none(low: str, high: str, *, most: int | None = None) -> Q:
    """Return that a low end stands with its high one, is not negative and no more than it; neither stands alone."""
    ordered = Q(**{f"{low}__isnull": False, f"{high}__isnull": False, f"{low}__gte": 0, f"{low}__lte": F(high)})
    bounded = ordered & Q(**{f"{high}__lte": most}) if most is not None else ordered
    return bounded | Q(**{f"{low}__isnull": True, f"{high}__isnull": True})


class EstimateBand(models.Model):
    """A statement of what a cost centre's parts come to in a month, from a month until the next statement of it begins."""

    budget = models.ForeignKey("budgets.Budget", on_delete=models.PROTECT, related_name="bands")
    cost_centre = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, related_name="bands")
    number = models.PositiveIntegerField(help_text="How many were stated for the cost centre in this budget, this one included.")
    starts_on = models.DateField(help_text="The first day of the first month that it holds for.")
    currency = models.CharField(max_length=3, help_text="The budget's.")
    heading_low = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, help_text="What its source's heading says its parts come to."
    )
    heading_high = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    buffer_low_pct = models.DecimalField(max_digits=6, decimal_places=2, null=True, help_text="By how much it may grow.")
    buffer_high_pct = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    share_of = models.ForeignKey(
        "budgets.CostCentre", on_delete=models.PROTECT, null=True, related_name="+", help_text="Of which it is thought a share."
    )
    share_low_pct = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    share_high_pct = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    is_withdrawn = models.BooleanField(default=False, help_text="From its month on there is no band.")
    note = models.CharField(max_length=300, blank=True)
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["budget", "cost_centre", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["budget", "cost_centre", "number"], name="band_number_once"),
            models.CheckConstraint(condition=Q(starts_on__day=1), name="band_starts_on_the_first"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="band_currency_is_iso"),
            models.CheckConstraint(condition=_both_or_none("heading_low", "heading_high"), name="band_heading_goes_up"),
            models.CheckConstraint(
                condition=_both_or_none("buffer_low_pct", "buffer_high_pct", most=1000), name="band_buffer_goes_up"
            ),
            models.CheckConstraint(
                condition=_both_or_none("share_low_pct", "share_high_pct", most=1000), name="band_share_goes_up"
            ),
            models.CheckConstraint(
                condition=Q(share_of__isnull=True, share_low_pct__isnull=True)
                | Q(share_of__isnull=False, share_low_pct__isnull=False) & ~Q(share_of=F("cost_centre")),
                name="band_share_is_of_another",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="bands_stay_as_stated"),
            pgtrigger.Protect(name="bands_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(name="bands_follow", when=pgtrigger.Before, operation=pgtrigger.Insert, func=ONE_AFTER_ANOTHER),
            pgtrigger.Trigger(
                name="bands_have_parts",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func=HAS_PARTS,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cost_centre}, statement {self.number}"


class BandPart(models.Model):
    """A part of a band: what a category, or something in it, comes to in a month."""

    band = models.ForeignKey(EstimateBand, on_delete=models.PROTECT, related_name="parts")
    position = models.PositiveSmallIntegerField()
    category = models.ForeignKey("budgets.Category", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    low = models.DecimalField(max_digits=18, decimal_places=2)
    high = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        ordering = ["band", "position"]
        constraints = [
            models.UniqueConstraint(fields=["band", "position"], name="band_part_position_once"),
            models.UniqueConstraint(fields=["band", "category", "name"], name="band_part_once"),
            models.CheckConstraint(condition=Q(low__gte=0, low__lte=F("high")), name="band_part_goes_up"),
            models.CheckConstraint(condition=~Q(name=""), name="band_part_has_its_name"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="band_parts_stay_as_stated"),
            pgtrigger.Protect(name="band_parts_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="band_parts_lie_beside_each_other",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=OF_THE_BUDGET + NOT_NESTED + GO_ON,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BandTarget(models.Model):
    """By which share the monthly cost shall fall below a month's, and by which day: of a category, or of all parts."""

    band = models.ForeignKey(EstimateBand, on_delete=models.PROTECT, related_name="targets")
    position = models.PositiveSmallIntegerField()
    category = models.ForeignKey("budgets.Category", on_delete=models.PROTECT, null=True, related_name="+")
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    baseline = models.DecimalField(max_digits=18, decimal_places=2, help_text="What it came to in the baseline month.")
    baseline_month = models.DateField()
    due_on = models.DateField()

    class Meta:
        ordering = ["band", "position"]
        constraints = [
            models.UniqueConstraint(fields=["band", "position"], name="band_target_position_once"),
            models.CheckConstraint(condition=Q(percent__gt=0, percent__lte=100), name="band_target_is_of_a_whole"),
            models.CheckConstraint(condition=Q(baseline__gt=0), name="band_target_has_a_baseline"),
            models.CheckConstraint(condition=Q(baseline_month__day=1), name="band_target_baseline_is_a_month"),
            models.CheckConstraint(condition=Q(due_on__gt=F("baseline_month")), name="band_target_is_due_later"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="band_targets_stay_as_stated"),
            pgtrigger.Protect(name="band_targets_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="band_targets_are_of_the_budget",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=OF_THE_BUDGET + GO_ON,
            ),
        ]

    def __str__(self) -> str:
        return f"−{self.percent} % by {self.due_on}"
