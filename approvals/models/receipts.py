from django.db import models
from django.db.models import Q

from approvals.models.decisions import Decision
from approvals.models.requests import Request


class Receipt(models.Model):
    """What a decision was made on, as its decider saw it, or that it was taken back: a link of its entity's chain.

    Written by a function of the database alone, once; `body` is the very text that is hashed.
    """

    class Kind(models.TextChoices):
        DECISION = "decision", "decision"
        TAKEN_BACK = "taken_back", "taken back"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="receipts")
    number = models.PositiveBigIntegerField(help_text="Its place in the entity's chain, from 1 on.")
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="receipts")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="receipts")
    kind = models.CharField(max_length=12, choices=Kind)
    body = models.TextField(help_text="Canonical JSON.")
    prev = models.CharField(max_length=64, blank=True, help_text="The hash of the receipt before it; blank for the first.")
    hash = models.CharField(max_length=64)
    recorded_at = models.DateTimeField(help_text="By the database's clock.")

    class Meta:
        ordering = ["entity", "number"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "number"], name="receipt_number_once"),
            models.UniqueConstraint(fields=["decision", "kind"], name="receipt_once_per_decision"),
            models.CheckConstraint(condition=Q(kind__in=["decision", "taken_back"]), name="receipt_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id}/{self.number}"


class ReceiptHead(models.Model):
    """The end of an entity's chain of receipts. Its row is the lock under which the next one is written."""

    entity = models.OneToOneField("core.Entity", on_delete=models.PROTECT, primary_key=True, related_name="receipt_head")
    number = models.PositiveBigIntegerField()
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.entity_id}/{self.number}"
