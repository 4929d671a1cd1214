"""Revising what one budget line is allotted, without another version of its budget."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db import transaction

from budgets.models import FundsAccount, Journal
from budgets.rules.months import first_of
from budgets.rules.postings import check_amount
from budgets.services.ledger import PostedJournal, Posting
from budgets.services.movements import Movement, begin, carry_out
from core.errors import InvalidInput
from core.models import User


@transaction.atomic
def revise_allotment(
    *,
    key: str,
    account: FundsAccount,
    differences: Mapping[date, Decimal],
    actor: User | None,
    source: tuple[str, str],
    is_override: bool = False,
    memo: str = "",
) -> PostedJournal:
    """Raise or lower what an account is allotted, in each month by its difference, in the account's currency.

    Like a transfer it is no version's business: a version that is put in force later leaves it there. A stop refuses to go below
    what is held, unless an approval lets it (`is_override`). Raises NoFunds, InvalidInput, ClosedPeriod and Stale.
    """
    months = {first_of(month): amount for month, amount in sorted(differences.items())}
    if not months or len(months) != len(differences):
        raise InvalidInput("State one difference for each month.", remedy="Name at least one month, and none twice.")
    for amount in months.values():
        check_amount(amount)
    said = {"months": {str(month): f"{amount:.2f}" for month, amount in months.items()}, "override": is_override}
    movement = Movement(key, "allotment.revised", account, account.entity, actor, said)
    if first := begin(movement):
        return first
    postings = [Posting(account.pk, month, "allotted", amount, "", memo) for month, amount in months.items()]
    return carry_out(movement, kind=Journal.Kind.REVISE, postings=postings, source=source, is_override=is_override, memo=memo)
