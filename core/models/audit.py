import pgtrigger
from django.conf import settings
from django.db import models

from core import clock


class AuditRecord(models.Model):
    """Who did what to what, when, by which request, with the state before and after. Append-only."""

    at = models.DateTimeField(default=clock.now, editable=False)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    # Who really acted, where the actor was an administrator seeing Purser as somebody else does.
    acted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    # What the actor's program called with, where it was no session of their own.
    by_token = models.ForeignKey("core.ApiToken", on_delete=models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=80)
    subject_id = models.CharField(max_length=80)
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, null=True, related_name="+")
    correlation_id = models.CharField(max_length=64, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ["-id"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
        indexes = [models.Index(fields=["subject_type", "subject_id", "id"], name="audit_by_subject")]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id}"
