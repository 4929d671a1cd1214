from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import models

from core import clock
from core.models.retention import kept_but_for_retention
from reporting.rules import snapshots


class Pack(models.Model):
    """A month's figures of a budget as they were when the pack was issued. Written once; a correction is a new issue.

    `snapshot` is the canonical JSON text itself, so that its hash can be checked by anyone who has it.
    """

    budget = models.ForeignKey("budgets.Budget", on_delete=models.PROTECT, related_name="packs")
    month = models.DateField(help_text="The first day of the month reported.")
    issue = models.PositiveIntegerField(help_text="1 for the first, one more for each re-issue.")
    snapshot = models.TextField()
    snapshot_sha256 = models.CharField(max_length=64)
    figures_sha256 = models.CharField(max_length=64, help_text="Of the figures alone: equal where nothing changed.")
    last_journal = models.BigIntegerField(help_text="The high-water mark: no later journal is in it.")
    is_final = models.BooleanField(help_text="The month was closed when it was issued.")
    reissue_of = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reissued_as")
    note = models.CharField(max_length=400, blank=True, help_text="Why it was issued again.")
    issued_at = models.DateTimeField(default=clock.now, editable=False)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["budget", "month", "issue"], name="pack_issue_once"),
            models.CheckConstraint(condition=models.Q(month__day=1), name="pack_month_begins_on_the_first"),
            models.CheckConstraint(
                condition=models.Q(issue=1, reissue_of__isnull=True) | models.Q(issue__gt=1, reissue_of__isnull=False),
                name="pack_reissue_points_at_the_one_before",
            ),
            models.CheckConstraint(
                condition=models.Q(snapshot_sha256__regex=r"^[0-9a-f]{64}$", figures_sha256__regex=r"^[0-9a-f]{64}$"),
                name="pack_bears_its_hashes",
            ),
        ]
        indexes = [models.Index(fields=["budget", "-month", "-issue"], name="packs_newest_first")]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            kept_but_for_retention("pack_is_written_once", records="packs", blanks={"snapshot": "''"}),
        ]

    def __str__(self) -> str:
        return f"{self.budget.code} {self.month:%Y-%m} issue {self.issue}"

    @property
    def document(self) -> dict[str, Any]:
        """The snapshot as data. Amounts and moments are text, as they were frozen."""
        return snapshots.parse(self.snapshot)


class PackFile(models.Model):
    """The PDF of a pack, as it was issued. Kept beside the snapshot, so that a backup has both or neither."""

    pack = models.OneToOneField(Pack, on_delete=models.PROTECT, related_name="file")
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text="Bytes.")
    pages = models.PositiveIntegerField()
    renderer = models.CharField(max_length=80, help_text="What made it, with its version.")
    rendered_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="pack_file_bears_its_hash"),
            models.CheckConstraint(condition=models.Q(pages__gte=1), name="pack_file_has_pages"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            kept_but_for_retention(
                "pack_file_is_written_once", records="packs", subject="pack_id", blanks={"content": r"'\x'::bytea"}
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The file's name for whoever saves it."""
        pack = self.pack
        return f"{pack.budget.code}-{pack.month:%Y-%m}-issue-{pack.issue}.pdf"
