"""Attributes of an organization's own: what it wants to know of its budgets, requests and invoices beside what Purser asks.

A definition says what is asked; a value lies in the column of its type, so that it is filtered by an index. Each room keeps the
values of its own things in a table of the one form below, which the database holds to the definition.
"""

from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core import clock

TYPES = ["text", "number", "date", "yes_no", "choice", "person"]

# What is in use stays what it is: its type, and the choices that something has.
_KEEPS = """
    IF (NEW.entity_id, NEW.kind, NEW.code) IS DISTINCT FROM (OLD.entity_id, OLD.kind, OLD.code) THEN
        RAISE EXCEPTION 'An attribute keeps its organization, its kind and its code.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.used_at IS NOT NULL AND (NEW.type <> OLD.type OR NEW.used_at IS DISTINCT FROM OLD.used_at) THEN
        RAISE EXCEPTION 'An attribute in use keeps its type.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.used_at IS NOT NULL AND NOT NEW.choices @> OLD.choices THEN
        RAISE EXCEPTION 'An attribute in use keeps its choices.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""

# The definition is held meanwhile, so that its type cannot change between the look and the write.
_FITS = """
    SELECT * INTO defined FROM budgets_attribute a WHERE a.id = NEW.definition_id FOR SHARE;
    SELECT s.entity_id INTO whose FROM {table} s WHERE s.id = NEW.subject_id;
    IF defined.kind <> '{kind}' OR defined.entity_id IS DISTINCT FROM whose THEN
        RAISE EXCEPTION 'The attribute is of another organization or kind.' USING ERRCODE = 'check_violation';
    END IF;
    IF defined.used_at IS NULL THEN
        RAISE EXCEPTION 'An attribute that has a value is marked as used first.' USING ERRCODE = 'check_violation';
    END IF;
    IF num_nonnulls(NEW.text, NEW.number, NEW.day, NEW.flag, NEW.person_id) <> 1 OR NOT (
        (defined.type = 'number' AND NEW.number IS NOT NULL)
        OR (defined.type = 'date' AND NEW.day IS NOT NULL)
        OR (defined.type = 'yes_no' AND NEW.flag IS NOT NULL)
        OR (defined.type = 'person' AND NEW.person_id IS NOT NULL)
        OR (defined.type = 'choice' AND NEW.text IS NOT NULL AND defined.choices ? NEW.text)
        OR (defined.type = 'text' AND coalesce(NEW.text, '') <> ''))
    THEN
        RAISE EXCEPTION 'The value does not fit its attribute.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class Attribute(models.Model):
    """What an organization asks of one kind of its things. It can be retired; what has it keeps it."""

    class Kind(models.TextChoices):
        BUDGET = "budget", "budgets"
        REQUEST = "request", "requests"
        INVOICE = "invoice", "invoices"

    class Type(models.TextChoices):
        TEXT = "text", "text"
        NUMBER = "number", "a number"
        DATE = "date", "a day"
        YES_NO = "yes_no", "yes or no"
        CHOICE = "choice", "one of a list"
        PERSON = "person", "a person"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="attributes")
    kind = models.CharField(max_length=10, choices=Kind)
    code = models.SlugField(max_length=40, help_text="By which programs and filters name it.")
    name = models.CharField(max_length=100)
    type = models.CharField(max_length=10, choices=Type)
    choices = models.JSONField(default=list, blank=True, help_text="With a list its choices, in their order.")
    is_required = models.BooleanField(default=False)
    starts_on = models.DateField(help_text="From this day on it is asked.")
    retired_on = models.DateField(null=True, blank=True, help_text="From this day on it is not asked any more.")
    used_at = models.DateTimeField(null=True, editable=False, help_text="When something first had a value of it.")
    defined_at = models.DateTimeField(default=clock.now, editable=False)
    defined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["entity", "kind", "id"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "kind", "code"], name="attribute_code_once"),
            models.CheckConstraint(condition=Q(kind__in=["budget", "request", "invoice"]), name="attribute_kind_is_known"),
            models.CheckConstraint(condition=Q(type__in=TYPES), name="attribute_type_is_known"),
            models.CheckConstraint(
                condition=(Q(type="choice") & ~Q(choices=[])) | (~Q(type="choice") & Q(choices=[])),
                name="attribute_choices_are_of_a_list",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="attribute_has_its_name"),
            models.CheckConstraint(
                condition=Q(retired_on__isnull=True) | Q(retired_on__gte=F("starts_on")), name="attribute_ends_after_it_starts"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="attributes_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="attributes_in_use_keep_what_they_are", when=pgtrigger.Before, operation=pgtrigger.Update, func=_KEEPS
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AttributeValue(models.Model):
    """What a thing has of an attribute, in the column of its type. Its `subject` is for the room to name."""

    # Each index by value begins with it.
    definition = models.ForeignKey(Attribute, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.CharField(max_length=500, null=True)  # noqa: DJ001  none is no text
    number = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    day = models.DateField(null=True)
    flag = models.BooleanField(null=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(default=clock.now, editable=False)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True

    subject: Any
    subject_id: int

    def __str__(self) -> str:
        return str(self.definition_id)


def once(name: str) -> list[Any]:
    """Return the constraints of a room's values."""
    return [models.UniqueConstraint(fields=["subject", "definition"], name=f"{name}_once")]


def by_value(name: str) -> list[models.Index]:
    """Return the indexes by which things are found by what they have."""
    columns = ("text", "number", "day", "flag", "person")
    return [
        models.Index(fields=["definition", column], name=f"{name}_by_{column}", condition=Q(**{f"{column}__isnull": False}))
        for column in columns
    ]


def fits(kind: str, table: str) -> list[Any]:
    """Return the trigger that holds a room's values to their definitions; `table` has the things."""
    return [
        pgtrigger.Trigger(
            name=f"{kind}_attributes_fit",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.Update,
            declare=[("defined", "budgets_attribute%ROWTYPE"), ("whose", "bigint")],
            func=_FITS.format(table=table, kind=kind),
        )
    ]


class BudgetAttribute(AttributeValue):
    """What a budget has of an attribute."""

    subject = models.ForeignKey("budgets.Budget", on_delete=models.PROTECT, related_name="attribute_values")

    class Meta:
        constraints = once("budget_attribute")
        indexes = by_value("budget_attributes")
        triggers = fits("budget", "budgets_budget")
