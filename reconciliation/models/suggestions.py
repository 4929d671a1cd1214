from django.conf import settings
from django.db import models

from core import clock


class Suggestion(models.Model):
    """A match that may be right. Purser never applies it by itself; a person accepts or dismisses it."""

    class Kind(models.TextChoices):
        PAYMENT = "payment", "payment and invoice"
        COMMITMENT = "commitment", "invoice and request"

    class State(models.TextChoices):
        OPEN = "open", "open"
        ACCEPTED = "accepted", "accepted"
        DISMISSED = "dismissed", "dismissed"
        LAPSED = "lapsed", "no longer possible"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="suggestions")
    kind = models.CharField(max_length=20, choices=Kind)
    payment = models.ForeignKey("reconciliation.Payment", on_delete=models.PROTECT, null=True, related_name="suggestions")
    invoice = models.ForeignKey("reconciliation.Invoice", on_delete=models.PROTECT, related_name="suggestions")
    invoice_line = models.ForeignKey(
        "reconciliation.InvoiceLine", on_delete=models.PROTECT, null=True, related_name="suggestions"
    )
    request_line = models.ForeignKey("approvals.RequestLine", on_delete=models.PROTECT, null=True, related_name="suggestions")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    score = models.PositiveSmallIntegerField(help_text="0 to 100.")
    reasons = models.JSONField(default=list, help_text="Sentences, the strongest first.")
    state = models.CharField(max_length=20, choices=State, default=State.OPEN)
    made_at = models.DateTimeField(default=clock.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-score", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "invoice"], condition=models.Q(kind="payment"), name="suggestion_once_per_payment_and_invoice"
            ),
            models.UniqueConstraint(
                fields=["invoice_line", "request_line"],
                condition=models.Q(kind="commitment"),
                name="suggestion_once_per_invoice_and_request_line",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="payment", payment__isnull=False, invoice_line__isnull=True, request_line__isnull=True)
                | models.Q(kind="commitment", payment__isnull=True, invoice_line__isnull=False, request_line__isnull=False),
                name="suggestion_has_both_sides",
            ),
            models.CheckConstraint(condition=models.Q(score__lte=100), name="suggestion_score_is_a_percentage"),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "accepted", "dismissed", "lapsed"]), name="suggestion_state_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["entity", "-score", "id"], name="suggestions_open", condition=models.Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.invoice} {self.score}"
