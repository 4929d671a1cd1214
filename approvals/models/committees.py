from datetime import time

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from core import clock


class Committee(models.Model):
    """A body of an organization that decides together. What it is from which day on is said by its versions."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="committees")
    code = models.SlugField(max_length=60)

    class Meta:
        ordering = ["entity", "code"]
        constraints = [models.UniqueConstraint(fields=["entity", "code"], name="committee_code_once")]
        triggers = [pgtrigger.ReadOnly(name="committee_stays", fields=["entity", "code"])]

    def __str__(self) -> str:
        return self.code


class CommitteeVersion(models.Model):
    """Who sits on a committee, how it votes and when it meets, from a day on. Never changed: the next one follows it."""

    class Measure(models.TextChoices):
        AMOUNT = "amount", "the amount asked for"
        MONTHLY_INCREASE = "monthly_increase", "the monthly increase"

    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    valid_from = models.DateField(help_text="From which day on, in the entity's zone.")
    name = models.CharField(max_length=200)
    quorum = models.PositiveSmallIntegerField(help_text="How many must approve, and how many must attend a meeting.")
    counts_noes = models.BooleanField(
        default=False, help_text="Whether a no is one vote among others. Otherwise one no ends what it is said on."
    )
    chair_votes = models.BooleanField(default=False, help_text="Whether nothing is approved before the chair has voted.")
    responsibilities = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    authority = ArrayField(
        models.CharField(max_length=400),
        default=list,
        blank=True,
        help_text="Who decides on which amounts, a line for each, such as `from 100 up to 500: engineering_manager, committee`.",
    )
    authority_measure = models.CharField(max_length=20, choices=Measure, default=Measure.AMOUNT)
    meets = ArrayField(
        models.CharField(max_length=240),
        default=list,
        blank=True,
        help_text="How often and what for, a line for each, such as `monthly: budget review`. None: when a meeting is called.",
    )
    week = models.PositiveSmallIntegerField(default=2, help_text="Which of the month's such weekdays; 5 is the last.")
    weekday = models.PositiveSmallIntegerField(default=1, help_text="Monday is 0.")
    begins_at = models.TimeField(default=time(10), help_text="In the entity's zone.")
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    stated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["committee", "number"]
        constraints = [
            models.UniqueConstraint(fields=["committee", "number"], name="committee_version_number_once"),
            models.CheckConstraint(condition=Q(quorum__gte=1), name="committee_quorum_is_somebody"),
            models.CheckConstraint(
                condition=Q(authority_measure__in=["amount", "monthly_increase"]), name="committee_measure_is_known"
            ),
            models.CheckConstraint(
                condition=Q(week__gte=1, week__lte=5, weekday__gte=0, weekday__lte=6), name="committee_meets_on_a_day"
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="committee_versions_stay_as_stated"),
            pgtrigger.Protect(name="committee_versions_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.name


class CommitteeSeat(models.Model):
    """A person's seat on a committee. The chair votes as the members do; who is needed at times has no vote."""

    class Capacity(models.TextChoices):
        CHAIR = "chair", "chair"
        MEMBER = "member", "member"
        AS_NEEDED = "as_needed", "as needed"

    version = models.ForeignKey(CommitteeVersion, on_delete=models.PROTECT, related_name="seats")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="committee_seats")
    capacity = models.CharField(max_length=10, choices=Capacity)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["version", "position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "person"], name="committee_seat_once"),
            models.UniqueConstraint(fields=["version"], condition=Q(capacity="chair"), name="committee_has_one_chair"),
            models.CheckConstraint(
                condition=Q(capacity__in=["chair", "member", "as_needed"]), name="committee_seat_capacity_is_known"
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="committee_seats_stay_as_stated"),
            pgtrigger.Protect(name="committee_seats_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.person} ({self.get_capacity_display()})"

    @property
    def votes(self) -> bool:
        """Whether the person decides with the others."""
        return self.capacity != self.Capacity.AS_NEEDED
