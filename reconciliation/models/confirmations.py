import pgtrigger
from django.db import models

from reconciliation.models.matching import Undoable


class Confirmation(Undoable):
    """A ledger's row that is the same document as a coded invoice: the invoice is spent, the row is not.

    `journal` took back what the row had spent, and `row_journal` is what had posted it; both are empty where the row came
    after the invoice and posted nothing.
    """

    row = models.ForeignKey("reconciliation.RawRow", on_delete=models.PROTECT, related_name="confirmations")
    invoice = models.ForeignKey("reconciliation.Invoice", on_delete=models.PROTECT, related_name="confirmations")
    journal = models.ForeignKey("budgets.Journal", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    row_journal = models.ForeignKey("budgets.Journal", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["row"], condition=models.Q(undone_at__isnull=True), name="confirmation_one_active_per_row"
            ),
            models.CheckConstraint(
                condition=models.Q(journal__isnull=True, row_journal__isnull=True)
                | models.Q(journal__isnull=False, row_journal__isnull=False),
                name="confirmation_takes_back_what_was_posted",
            ),
        ]
        indexes = [
            models.Index(fields=["invoice"], name="confirmations_of_invoice", condition=models.Q(undone_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.row} confirms {self.invoice}"


# Held by the database, whoever writes: a row that an invoice confirms is not posted besides.
POSTS_NOT_WHILE_CONFIRMED = pgtrigger.Trigger(
    name="confirmed_row_posts_not",
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("produced_type"),  # type: ignore[no-untyped-call]
    condition=pgtrigger.Q(new__produced_type="journal"),
    func="""
    IF EXISTS (SELECT FROM reconciliation_confirmation c WHERE c.row_id = NEW.id AND c.undone_at IS NULL) THEN
        RAISE EXCEPTION 'A row that an invoice confirms is not posted besides.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
""",
)
