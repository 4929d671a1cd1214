"""What is left in the months of a window, to be carried on. Nothing is written."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from budgets.models import Balance, FundsAccount
from budgets.rules.months import months_between

Left = dict[int, dict[date, Decimal]]


def left_by_month(accounts: Sequence[FundsAccount], first: date, last: date) -> Left:
    """Return what is left (allotted less held) of each account in each month of the window where that is not nothing."""
    left: Left = {account.pk: {} for account in accounts}
    rows = Balance.objects.filter(account__in=accounts, month__in=months_between(first, last)).order_by("account_id", "month")
    for row in rows:
        amount = row.allotted - row.reserved - row.committed - row.spent
        if amount:
            left[row.account_id][row.month] = amount
    return left
