"""Spend that may be re-coded, where to, and both lines before and after."""

from dataclasses import dataclass
from decimal import Decimal

from budgets.models import Budget, Entry, FundsAccount
from budgets.selectors.accounts import accounts_in_reach
from budgets.selectors.balances import Figures, account_figures
from budgets.selectors.entries import entries_in_reach
from core.errors import NotFound
from core.models import User
from core.rules.rights import Right


@dataclass(frozen=True)
class Side:
    """A budget line over all months, before and after, in its currency."""

    account: FundsAccount
    before: Figures
    by: Decimal

    @property
    def spent_after(self) -> Decimal:
        return self.before.spent + self.by

    @property
    def available_after(self) -> Decimal:
        return self.before.available - self.by


def access_spend_to_recode(user: User, entry_id: int, *, budget: Budget | None = None) -> Entry:
    """Return an entry of spend, of `budget` where one is named, on a line that the person keeps. Raises NotFound."""
    kept = accounts_in_reach(user, Right.BUDGET).order_by().values("pk")
    rows = entries_in_reach(user).select_related("account__entity", "account__budget", "journal", "account__cost_centre")
    rows = rows.filter(pk=entry_id, account__in=kept, bucket="spent")
    found = (rows if budget is None else rows.filter(account__budget=budget)).first()
    if found is None:
        raise NotFound("There is no such spend, or none that you keep.", remedy="Choose it from the list of entries.")
    return found


def lines_to_recode_to(user: User, entry: Entry) -> list[FundsAccount]:
    """Return the other lines of the organization that the person keeps and that are in the entry's currency."""
    rows = accounts_in_reach(user, Right.BUDGET).filter(entity=entry.account.entity, currency=entry.account.currency)
    return list(rows.exclude(pk=entry.account_id).order_by("budget__code", "category__path", "name"))


def sides_of_recoding(entry: Entry, taker: FundsAccount) -> tuple[Side, Side]:
    """Return the line that gives up what was spent, and the one that takes it, before and after."""
    figures = account_figures([entry.account_id, taker.pk])
    giver = entry.account
    return Side(giver, figures[giver.pk], -entry.amount), Side(taker, figures[taker.pk], entry.amount)
