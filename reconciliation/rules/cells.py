"""One cell of a file, read exactly or not at all."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from core.money import minor_unit
from reconciliation.rules.problems import Problem

_PLAIN = re.compile(r"-?\d{1,15}(\.\d{1,2})?", re.ASCII)
_NUMBER = re.compile(r"\d{1,30}(\.\d{0,30})?", re.ASCII)
_DRESSING = re.compile(r"[\s\u00a0\u202f'’£$€¥]")
_LARGEST = Decimal(10) ** 15
_YEARS = range(1970, 2101)
_unit = lru_cache(maxsize=64)(minor_unit)


def read_amount(text: str, *, decimal: str, currency: str) -> Decimal | Problem:
    """Return the signed amount of a cell: `(264795.53)` and `264795.53-` are negative, `NaN` and `1e400` are nothing."""
    if decimal == "." and _PLAIN.fullmatch(text) and currency not in _FINER_OR_COARSER:
        return Decimal(text)
    squeezed = _DRESSING.sub("", text[:80]).replace("\u2212", "-")
    is_negative = squeezed.startswith("(") and squeezed.endswith(")")
    squeezed = squeezed[1:-1] if is_negative else squeezed
    if squeezed.endswith("-") or squeezed.startswith("-"):
        is_negative = not is_negative
        squeezed = squeezed.removeprefix("-") if squeezed.startswith("-") else squeezed.removesuffix("-")
    squeezed = squeezed.removeprefix("+")
    grouped = "," if decimal == "." else "."
    if grouped in squeezed:
        if not re.fullmatch(rf"\d{{1,3}}({re.escape(grouped)}\d{{3}})+({re.escape(decimal)}\d*)?", squeezed, re.ASCII):
            return _not_an_amount(text)
        squeezed = squeezed.replace(grouped, "")
    squeezed = squeezed.replace(decimal, ".")
    if len(text) > 80 or not _NUMBER.fullmatch(squeezed):
        return _not_an_amount(text)
    amount = Decimal(squeezed)
    if amount >= _LARGEST:
        return Problem(
            "amount_too_large", "The amount is larger than the books can hold.", "Correct the amount, or ignore the row."
        )
    if amount % _unit(currency):
        return Problem(
            "amount_too_fine",
            f"“{text[:30]}” has more decimals than {currency} has.",
            "State the amount rounded as the document rounds it.",
        )
    return (-amount if is_negative else amount).quantize(Decimal("0.01"))


# Currencies without cents cannot take the short way above.
_FINER_OR_COARSER = frozenset({"JPY", "KRW", "CLP", "ISK", "VND", "XAF", "XOF", "XPF", "UGX", "RWF", "PYG"})


def _not_an_amount(text: str) -> Problem:
    if not text:
        return Problem("no_amount", "The amount is blank.", "State the amount, or ignore the row.")
    return Problem("bad_amount", f"“{text[:30]}” is not an amount.", "State the amount in digits, or ignore the row.")


@lru_cache(maxsize=4096)
def read_date(text: str, layout: str) -> date | Problem:
    """Return the day a cell states in the source's layout; a layout without a day gives the month's first."""
    if not text:
        return Problem("no_date", "The date is blank.", "State the date, or ignore the row.")
    try:
        found = datetime.strptime(text[:40], layout).date()  # noqa: DTZ007  a day has no zone
    except ValueError:
        return Problem("bad_date", f"“{text[:30]}” is not a date written as {layout}.", "State the date, or ignore the row.")
    if found.year not in _YEARS:
        return Problem("bad_date", f"The year {found.year} is not one of 1970 to 2100.", "State the date, or ignore the row.")
    return found
