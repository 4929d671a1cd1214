from django.conf import settings
from django.db import models

from core import clock


class ExceptionItem(models.Model):
    """Something that needs a person: what, how much, what to do. One open per key; it closes by itself when it resolves."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="exceptions")
    code = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    subject_type = models.CharField(max_length=80)
    subject_id = models.CharField(max_length=80)
    sentence = models.CharField(max_length=400)
    remedy = models.CharField(max_length=400)
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="exceptions")
    opened_at = models.DateTimeField(default=clock.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    closing_note = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "key"], condition=models.Q(closed_at__isnull=True), name="exception_one_open_per_key"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | ~models.Q(currency=""), name="exception_amount_has_its_currency"
            ),
        ]
        indexes = [
            models.Index(
                fields=["entity", "code", "opened_at"], name="exceptions_open", condition=models.Q(closed_at__isnull=True)
            ),
            models.Index(fields=["subject_type", "subject_id"], name="exceptions_by_subject"),
        ]

    def __str__(self) -> str:
        return self.sentence
