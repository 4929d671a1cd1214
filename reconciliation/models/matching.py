from django.conf import settings
from django.db import models

from core import clock


class Undoable(models.Model):
    """A link that someone or a rule made, with its reason; undone, it stays as history."""

    rule = models.CharField(max_length=40)
    why = models.CharField(max_length=400)
    made_at = models.DateTimeField(default=clock.now, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        abstract = True

    @property
    def is_active(self) -> bool:
        """Whether it still holds."""
        return self.undone_at is None


class Allocation(Undoable):
    """A payment, or a part of it, that settles an invoice. Signed as the payment is.

    `journal` posts *paid* to the invoice's accounts; it is empty while the invoice is not coded.
    """

    payment = models.ForeignKey("reconciliation.Payment", on_delete=models.PROTECT, related_name="allocations")
    invoice = models.ForeignKey("reconciliation.Invoice", on_delete=models.PROTECT, related_name="allocations")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    journal = models.ForeignKey("budgets.Journal", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    postings = models.PositiveIntegerField(default=0, help_text="How often it was posted; makes each posting's key its own.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "invoice"], condition=models.Q(undone_at__isnull=True), name="allocation_one_active_per_pair"
            ),
            models.CheckConstraint(condition=~models.Q(amount=0), name="allocation_is_not_nothing"),
        ]
        indexes = [
            models.Index(fields=["invoice"], name="allocations_of_invoice", condition=models.Q(undone_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.payment} on {self.invoice}"
