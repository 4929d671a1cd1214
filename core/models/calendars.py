import pgtrigger
from django.conf import settings
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


class PersonCalendar(models.Model):
    """The calendar that a person works by from a day on, which begins in the calendar's zone; none: that of the organization.

    The latest whose day has come holds. What was stated for another day stays, so that a due time can be explained later.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="calendars")
    calendar = models.ForeignKey(
        WorkCalendar,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        help_text="Blank: the organization's.",
    )
    valid_from = models.DateField()
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+")

    class Meta:
        ordering = ["person", "-valid_from"]
        constraints = [models.UniqueConstraint(fields=["person", "valid_from"], name="person_calendar_day_once")]
        triggers = [
            pgtrigger.ReadOnly(name="day_of_a_calendar_stays", fields=["person", "valid_from"]),
            pgtrigger.Protect(name="calendars_of_people_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.calendar or 'as the organization'} from {self.valid_from}"
