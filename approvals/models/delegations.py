from datetime import date, timedelta, tzinfo
from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, BigIntegerRangeField, DateTimeRangeField
from django.db import models
from django.db.models import F, Func, Q, Value

from core import clock
from core.viewer import known_zone

# Exclusion constraints know neither that lists of kinds have one in common nor that one place lies below another. The lock is the
# person's, so that of two statements at once the second sees the first.
NEVER_TWO_FOR_ONE_THING = """
    PERFORM pg_advisory_xact_lock(hashtextextended('delegations-of:' || NEW.entity_id || ':' || NEW.person_id, 0));
    own := coalesce((SELECT c.path FROM budgets_costcentre c WHERE c.id = NEW.cost_centre_id), '/');
    IF NEW.starts_at < NEW.ends_at AND EXISTS (
        SELECT FROM approvals_delegation d LEFT JOIN budgets_costcentre c ON c.id = d.cost_centre_id
        WHERE d.entity_id = NEW.entity_id AND d.person_id = NEW.person_id AND d.delegate_id IS NOT NULL
          AND greatest(d.starts_at, NEW.starts_at) < least(d.ends_at, NEW.ends_at)
          AND (d.kinds = '{}' OR NEW.kinds = '{}' OR d.kinds && NEW.kinds)
          AND (starts_with(coalesce(c.path, '/'), own) OR starts_with(own, coalesce(c.path, '/'))))
    THEN
        RAISE EXCEPTION 'Of a person''s delegations one at a time is for one thing.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


def just(column: str) -> Func:
    """Return a number as a range that holds it alone: ranges can be kept apart without an extension of the server."""
    return Func(F(column), F(column), Value("[]"), function="int8range", output_field=BigIntegerRangeField())


def never_two(name: str, *, condition: Q) -> ExclusionConstraint:
    """Let no two rows of one person in one organization be in force at one time."""
    span = Func(F("starts_at"), F("ends_at"), Value("[)"), function="tstzrange", output_field=DateTimeRangeField())
    expressions: list[Any] = [(just("entity"), "&&"), (just("person"), "&&"), (span, "&&")]
    return ExclusionConstraint(name=name, expressions=expressions, condition=condition)


class Delegation(models.Model):
    """From when until when somebody decides for a person; without a delegate, that the person is out of office.

    Only its end may move, and only to earlier: what was decided under it stays as it was decided.
    """

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="delegations")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations")
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="delegations_to", help_text="Blank: nobody."
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="The first moment at which it is over.")
    kinds = ArrayField(models.CharField(max_length=60), default=list, help_text="Kinds of requests; empty: all.")
    limit = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, help_text="The most that is decided under it, in the entity's currency."
    )
    cost_centre = models.ForeignKey(
        "budgets.CostCentre", on_delete=models.PROTECT, null=True, related_name="+", help_text="It and all below it. Blank: all."
    )
    reason = models.CharField(max_length=500, blank=True, help_text="Why, where somebody else stated it.")
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True, help_text="When it was ended before its time.")
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    announced_at = models.DateTimeField(null=True, help_text="When its delegate was told that it has begun.")

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="delegation_ends_after_it_begins"),
            models.CheckConstraint(condition=~Q(delegate=F("person")), name="delegation_is_to_somebody_else"),
            models.CheckConstraint(condition=~Q(delegate=F("stated_by")), name="delegation_is_not_taken"),
            models.CheckConstraint(condition=Q(stated_by=F("person")) | ~Q(reason=""), name="delegation_by_another_has_a_reason"),
            models.CheckConstraint(condition=Q(limit__isnull=True) | Q(limit__gt=0), name="delegation_limit_is_positive"),
            models.CheckConstraint(
                condition=Q(delegate__isnull=False) | Q(kinds=[], limit__isnull=True, cost_centre__isnull=True),
                name="delegation_out_of_office_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="delegation_ended_by_somebody",
            ),
            never_two("out_of_office_one_at_a_time", condition=Q(delegate__isnull=True)),
        ]
        indexes = [models.Index(fields=["delegate", "ends_at"], name="delegations_to_person")]
        triggers = [
            pgtrigger.ReadOnly(name="delegations_stay_as_stated", exclude=["ends_at", "ended_at", "ended_by", "announced_at"]),
            pgtrigger.Protect(name="delegations_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="delegations_one_for_one_thing",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.delegate_id IS NOT NULL"),
                declare=[("own", "TEXT")],
                func=NEVER_TWO_FOR_ONE_THING,
            ),
            pgtrigger.Protect(
                name="delegations_only_end_earlier",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.ends_at > OLD.ends_at OR (OLD.ended_at IS NOT NULL AND NEW.ends_at IS DISTINCT FROM OLD.ends_at)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delegate or 'Nobody'} for {self.person}"

    @property
    def first_day(self) -> date:
        """The first day, in the person's zone."""
        return self.starts_at.astimezone(self._zone).date()

    @property
    def last_day(self) -> date:
        """The last day on which it holds, in the person's zone."""
        return max(self.ends_at - timedelta(microseconds=1), self.starts_at).astimezone(self._zone).date()

    @property
    def _zone(self) -> tzinfo:
        return known_zone(self.person.time_zone or self.entity.time_zone)
