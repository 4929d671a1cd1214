import pgtrigger
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from core import clock


class HistoryLog(models.Model):
    """Past approvals from another system, as one event log. It routes nothing: it tells how long people used to wait."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="history_logs")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    document = models.CharField(max_length=300, blank=True, help_text="What its activities are about.")
    kind = models.CharField(max_length=60, blank=True, help_text="The kind of request that its cases count as in a replay.")
    calendar = models.CharField(max_length=120, help_text="By whose working days its waits were counted.")
    cases = models.PositiveIntegerField()
    events = models.PositiveIntegerField()
    figures = models.JSONField(encoder=DjangoJSONEncoder)
    imported_at = models.DateTimeField(default=clock.now, editable=False)
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["entity", "sha256"], name="history_log_once")]
        triggers = [pgtrigger.ReadOnly(name="history_logs_stay", fields=["entity", "sha256", "cases", "events"])]

    def __str__(self) -> str:
        return self.name


class HistoryEvent(models.Model):
    """One event of a case of a log, as it was logged."""

    log = models.ForeignKey(HistoryLog, on_delete=models.CASCADE, related_name="logged")
    number = models.PositiveIntegerField(help_text="Its place in the log.")
    case = models.CharField(max_length=300)
    activity = models.CharField(max_length=300)
    role = models.CharField(max_length=300, blank=True)
    person = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    amount = models.DecimalField(max_digits=20, decimal_places=2, null=True, help_text="What its case asks for.")

    class Meta:
        ordering = ["log", "number"]
        constraints = [models.UniqueConstraint(fields=["log", "number"], name="history_event_number_once")]

    def __str__(self) -> str:
        return f"{self.case}: {self.activity}"
