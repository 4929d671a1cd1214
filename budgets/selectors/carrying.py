"""What would be carried forward, and what would be allotted anew. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from budgets.models import Balance, FundsAccount
from budgets.rules.carrying import rolled_over
from budgets.rules.months import months_between
from budgets.selectors.balances import account_figures

Left = dict[int, dict[date, Decimal]]


@dataclass(frozen=True, slots=True)
class Carry:
    """What one account was allotted and holds over the window, and what would be carried: less than nothing if overspent."""

    account: FundsAccount
    allotted: Decimal
    held: Decimal

    @property
    def left(self) -> Decimal:
        return self.allotted - self.held


@dataclass(frozen=True, slots=True)
class Rollover:
    """What one account is allotted over the window, and what it would be next, in the account's currency."""

    account: FundsAccount
    allotted: Decimal
    next: Decimal


def preview_carry(accounts: Sequence[FundsAccount], first: date, last: date) -> list[Carry]:
    """Return for each account what `carry_forward` would carry out of the months from `first` to `last`."""
    found = account_figures([account.pk for account in accounts], since=first.replace(day=1), through=last)
    return [Carry(account, found[account.pk].allotted, found[account.pk].held) for account in accounts]


def preview_rollover(accounts: Sequence[FundsAccount], first: date, last: date, *, raised_by: Decimal) -> list[Rollover]:
    """Return for each account its allotment over the months from `first` to `last`, and that raised by a share (0.1 for 10 %)."""
    found = account_figures([account.pk for account in accounts], since=first.replace(day=1), through=last)
    return [
        Rollover(
            account,
            found[account.pk].allotted,
            rolled_over(found[account.pk].allotted, raised_by=raised_by, currency=account.currency),
        )
        for account in accounts
    ]


def left_by_month(accounts: Sequence[FundsAccount], first: date, last: date) -> Left:
    """Return what is left (allotted less held) of each account in each month of the window where that is not nothing."""
    left: Left = {account.pk: {} for account in accounts}
    rows = Balance.objects.filter(account__in=accounts, month__in=months_between(first, last)).order_by("account_id", "month")
    for row in rows:
        amount = row.allotted - row.reserved - row.committed - row.spent
        if amount:
            left[row.account_id][row.month] = amount
    return left
