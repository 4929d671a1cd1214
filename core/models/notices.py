from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock


class Notice(models.Model):
    """Something a person should know: on their notices page at once, and by e-mail after the commit."""

    class Level(models.TextChoices):
        INFO = "info", "for information"
        WATCH = "watch", "needs an eye"
        ACT = "act", "needs an answer"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices")
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=80)
    level = models.CharField(max_length=10, choices=Level, default=Level.INFO)
    subject = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=400, blank=True)
    key = models.CharField(max_length=200, help_text="One notice per person and key, however often it is announced.")
    bundle = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text="With what else it is mailed; blank: by itself, at once."
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    gathered_at = models.DateTimeField(null=True, help_text="When its bundle was closed.")
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="notice_once_per_person_and_key")]
        indexes = [
            models.Index(fields=["person", "-id"], name="notices_of_person"),
            # What every page counts.
            models.Index(fields=["person"], name="notices_unread", condition=Q(read_at__isnull=True)),
            models.Index(
                fields=["person", "bundle"], name="notices_to_gather", condition=~Q(bundle="") & Q(gathered_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.subject
