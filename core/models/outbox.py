from django.db import models

from core import clock


class OutboxEvent(models.Model):
    """An event that was announced in a transaction and is handed to its handlers after the commit, once each."""

    topic = models.CharField(max_length=120)
    payload = models.JSONField()
    recorded_at = models.DateTimeField(default=clock.now, editable=False)
    due_at = models.DateTimeField(default=clock.now)
    handled_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    correlation_id = models.CharField(max_length=64, blank=True, db_default="", help_text="The request or job that caused it.")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["due_at", "id"], name="outbox_waiting", condition=models.Q(handled_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.pk}"
