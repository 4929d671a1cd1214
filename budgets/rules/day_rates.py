"""Day rates of roles: what is stated, typed or as a CSV file: role, name, starts_on, rate, currency, source. Pure."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from budgets.rules.csv_files import read_statements
from core.errors import InvalidInput
from core.money import is_currency, parse_amount
from core.rules.sheets import uncell

COLUMNS = ("role", "name", "starts_on", "rate", "currency", "source")
MOST_ROWS = 2000
LONGEST_NAME, LONGEST_SOURCE = 100, 200
ROLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
MONTH = re.compile(r"((?:19|20|21)\d\d-(?:0[1-9]|1[0-2]))(-01)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class DayRateData:
    """What a day of a person in a role costs from the first of a month on. `rate` None: the role is taken off the card."""

    role: str
    name: str
    starts_on: date
    rate: Decimal | None
    currency: str
    source: str

    @property
    def place(self) -> tuple[str, date]:
        """Return what it is of."""
        return self.role, self.starts_on


def read_csv(content: bytes) -> list[DayRateData]:
    """Return the rates in a CSV file. Raises InvalidInput, whose details map each line to what is wrong there."""
    return read_statements(
        content,
        columns=COLUMNS,
        most=MOST_ROWS,
        what="rates",
        read=lambda said: day_rate_of(**{name: uncell(text) for name, text in said.items()}),
        twice="{line} states this role from that month on already",
    )


def day_rate_of(*, role: str, name: str, starts_on: str, rate: str, currency: str, source: str) -> DayRateData:
    """Return a rate as typed; a blank `rate` takes the role off the card. Raises InvalidInput naming the field."""
    month = MONTH.fullmatch(starts_on)
    if month is None:
        raise _wrong("starts_on", "a month is written as 2026-06")
    said = DayRateData(role, name, date.fromisoformat(f"{month[1]}-01"), None, currency.upper(), source)
    check_day_rate(said)
    if not rate:
        return said
    try:
        amount = parse_amount(rate, currency=said.currency)
    except InvalidInput as refusal:
        raise _wrong("rate", refusal.message.rstrip(".")) from refusal
    return DayRateData(role, name, said.starts_on, amount, said.currency, source)


def check_day_rate(said: DayRateData) -> None:
    """Raise InvalidInput, naming the field, where a rate cannot be kept."""
    if not ROLE.fullmatch(said.role):
        raise _wrong("role", "a role is a short name of letters and digits, such as backend-developer")
    if not said.name.strip() or len(said.name) > LONGEST_NAME or "\x00" in said.name:
        raise _wrong("name", f"it does not say in up to {LONGEST_NAME} characters what the role is called")
    if said.starts_on.day != 1:
        raise _wrong("starts_on", "a rate holds from the first of a month")
    if not is_currency(said.currency):
        raise _wrong("currency", "a currency is three letters, such as EUR")
    if not said.source.strip() or len(said.source) > LONGEST_SOURCE or "\x00" in said.source:
        raise _wrong("source", f"it does not say in up to {LONGEST_SOURCE} characters who says so")
    if said.rate is not None:
        try:
            parse_amount(str(said.rate), currency=said.currency)
        except InvalidInput as refusal:
            raise _wrong("rate", refusal.message.rstrip(".")) from refusal


def _wrong(name: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, details={name: sentence})
