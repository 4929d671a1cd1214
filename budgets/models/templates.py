"""Budget templates: plans that new budgets begin from."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock


class BudgetTemplate(models.Model):
    """A plan under a name of its own, as it stood when it was kept. It is not changed: another is kept, and it is put away."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="budget_templates")
    name = models.CharField(max_length=100)
    about = models.CharField(max_length=300, blank=True, help_text="For which budgets it is meant.")
    document = models.JSONField(help_text="The plan as a budget file, in the months of the version that it was taken from.")
    taken_from = models.ForeignKey("budgets.BudgetVersion", on_delete=models.PROTECT, related_name="templates")
    kept_at = models.DateTimeField(default=clock.now, editable=False)
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    put_away_at = models.DateTimeField(null=True)
    put_away_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["entity", "name", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "name"], condition=Q(put_away_at__isnull=True), name="budget_template_name_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="budget_template_has_its_name"),
            models.CheckConstraint(
                condition=Q(put_away_at__isnull=True) | Q(put_away_by__isnull=False), name="budget_template_put_away_by_somebody"
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="templates_stay_as_kept",
                fields=["entity", "name", "about", "document", "taken_from", "kept_at", "kept_by"],
            ),
            pgtrigger.Protect(name="templates_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="templates_are_of_their_budget",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (
                        SELECT FROM budgets_budgetversion v JOIN budgets_budget b ON b.id = v.budget_id
                         WHERE v.id = NEW.taken_from_id AND b.entity_id = NEW.entity_id)
                    THEN
                        RAISE EXCEPTION 'A template is taken from a budget of its organization.'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name
