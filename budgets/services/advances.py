"""An advance: what a budget line is allotted in later months is moved to an earlier one, and is missing there."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db import transaction

from budgets.locks import lock_structure
from budgets.models import FundsAccount, Journal
from budgets.rules.months import first_of
from budgets.rules.postings import check_amount
from budgets.rules.sentences import money, month_name
from budgets.selectors.balances import account_figures
from budgets.services.ledger import PostedJournal, Posting
from budgets.services.movements import Movement, begin, carry_out
from core.errors import InvalidInput, NoFunds
from core.models import User


@transaction.atomic
def advance(
    *,
    key: str,
    account: FundsAccount,
    into: date,
    amounts: Mapping[date, Decimal],
    actor: User | None,
    source: tuple[str, str],
    memo: str = "",
) -> PostedJournal:
    """Move allotment of a line from each later month to the month `into`, with every posting kept out.

    A later month gives no more than is left of it, whatever the windows above it would let pass; these are kept besides.
    Raises NoFunds, InvalidInput, ClosedPeriod and Stale.
    """
    months = {first_of(month): amount for month, amount in sorted(amounts.items())}
    _check(months, first_of(into))
    said = {"into": str(first_of(into)), "months": {str(month): f"{amount:.2f}" for month, amount in months.items()}}
    movement = Movement(key, "allotment.advanced", account, account.entity, actor, said)
    if before := begin(movement):
        return before
    lock_structure()
    for month, amount in months.items():
        _refuse_more_than_left(account, month, amount)
    given = [Posting(account.pk, month, "allotted", -amount, "", memo[:300]) for month, amount in months.items()]
    taken = Posting(account.pk, first_of(into), "allotted", sum(months.values(), Decimal(0)), "", memo[:300])
    return carry_out(movement, kind=Journal.Kind.CARRY, postings=[*given, taken], source=source, memo=memo)


def try_advance(*, account: FundsAccount, into: date, amounts: Mapping[date, Decimal], actor: User | None, key: str) -> None:
    """Make an advance and undo it: what it refuses is refused, and nothing of it stays. Raises what `advance` raises."""
    with transaction.atomic():
        advance(key=key, account=account, into=into, amounts=amounts, actor=actor, source=("preview", "advance"))
        transaction.set_rollback(True)


def _check(months: Mapping[date, Decimal], into: date) -> None:
    if not months:
        raise InvalidInput("No amount is stated.", remedy="Say how much is taken from which later month.")
    for month, amount in months.items():
        check_amount(amount)
        if amount < 0:
            raise InvalidInput("An advance is an amount above zero.", remedy="State how much is needed.")
        if month <= into:
            sentence = f"{month_name(month)} is no later month than {month_name(into)}. Choose one after it."
            raise InvalidInput("An advance is taken from a later month.", remedy=sentence, details={"later": sentence})


def _refuse_more_than_left(account: FundsAccount, month: date, amount: Decimal) -> None:
    figures = account_figures([account.pk], month=month)[account.pk]
    if figures.available >= amount:
        return
    details = {
        "node": account.name,
        "window": "month",
        "from": str(month),
        "to": str(month),
        "currency": account.currency,
        "cap": f"{figures.allotted:.2f}",
        "held": f"{figures.held:.2f}",
        "wanted": f"{amount:.2f}",
        "left": f"{figures.available:.2f}",
        "consumers": [],
    }
    raise NoFunds(
        f"{account.name} has {money(figures.available)} left in {month_name(month)}; this takes {money(amount)}.",
        remedy="Take less, or choose another later month.",
        details=details,
    )
