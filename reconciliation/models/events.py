from datetime import UTC, date
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models

from core import clock

WORDS = {
    "received": "Received",
    "validated": "Validated",
    "invalid": "Found invalid",
    "voided": "Voided",
    "coded": "Put on a budget line",
    "uncoded": "Taken off its budget line",
    "confirmed": "Confirmed by a ledger's row",
    "released": "A ledger's row counts besides",
    "matched": "Matched to a request",
    "unmatched": "Match undone",
    "allocated": "Payment matched",
    "allocation_undone": "Payment taken off",
    "cleared": "Cleared: both are owed",
    "booked": "Booked",
    "returned": "Returned",
}


class StatusEvent(models.Model):
    """Something that was said about an invoice or a payment, by whom, when. Written once; states are folds over these.

    Late and repeated events are normal: the same source and external id is one event, and `at` is the event's own time.
    """

    invoice = models.ForeignKey("reconciliation.Invoice", on_delete=models.PROTECT, null=True, related_name="events")
    payment = models.ForeignKey("reconciliation.Payment", on_delete=models.PROTECT, null=True, related_name="events")
    source = models.CharField(max_length=40, help_text="Who says so: purser, bank, network.")
    code = models.CharField(max_length=40)
    at = models.DateTimeField()
    external_id = models.CharField(max_length=120)
    note = models.CharField(max_length=400, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["at", "id"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="status_event_is_written_once", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(invoice__isnull=False, payment__isnull=True)
                | models.Q(invoice__isnull=True, payment__isnull=False),
                name="status_event_has_one_subject",
            ),
            models.UniqueConstraint(
                fields=["invoice", "source", "external_id"],
                condition=models.Q(invoice__isnull=False),
                name="status_event_once_per_invoice",
            ),
            models.UniqueConstraint(
                fields=["payment", "source", "external_id"],
                condition=models.Q(payment__isnull=False),
                name="status_event_once_per_payment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.code}"

    @property
    def words(self) -> str:
        """What happened, as a page says it."""
        return WORDS.get(self.code, self.code.replace("_", " ").capitalize())

    @property
    def told_by(self) -> str:
        """Who says so where no person did."""
        return {"purser": "Purser", "bank": "The bank"}.get(self.source, self.source.capitalize())

    @property
    def day(self) -> date | None:
        """The day that a bank statement names, which is no moment and so is the same in every zone; None for a moment."""
        return self.at.astimezone(UTC).date() if self.source == "bank" else None
