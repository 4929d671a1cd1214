import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q


class Card(models.Model):
    """A payment card of an organization: who holds it, and up to what amounts. Its number is never kept but for four digits."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="cards")
    label = models.CharField(max_length=60, help_text="Such as: Travel card.")
    last_four = models.CharField("last four digits", max_length=4)
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cards")
    request_limit = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, blank=True, help_text="For one request; blank: as the policy says."
    )
    month_limit = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, blank=True, help_text="In a month; blank: as the policy says."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["entity", "label", "last_four"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "holder", "last_four"], name="card_once_per_holder"),
            models.CheckConstraint(condition=Q(last_four__regex=r"^[0-9]{4}$"), name="card_shows_four_digits"),
            models.CheckConstraint(
                condition=(Q(request_limit__isnull=True) | Q(request_limit__gt=0))
                & (Q(month_limit__isnull=True) | Q(month_limit__gt=0)),
                name="card_limits_are_positive",
            ),
        ]
        triggers = [pgtrigger.ReadOnly(name="cards_stay_whose_they_are", fields=["entity", "holder", "last_four"])]

    def __str__(self) -> str:
        return f"{self.label} {self.last_four}"
