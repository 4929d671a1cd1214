"""Amounts of money: Decimal in Python, numeric in the database, a currency beside each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache

from babel.numbers import get_currency_precision, list_currencies

from core.errors import InvalidInput

CENT = Decimal("0.01")
LARGEST = Decimal(10) ** 15
_AMOUNT = re.compile(r"[+\-\u2212]?\d{1,30}(\.\d{0,30})?", re.ASCII)
_GROUPED = re.compile(r"[+\-\u2212]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
_LONGEST_TEXT = 60


@dataclass(frozen=True, slots=True)
class Money:
    """An amount that does not travel without its currency (ISO 4217)."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:,} {self.currency}"


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def is_currency(code: str) -> bool:
    """Say whether `code` is a currency's three letters (ISO 4217)."""
    return code in _currencies()


def minor_unit(currency: str) -> Decimal:
    """Return the smallest amount of `currency` that the books hold: 0.01 for USD, 1 for JPY; never finer than a cent."""
    return max(CENT, Decimal(1).scaleb(-get_currency_precision(currency)))


def quantize(amount: Decimal, currency: str) -> Decimal:
    """Return `amount` rounded half up to the minor unit of `currency`, with two decimals at least."""
    return amount.quantize(minor_unit(currency), rounding=ROUND_HALF_UP).quantize(CENT)


def parse_amount(text: str, *, currency: str, allow_zero: bool = False, allow_negative: bool = False) -> Decimal:
    """Return the amount that `text` states, exactly.

    Takes `1234.5`, `1,234.50` and blanks around and between; refuses everything else, whatever Decimal would make
    of it (`NaN`, `1e400`, `Infinity`), and more decimals than the currency has. Raises InvalidInput.
    """
    amount = _decimal_of(text)
    # The size first: what has more digits than Decimal's context cannot be rounded at all.
    if abs(amount) >= LARGEST:
        raise _bad("The amount is too large.", "The largest amount is 999,999,999,999,999.99.")
    if amount != amount.quantize(minor_unit(currency)):
        raise _bad(f"“{_shown(text)}” has more decimals than {currency} has.", "Round it first, the way the document does.")
    if amount == 0 and not allow_zero:
        raise _bad("The amount is zero.", "State an amount above zero.")
    if amount < 0 and not allow_negative:
        raise _bad("The amount is negative.", "State an amount above zero.")
    return amount.quantize(CENT)


def _decimal_of(text: str) -> Decimal:
    squeezed = re.sub(r"[\s\u00a0\u202f]", "", text[: _LONGEST_TEXT + 1])
    if not squeezed:
        raise _bad("No amount is given.", "State an amount, such as 1,250.00.")
    if len(text) > _LONGEST_TEXT or not (_AMOUNT.fullmatch(squeezed) or _GROUPED.fullmatch(squeezed)):
        raise _bad(f"“{_shown(text)}” is not an amount.", "Write it in digits, such as 1,250.00.")
    try:
        return Decimal(squeezed.replace(",", "").replace("\u2212", "-"))
    except InvalidOperation as error:
        raise _bad(f"“{_shown(text)}” is not an amount.", "Write it in digits, such as 1,250.00.") from error


def _shown(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:20]}…"


def _bad(message: str, remedy: str) -> InvalidInput:
    return InvalidInput(message, remedy=remedy, code="invalid_amount")


def split(total: Decimal, shares: Sequence[Decimal | int], *, currency: str) -> list[Decimal]:
    """Divide `total` in proportion to `shares` (none negative, not all zero) so that the parts add up to it, to the cent.

    Largest remainder: each part is rounded towards zero, and what is left goes one minor unit at a time to the largest
    remainders; ties go to the larger share, then to the earlier one. Raises InvalidInput.
    """
    weights = [Decimal(share) for share in shares]
    if not weights or min(weights) < 0 or not (whole := sum(weights, Decimal(0))):
        raise InvalidInput("The shares cannot be divided by.", remedy="Give shares above zero.", code="invalid_shares")
    unit = minor_unit(currency)
    units = int((abs(total) / unit).to_integral_exact())
    exact = [units * weight / whole for weight in weights]
    parts = [int(part) for part in exact]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], -weights[i], i))
    for i in order[: units - sum(parts)]:
        parts[i] += 1
    sign = -1 if total < 0 else 1
    return [(sign * part * unit).quantize(CENT) for part in parts]
