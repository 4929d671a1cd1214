from decimal import Decimal

from django.db import models

from reconciliation.models.matching import Undoable, approver_settles_not


class CommitmentMatch(Undoable):
    """An invoice line answers a request line: its commitment is liquidated by what the invoice costs.

    `codes_line` says that this match coded the line as well, in the same journal.
    """

    invoice_line = models.ForeignKey("reconciliation.InvoiceLine", on_delete=models.PROTECT, related_name="matches")
    request_line = models.ForeignKey("approvals.RequestLine", on_delete=models.PROTECT, related_name="matches")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    liquidated = models.DecimalField(max_digits=18, decimal_places=2)
    codes_line = models.BooleanField(default=False)
    journal = models.ForeignKey("budgets.Journal", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name_plural = "commitment matches"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice_line", "request_line"],
                condition=models.Q(undone_at__isnull=True),
                name="commitment_match_one_active_per_pair",
            ),
            models.CheckConstraint(condition=~models.Q(amount=0), name="commitment_match_is_not_nothing"),
        ]
        indexes = [
            models.Index(fields=["request_line"], name="matches_of_request_line", condition=models.Q(undone_at__isnull=True)),
        ]
        triggers = [
            approver_settles_not(
                "(SELECT l.invoice_id FROM reconciliation_invoiceline l WHERE l.id = NEW.invoice_line_id)",
                "invoice_line_id",
                "request_line_id",
                "undone_at",
            )
        ]

    def __str__(self) -> str:
        return f"{self.invoice_line} on {self.request_line}"

    @property
    def beyond(self) -> Decimal:
        """What the invoice costs above the commitment, in the invoice's currency."""
        return self.amount - self.liquidated
