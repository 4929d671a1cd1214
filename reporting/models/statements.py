from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models

from core import clock
from core.models.retention import kept_but_for_retention


class StatementFile(models.Model):
    """A statement of a chargeback as a PDF. Kept for what it said; where it says something else now, another one is made."""

    statement = models.ForeignKey("budgets.ChargebackStatement", on_delete=models.PROTECT, related_name="files")
    said_sha256 = models.CharField(max_length=64, help_text="Of the text that it was made from.")
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text="Bytes.")
    pages = models.PositiveIntegerField()
    renderer = models.CharField(max_length=80, help_text="What made it, with its version.")
    made_at = models.DateTimeField(default=clock.now, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "said_sha256"], name="statement_file_once"),
            models.CheckConstraint(
                condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$", said_sha256__regex=r"^[0-9a-f]{64}$"),
                name="statement_file_bears_its_hashes",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            kept_but_for_retention(
                "statement_file_is_written_once", records="statement_files", blanks={"content": r"'\x'::bytea"}
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The file's name for whoever saves it."""
        statement = self.statement
        return f"chargeback-{statement.run.month:%Y-%m}-{statement.receiver.code}-{self.said_sha256[:8]}.pdf"
