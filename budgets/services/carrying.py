"""Carrying forward: what is left at the end of a window is allotted in the next month, and overspend is taken from it."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from budgets.locks import lock_structure
from budgets.models import FundsAccount, Journal
from budgets.rules.carrying import carried
from budgets.rules.months import first_of, months_between
from budgets.rules.sentences import month_name
from budgets.selectors.carrying import left_by_month
from budgets.selectors.months import open_among
from budgets.services.ledger import PostedJournal, Posting
from budgets.services.movements import Movement, begin, carry_out
from core.errors import ClosedPeriod, InvalidInput, WrongState
from core.models import Entity, User


@transaction.atomic
def carry_forward(
    *,
    key: str,
    accounts: Sequence[FundsAccount],
    first: date,
    last: date,
    into: date,
    actor: User | None,
    memo: str = "",
) -> PostedJournal:
    """Carry what is left of the accounts (allotted less held) in the months from `first` to `last` into the month `into`.

    One journal over all of them, with every posting kept out meanwhile. Overspend is carried as a negative allotment, never
    forgiven; nothing of it is refused for funds. Raises InvalidInput, WrongState (nothing is left), ClosedPeriod and Stale.
    """
    entity = _check(accounts, first, last, into)
    said = {
        "accounts": sorted(account.pk for account in accounts),
        "months": [str(first_of(first)), str(first_of(last))],
        "into": str(first_of(into)),
    }
    movement = Movement(key, "allotment.carried", entity, entity, actor, said)
    if before := begin(movement):
        return before
    lock_structure()
    postings = _postings(accounts, first, last, first_of(into), memo)
    source = ("carry", f"{first_of(first):%Y-%m}/{first_of(last):%Y-%m}")
    return carry_out(movement, kind=Journal.Kind.CARRY, postings=postings, source=source, is_fact=True, memo=memo)


def _check(accounts: Sequence[FundsAccount], first: date, last: date, into: date) -> Entity:
    if len({account.entity_id for account in accounts}) != 1 or len({account.currency for account in accounts}) != 1:
        raise InvalidInput(
            "What is carried together is of one organization and in one currency.", remedy="Choose such lines, and at least one."
        )
    if not first_of(first) <= first_of(last) < first_of(into):
        raise InvalidInput("What is left is carried into a later month.", remedy="Choose a month after the last one of the span.")
    return accounts[0].entity


def _postings(accounts: Sequence[FundsAccount], first: date, last: date, into: date, memo: str) -> list[Posting]:
    left = left_by_month(accounts, first, last)
    is_open = open_among(accounts[0].entity, months_between(first, last))
    if not is_open:
        raise ClosedPeriod(
            f"No month from {month_name(first_of(first))} to {month_name(first_of(last))} is open.",
            remedy="Carry forward before the last one is closed, or ask finance to reopen it.",
        )
    postings = [
        Posting(account_id, month, "allotted", amount, "", memo)
        for account_id, months in sorted(left.items())
        for month, amount in sorted(carried(months, is_open, into).items())
    ]
    if not postings:
        raise WrongState("Nothing is left there, and nothing is overspent.", remedy="There is nothing to carry.")
    return postings
