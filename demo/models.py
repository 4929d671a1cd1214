"""What the demo keeps for itself."""

from django.db import models

from core import clock


class Mail(models.Model):
    """A message that the demo did not send: it is shown on a page instead."""

    sent_at = models.DateTimeField(default=clock.now, editable=False)
    sender = models.CharField(max_length=300)
    recipients = models.CharField(max_length=2000)
    subject = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    message_id = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "mail"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.subject
