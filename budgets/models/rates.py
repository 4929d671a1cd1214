"""Exchange rates, as they were stated. None is changed: a better one is stated beside it, and the latest word holds."""

from django.conf import settings
from django.db import models

from core import clock


class ExchangeRate(models.Model):
    """From `valid_on`, one unit of `currency` is `rate` units of the entity's currency, until a later rate is valid."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="exchange_rates")
    currency = models.CharField(max_length=3)
    valid_on = models.DateField()
    rate = models.DecimalField(max_digits=20, decimal_places=10)
    source = models.CharField(max_length=100, help_text="Who says so: a bank, a central bank, a contract.")
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["entity", "currency", "-valid_on", "-id"]
        indexes = [models.Index(fields=["entity", "currency", "-valid_on", "-id"], name="exchange_rates_newest_first")]
        constraints = [
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="exchange_rate_is_positive"),
            models.CheckConstraint(condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="exchange_rate_currency_is_iso"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.valid_on:%Y-%m-%d}: {self.rate.normalize():f}"
