import pgtrigger
from django.conf import settings
from django.db import models

from core import clock

# Who settled an invoice, by hand, and whoever approved what it is for: the same person is refused, from whichever side it comes.
SETTLED_BY_APPROVER = """
    SELECT a.made_by_id INTO found
    FROM reconciliation_allocation a
    JOIN reconciliation_invoiceline l ON l.invoice_id = a.invoice_id
    JOIN reconciliation_commitmentmatch m ON m.invoice_line_id = l.id AND m.undone_at IS NULL
    JOIN approvals_requestline q ON q.id = m.request_line_id
    JOIN approvals_request r ON r.id = q.request_id
    WHERE a.invoice_id = settled AND a.undone_at IS NULL AND a.made_by_id IS NOT NULL
      AND (EXISTS (
            SELECT FROM approvals_decision d
            WHERE d.request_id = r.id AND d.round = r.round AND d.verdict = 'approve' AND d.voided_at IS NULL
              AND a.made_by_id IN (d.person_id, d.on_behalf_of_id))
        OR EXISTS (
            SELECT FROM approvals_emergency e
            WHERE e.request_id = r.id AND e.denied_at IS NULL AND e.approver_id = a.made_by_id))
    LIMIT 1;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'Nobody settles what they approved.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


def approver_settles_not(invoice: str, *columns: str) -> pgtrigger.Trigger:
    """Return the trigger that looks at an invoice after a row about it came or one of these columns was written.

    `invoice` says which invoice, as SQL.
    """
    return pgtrigger.Trigger(
        name="approver_settles_not",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(*columns),  # type: ignore[no-untyped-call]
        declare=[("found", "BIGINT"), ("settled", "BIGINT")],
        func=f"""
    settled := {invoice};
    PERFORM 1 FROM reconciliation_invoice i WHERE i.id = settled FOR NO KEY UPDATE;
{SETTLED_BY_APPROVER}""",
    )


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
        triggers = [approver_settles_not("NEW.invoice_id", "invoice_id", "made_by_id", "undone_at")]

    def __str__(self) -> str:
        return f"{self.payment} on {self.invoice}"
