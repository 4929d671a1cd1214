"""What documents hold at this moment, kept beside the balances: what is long settled is not read again to find what is open."""

from django.db import models

from budgets.models.ledger import FundsAccount


class OpenHold(models.Model):
    """What a document's line still reserves or commits at an account in a month: the sum of its entries there, never zero.

    In the account's currency. The posting function keeps it with the balances, under the same locks.
    """

    pk = models.CompositePrimaryKey("account_id", "month", "thread", "bucket")
    account = models.ForeignKey(FundsAccount, on_delete=models.PROTECT, related_name="open_holds", db_index=False)
    month = models.DateField()
    thread = models.CharField(max_length=80, blank=True)
    bucket = models.CharField(max_length=10)
    amount = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        indexes = [models.Index(models.F("account"), models.F("amount").desc(), name="holds_largest_first")]

    def __str__(self) -> str:
        return f"{self.bucket} {self.amount}"
