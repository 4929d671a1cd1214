"""Exchange rates and day rates, as they were stated. None is changed: a better one is stated, and the latest word holds."""

import pgtrigger
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


class DayRate(models.Model):
    """From a month on, a day of a person in `role` costs `rate` of `currency`, until a later statement's month has come.

    Never changed: of those of one role the newest holds whose month has come. Without a `rate` the role is not planned with any
    more from that month on.
    """

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="day_rates")
    role = models.CharField(max_length=40, help_text="Its short name, as budget files name it: backend-developer.")
    name = models.CharField(max_length=100, help_text="What people call it: Backend developer.")
    starts_on = models.DateField(help_text="The first day of the first month that it holds for.")
    rate = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, blank=True, help_text="For a day. Blank: the role is taken off the card."
    )
    currency = models.CharField(max_length=3)
    source = models.CharField(max_length=200, help_text="Who says so: a salary band, a contract, a quote.")
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["entity", "role", "-starts_on", "-id"]
        indexes = [models.Index(fields=["entity", "role", "-starts_on", "-id"], name="day_rates_newest_first")]
        constraints = [
            models.CheckConstraint(condition=models.Q(starts_on__day=1), name="day_rate_starts_on_the_first"),
            models.CheckConstraint(condition=models.Q(rate__isnull=True) | models.Q(rate__gt=0), name="day_rate_is_positive"),
            models.CheckConstraint(condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="day_rate_currency_is_iso"),
            models.CheckConstraint(
                condition=models.Q(role__regex=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), name="day_rate_role_is_plain"
            ),
            models.CheckConstraint(condition=~models.Q(name="") & ~models.Q(source=""), name="day_rate_is_named_and_sourced"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="day_rates_stay_as_stated"),
            pgtrigger.Protect(name="day_rates_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        said = f"{self.rate:.2f} {self.currency}" if self.rate is not None else "none"
        return f"{self.role} {self.starts_on:%Y-%m}: {said}"
