from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from core import clock


class Job(models.Model):
    """Work that takes time: its state, how far it is, what came of it. The row is the truth, the broker a doorbell."""

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    kind = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    args = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    state = models.CharField(max_length=20, choices=State, default=State.QUEUED)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)
    result = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    result_url = models.CharField(max_length=400, blank=True)
    error = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    correlation_id = models.CharField(max_length=64, blank=True, db_default="", help_text="The request that started it.")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="jobs")
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, null=True, related_name="+")
    queued_at = models.DateTimeField(default=clock.now, editable=False)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], name="jobs_open", condition=models.Q(state__in=["queued", "running"])),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running", "done", "failed"]), name="job_state_is_known"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def percent(self) -> int:
        """How far the work is, 0 to 100."""
        if self.state == self.State.DONE:
            return 100
        return min(99, int(100 * self.done / self.total)) if self.total else 0
