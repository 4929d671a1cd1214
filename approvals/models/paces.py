from django.db import models
from django.db.models import Q

from core import clock


class StagePace(models.Model):
    """How long the decisions of a stage took lately, in shares of the time that each had: what a promise is reckoned by."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200, help_text="The stage, as policies call it.")
    decisions = models.PositiveIntegerField(help_text="Of how many.")
    usual = models.FloatField(help_text="Half took no more; 1 is all of the time that they had.")
    nearly_all = models.FloatField(help_text="Nine of ten took no more.")
    reckoned_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["entity", "name"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "name"], name="stage_pace_once"),
            models.CheckConstraint(condition=Q(usual__gte=0, nearly_all__gte=0), name="stage_pace_is_no_less_than_nothing"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.nearly_all:.2f}"
