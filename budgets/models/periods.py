from django.conf import settings
from django.db import models


class Period(models.Model):
    """A posting month of an entity. Nothing posts into a month that is closed or that has no row."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        CLOSED = "closed", "closed"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="periods")
    month = models.DateField(help_text="The first day of the calendar month.")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["entity", "month"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "month"], name="period_once"),
            models.CheckConstraint(condition=models.Q(month__day=1), name="period_begins_on_the_first"),
            models.CheckConstraint(
                condition=models.Q(state="open", closed_at__isnull=True) | models.Q(state="closed", closed_at__isnull=False),
                name="period_closed_has_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
