"""Carrying forward what is left, and rolling allotments over. All amounts in the account's currency."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal

from core.errors import InvalidInput
from core.money import CENT, minor_unit

ZERO = Decimal(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class CarryTerms:
    """How much of what is left is carried on: `all`, `nothing`, a `share` in per cent, up to an `amount`; `above`: as said above.

    The amount is for each line, in `currency`.
    """

    kind: str
    share_pct: Decimal | None = None
    amount: Decimal | None = None
    currency: str = ""


CARRY_ALL = CarryTerms("all")


def check_terms(terms: CarryTerms) -> None:
    """Raise InvalidInput, whose `details` name the field, unless the terms say one thing that can be done."""
    if terms.kind not in {"all", "nothing", "share", "amount", "above"}:
        raise _wrong("kind", "Say all, nothing, share, amount or above.")
    if (terms.share_pct is not None) != (terms.kind == "share"):
        raise _wrong("share_pct", "State the share with a share, and with nothing else.")
    if (terms.amount is not None) != (terms.kind == "amount"):
        raise _wrong("amount", "State the amount with an amount, and with nothing else.")
    share, amount = terms.share_pct, terms.amount
    if share is not None and not (share.is_finite() and 0 <= share <= HUNDRED and share == share.quantize(CENT)):
        raise _wrong("share_pct", "State a share from 0 to 100 per cent, with two decimals at most.")
    if amount is not None and not (amount.is_finite() and 0 <= amount < Decimal(10) ** 15 and amount == amount.quantize(CENT)):
        raise _wrong("amount", "State an amount of zero or more, to the cent.")


def _wrong(name: str, sentence: str) -> InvalidInput:
    return InvalidInput("This is no policy for what is carried on.", remedy=sentence, details={name: sentence})


def part_carried(left: Decimal, terms: CarryTerms, currency: str) -> Decimal:
    """Return what of `left` is carried on; the rest lapses. What is overspent is carried whole, whatever the terms say.

    A share is rounded down to the currency's minor unit: no more is carried than it says.
    """
    if left <= 0 or terms.kind == "all":
        return left
    if terms.kind == "share" and terms.share_pct is not None:
        return (left * terms.share_pct / HUNDRED).quantize(minor_unit(currency), rounding=ROUND_DOWN).quantize(CENT)
    if terms.kind == "amount" and terms.amount is not None:
        return min(left, terms.amount)
    return ZERO


def given_up(left: Mapping[date, Decimal], open_months: Iterable[date], *, lapses: Decimal) -> dict[date, Decimal]:
    """Return what each open month of the window is allotted more or less, when all but what `lapses` is carried out of it.

    What lapses stays in the last open month, and what was overspent in one month is set off against what is left in others.
    """
    changes = dict.fromkeys(sorted(open_months), ZERO)
    last = max(changes)
    for month, amount in left.items():
        changes[month if month in changes else last] -= amount
    changes[last] += lapses
    return {month: amount for month, amount in changes.items() if amount}
