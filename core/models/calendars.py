from django.db import models

from core import clock


class WorkCalendar(models.Model):
    """Working hours in one zone, with public holidays by country and days of its own.

    `version` rises with each change, so that a timer can say which calendar its due time was reckoned by.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=60, default="UTC")
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166 code for public holidays; blank for none.")
    subdivision = models.CharField(max_length=10, blank=True)
    opens_at = models.TimeField()
    closes_at = models.TimeField()
    weekdays = models.CharField(max_length=7, default="01234", help_text="Working days, Monday is 0.")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=models.Q(closes_at__gt=models.F("opens_at")), name="calendar_closes_after_it_opens"),
            models.CheckConstraint(condition=models.Q(weekdays__regex=r"^[0-6]{1,7}$"), name="calendar_has_working_days"),
        ]

    def __str__(self) -> str:
        return self.name


class CalendarDay(models.Model):
    """A day that differs from the rule: closed though a weekday, or open though a holiday."""

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    is_open = models.BooleanField(default=False)
    name = models.CharField(max_length=200)
    recorded_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["calendar", "day"], name="calendar_day_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
