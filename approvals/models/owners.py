import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core import clock

NO_CIRCLE = """
    PERFORM pg_advisory_xact_lock(hashtextextended('managers:' || NEW.entity_id, 0));
    IF EXISTS (
        WITH RECURSIVE above(person) AS (
            SELECT NEW.manager_id::bigint
            UNION
            SELECT m.manager_id FROM approvals_manager m JOIN above a ON m.person_id = a.person
            WHERE m.entity_id = NEW.entity_id AND m.person_id <> NEW.person_id)
        SELECT FROM above WHERE person = NEW.person_id)
    THEN
        RAISE EXCEPTION 'Nobody is their own manager, by however many steps.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class PeopleGroup(models.Model):
    """People of an organization under one name, in the order in which they are asked. A policy may have it own a stage."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="people_groups")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["entity", "code"]
        constraints = [models.UniqueConstraint(fields=["entity", "code"], name="people_group_code_once")]

    def __str__(self) -> str:
        return self.name


class GroupPerson(models.Model):
    """A person in a group."""

    group = models.ForeignKey(PeopleGroup, on_delete=models.CASCADE, related_name="places")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["group", "position"]
        constraints = [models.UniqueConstraint(fields=["group", "person"], name="group_person_once")]

    def __str__(self) -> str:
        return f"{self.person} in {self.group}"


class Manager(models.Model):
    """Who stands above a person in an organization. The chain of them ends somewhere: there are no circles."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="managers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="managed_by")
    manager = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="manages")
    stated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["entity", "person"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "person"], name="manager_one_per_person"),
            models.CheckConstraint(condition=~Q(person=F("manager")), name="manager_is_another"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="managers_form_no_circle",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=NO_CIRCLE,
            )
        ]

    def __str__(self) -> str:
        return f"{self.manager} above {self.person}"
