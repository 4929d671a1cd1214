"""How long records are kept, what is withheld from removal, and what was removed.

The record of a removal *is* the removal: what holds of it is held by the database (`migrations/sql/0014_retention.sql`), and each
room takes its document away as the record is written. So no record is without its removal, and no removal without its record.
"""

from collections.abc import Mapping
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock
from core.rules.retention import MOST_YEARS


class RecordKinds(models.TextChoices):
    """The kinds of records, in words."""

    FINANCIAL = "financial", "financial documents"
    PLANNING = "planning", "budget planning documents"
    OPTIMIZATION = "optimization", "cost optimization projects"
    REPORTS = "reports", "monthly reports"


STAYS = "A kept document stays as it is until its retention period is over."
KNOWN = Q(kind__in=RecordKinds.values)


class RetentionPeriod(models.Model):
    """For how many years an organization keeps a kind of records. The latest statement holds; none is changed."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="retention_periods")
    kind = models.CharField(max_length=20, choices=RecordKinds)
    number = models.PositiveIntegerField(help_text="How many were stated for the kind, this one included.")
    years = models.PositiveSmallIntegerField(help_text="Whole fiscal years after the one that a record belongs to.")
    reason = models.CharField(max_length=300)
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["entity", "kind", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "kind", "number"], name="retention_period_number_once"),
            models.CheckConstraint(condition=KNOWN, name="retention_period_kind_is_known"),
            models.CheckConstraint(condition=Q(years__gte=1, years__lte=MOST_YEARS), name="retention_period_is_sensible"),
            models.CheckConstraint(condition=~Q(reason=""), name="retention_period_has_its_reason"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="periods_stay_as_stated", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.years} years"


class RetentionHold(models.Model):
    """Why nothing of a kind, or nothing at all, is removed for now: an audit, a dispute, a court's order."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="retention_holds")
    kind = models.CharField(max_length=20, choices=RecordKinds, blank=True, help_text="Blank: all kinds.")
    reason = models.CharField(max_length=300)
    placed_at = models.DateTimeField(default=clock.now, editable=False)
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    lifted_because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["entity", "-id"]
        constraints = [
            models.CheckConstraint(condition=KNOWN | Q(kind=""), name="retention_hold_kind_is_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="retention_hold_has_its_reason"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True, lifted_because="")
                | Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lifted_because=""),
                name="retention_hold_is_lifted_by_somebody",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.ReadOnly(name="holds_stay_as_placed", fields=["entity", "kind", "reason", "placed_at", "placed_by"]),
            pgtrigger.Protect(
                name="holds_stay_lifted", operation=pgtrigger.Update, condition=pgtrigger.Q(old__lifted_at__isnull=False)
            ),
            pgtrigger.Protect(name="holds_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display() or 'everything'}: {self.reason}"

    @property
    def of(self) -> str:
        """What it withholds, in words."""
        return self.get_kind_display() if self.kind else "everything"


class RetentionRun(models.Model):
    """One removal of what is past its years, as a person ordered it."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="retention_runs")
    digest = models.CharField(max_length=64, help_text="Of the list that was shown to whoever ordered it.")
    listed = models.JSONField(help_text="What was on it: sort and id of each document.")
    documents = models.PositiveIntegerField(help_text="How many those are.")
    job = models.ForeignKey("core.Job", on_delete=models.PROTECT, null=True, related_name="+")
    ordered_at = models.DateTimeField(default=clock.now, editable=False)
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["entity", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(documents__gte=1), name="retention_run_removes_something"),
            models.UniqueConstraint(fields=["entity"], condition=Q(finished_at__isnull=True), name="retention_run_one_at_a_time"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.ReadOnly(
                name="runs_stay_as_ordered", fields=["entity", "digest", "listed", "documents", "ordered_at", "ordered_by"]
            ),
            pgtrigger.Protect(name="runs_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.entity.code}, {self.ordered_at:%Y-%m-%d}"


class RemovedDocument(models.Model):
    """What was removed: everything about a document but its content. Inserting it takes the content away."""

    run = models.ForeignKey(RetentionRun, on_delete=models.PROTECT, related_name="removed")
    records = models.SlugField(max_length=40, help_text="Which of a room's documents: `packs`, `imports`, …")
    kind = models.CharField(max_length=20, choices=RecordKinds)
    subject_id = models.BigIntegerField()
    name = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    dated_on = models.DateField(help_text="The day that it belongs to.")
    kept_until = models.DateField(help_text="The last day of its retention period.")
    removed_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["run", "id"]
        constraints = [
            models.UniqueConstraint(fields=["records", "subject_id"], name="document_removed_once"),
            models.CheckConstraint(condition=KNOWN, name="removed_document_kind_is_known"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="removed_document_bears_its_hash"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="removals_stay", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.name


def kept_but_for_retention(name: str, *, records: str, blanks: Mapping[str, str], subject: str = "id") -> pgtrigger.Trigger:
    """Return a trigger by which a table's rows stay as written, but for the content that retention takes.

    `blanks` maps columns to what they hold afterwards, as SQL; `subject` is the column that bears the document's id.
    """
    columns = ", ".join(f"'{column}'" for column in blanks)
    emptied = " AND ".join(f"NEW.{column} = {blank}" for column, blank in blanks.items())
    same = f"to_jsonb(NEW) - ARRAY[{columns}]::text[] = to_jsonb(OLD) - ARRAY[{columns}]::text[]"
    removed = f"EXISTS (SELECT FROM core_removeddocument r WHERE r.records = '{records}' AND r.subject_id = OLD.{subject})"
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            IF TG_OP = 'UPDATE' AND {emptied} AND {same} AND {removed} THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;
        """,
    )


def content_kept_but_for_retention(name: str, *, records: str, column: str) -> pgtrigger.Trigger:
    """Return a trigger by which a column that was filled stays as it is, until retention empties it."""
    removed = f"EXISTS (SELECT FROM core_removeddocument r WHERE r.records = '{records}' AND r.subject_id = OLD.id)"
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition(f"OLD.{column} <> '' AND NEW.{column} IS DISTINCT FROM OLD.{column}"),
        func=f"""
            IF NEW.{column} = '' AND {removed} THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION '{STAYS}' USING ERRCODE = 'check_violation';
        """,
    )
