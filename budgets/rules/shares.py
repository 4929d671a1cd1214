"""Fixed shares, and shares within them: the top level is divided first, then each part within it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.errors import InvalidInput
from core.money import split

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Share:
    """A share in per cent of the whole, and what it consists of: shares in per cent of the whole that add up to it."""

    name: str
    pct: Decimal
    of_which: tuple["Share", ...] = ()


@dataclass(frozen=True, slots=True)
class Portion:
    """What a share comes to, in all and within."""

    name: str
    amount: Decimal
    of_which: tuple["Portion", ...] = ()


def check_shares(shares: Sequence[Share], *, whole: Decimal = HUNDRED, of: str = "") -> None:
    """Raise InvalidInput where shares do not add up to the whole, one is not above zero, or a name is there twice."""
    within = f" of {of}" if of else ""
    if not shares:
        raise _bad(f"No shares{within} are stated.", "State them, in per cent.")
    names = [share.name for share in shares]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise _bad(f"“{twice}” has two shares{within}.", "State one.")
    if wrong := next((share for share in shares if share.pct <= 0), None):
        raise _bad(f"“{wrong.name}” has a share of {wrong.pct:f} %.", "State a share above zero, or leave it out.")
    total = sum((share.pct for share in shares), Decimal(0))
    if total != whole:
        raise _bad(f"The shares{within} add up to {_plain(total)} %, not to {_plain(whole)} %.", "Correct them.")
    for share in shares:
        if share.of_which:
            check_shares(share.of_which, whole=share.pct, of=share.name)


def divide(total: Decimal, shares: Sequence[Share], *, currency: str) -> tuple[Portion, ...]:
    """Divide an amount by shares, to the cent: the largest remainder, ties to the larger share. Raises InvalidInput."""
    check_shares(shares)
    return _divided(total, shares, currency)


def _divided(total: Decimal, shares: Sequence[Share], currency: str) -> tuple[Portion, ...]:
    amounts = split(total, [share.pct for share in shares], currency=currency)
    return tuple(
        Portion(share.name, amount, _divided(amount, share.of_which, currency) if share.of_which else ())
        for share, amount in zip(shares, amounts, strict=True)
    )


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _bad(message: str, remedy: str) -> InvalidInput:
    return InvalidInput(message, remedy=remedy, code="invalid_shares")
