from django.db import models


class Entity(models.Model):
    """A legal entity that keeps books: its currency, its fiscal year, its zone and its working calendar."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, help_text="ISO 4217 code of the books.")
    fiscal_year_start_month = models.PositiveSmallIntegerField(default=1)
    time_zone = models.CharField(max_length=60, default="UTC", help_text="IANA name, such as Europe/Amsterdam.")
    calendar = models.ForeignKey("core.WorkCalendar", on_delete=models.PROTECT, related_name="entities")

    class Meta:
        verbose_name_plural = "entities"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="entity_currency_is_iso"),
            models.CheckConstraint(
                condition=models.Q(fiscal_year_start_month__gte=1, fiscal_year_start_month__lte=12),
                name="entity_fiscal_year_starts_in_a_month",
            ),
        ]

    def __str__(self) -> str:
        return self.name
