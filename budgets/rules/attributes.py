"""Values of attributes of an organization's own: read as they are typed or sent, written as they are shown. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

CODE = re.compile(r"^[a-z][a-z0-9_-]{0,39}$")
ASKED = re.compile(r"^\s*([a-z][a-z0-9_-]{0,39})\s*(?:(>=|<=|=)\s*(.{1,200}?))?\s*$", re.DOTALL)
NUMBER = re.compile(r"^[+-]?[0-9]{1,18}(\.[0-9]{1,6})?$")
LONGEST = 500
TRUE, FALSE = frozenset({"yes", "true"}), frozenset({"no", "false"})
COLUMNS = {"text": "text", "choice": "text", "number": "number", "date": "day", "yes_no": "flag", "person": "person"}
Value = str | Decimal | date | bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A condition on an attribute: that there is one, or how its value compares."""

    code: str
    sign: str = ""
    value: str = ""


def read_value(kind: str, typed: str | bool, choices: Sequence[str] = ()) -> Value:
    """Return what was typed or sent as a value of a type; of a person their e-mail address. Raises ValueError with a sentence."""
    text = ("yes" if typed else "no") if isinstance(typed, bool) else typed.strip()
    if kind == "number":
        return _number(text)
    if kind == "date":
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError("Write the day as year, month and day, such as 2026-11-05.") from None
    if kind == "yes_no":
        if text.casefold() not in TRUE | FALSE:
            raise ValueError("Say yes or no.")
        return text.casefold() in TRUE
    if kind == "choice":
        found = next((each for each in choices if each.casefold() == text.casefold()), None)
        if found is None:
            raise ValueError(f"Choose one of {', '.join(choices[:12])}.")
        return found
    if len(text) > LONGEST or any(ord(letter) < 32 for letter in text):
        raise ValueError(f"Write one line of at most {LONGEST} characters.")
    return text


def _number(text: str) -> Decimal:
    plain = text.replace(",", "").replace("\u2212", "-")
    if not NUMBER.match(plain):
        raise ValueError("Write a number of up to 18 digits and 6 decimals, such as 1250.5.")
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise ValueError("Write a number such as 1250.5.") from None


def plain(value: Value) -> str | bool:
    """Return a value as programs read it: numbers as text without needless zeros, days as ISO."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    return value.isoformat() if isinstance(value, date) else value


def shown(value: Value) -> str:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value.normalize():,f}" if isinstance(value, Decimal) and value else str(plain(value))


def read_wanted(text: str) -> Wanted:
    """Return the condition in a text such as `region=emea`, `seats>=10` or `region`. Raises ValueError with a sentence."""
    found = ASKED.match(text)
    if found is None:
        raise ValueError("Write a code, or a code with =, >= or <= and a value, such as seats>=10.")
    return Wanted(found[1], found[2] or "", (found[3] or "").strip())
