"""Transfers (virements): allotment that goes from one budget line to another."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from budgets.models import FundsAccount, Journal
from budgets.rules.months import first_of
from budgets.rules.postings import check_amount
from budgets.selectors.balances import account_figures
from budgets.services.ledger import PostedJournal, Posting
from budgets.services.movements import Movement, begin, carry_out
from core.errors import InvalidInput, NoFunds
from core.models import User


@transaction.atomic
def transfer(
    *,
    key: str,
    giver: FundsAccount,
    taker: FundsAccount,
    amounts: Mapping[date, Decimal],
    actor: User | None,
    source: tuple[str, str],
    is_override: bool = False,
    memo: str = "",
) -> PostedJournal:
    """Move allotment from `giver` to `taker`, in each month its amount, in the currency of both. Both sides are checked.

    What the giver holds it keeps: a stop refuses to go below it, unless an approval lets it (`is_override`).
    Raises NoFunds (details: besides what was refused, `giver` and `taker` with allotted, held and available), InvalidInput,
    ClosedPeriod and Stale.
    """
    months = {first_of(month): amount for month, amount in sorted(amounts.items())}
    _check(giver, taker, amounts, months)
    said = {"from": giver.pk, "to": taker.pk, "months": {str(month): f"{amount:.2f}" for month, amount in months.items()}}
    movement = Movement(key, "allotment.transferred", giver, giver.entity, actor, {**said, "override": is_override})
    if first := begin(movement):
        return first
    postings = [
        Posting(account.pk, month, "allotted", sign * amount, "", memo)
        for month, amount in months.items()
        for account, sign in ((giver, -1), (taker, 1))
    ]
    try:
        return carry_out(
            movement, kind=Journal.Kind.TRANSFER, postings=postings, source=source, is_override=is_override, memo=memo
        )
    except NoFunds as refusal:
        raise _with_both_sides(refusal, giver, taker) from refusal


def try_transfer(
    *,
    giver: FundsAccount,
    taker: FundsAccount,
    amounts: Mapping[date, Decimal],
    actor: User | None,
    key: str,
    source: tuple[str, str] = ("preview", "transfer"),
) -> None:
    """Make a transfer and undo it: what it refuses is refused, and nothing of it stays. Raises what `transfer` raises."""
    with transaction.atomic():
        transfer(key=key, giver=giver, taker=taker, amounts=amounts, actor=actor, source=source)
        transaction.set_rollback(True)


def _check(giver: FundsAccount, taker: FundsAccount, amounts: Mapping[date, Decimal], months: Mapping[date, Decimal]) -> None:
    if giver.pk == taker.pk:
        raise InvalidInput("That is one and the same budget line.", remedy="Choose another one to give to.")
    if giver.entity_id != taker.entity_id:
        raise InvalidInput("The two budget lines belong to different organizations.", remedy="Choose two of one organization.")
    if giver.currency != taker.currency:
        raise InvalidInput(
            f"One budget line is kept in {giver.currency}, the other in {taker.currency}.",
            remedy="Choose two in one currency.",
            code="other_currency",
        )
    if not months or len(months) != len(amounts):
        raise InvalidInput("State one amount for each month.", remedy="Name at least one month, and none twice.")
    for amount in months.values():
        check_amount(amount)
        if amount < 0:
            raise InvalidInput("A transfer moves an amount above zero.", remedy="Give from the other line instead.")


def _with_both_sides(refusal: NoFunds, giver: FundsAccount, taker: FundsAccount) -> NoFunds:
    sides = {"giver": _side(giver, refusal.details), "taker": _side(taker, refusal.details)}
    remedy = "Transfer less, release what is held, or have the transfer approved all the same."
    return NoFunds(refusal.message, remedy=remedy, details={**refusal.details, **sides})


def _side(account: FundsAccount, details: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an account is allotted and holds in the window that refused."""
    first, last = (date.fromisoformat(details[name]) if details.get(name) else None for name in ("from", "to"))
    figures = account_figures([account.pk], since=first, through=last)[account.pk]
    amounts = {"allotted": figures.allotted, "held": figures.held, "available": figures.available}
    return {"account": account.pk, "name": account.name} | {name: f"{amount:.2f}" for name, amount in amounts.items()}
