"""Readings of usage as a CSV file: metric, month, cost_centre, units, source."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from budgets.rules.csv_files import read_statements
from core.errors import InvalidInput

COLUMNS = ("metric", "month", "cost_centre", "units", "source")
MOST_ROWS = 5000
METRIC = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
UNITS = re.compile(r"\d{1,14}(\.\d{1,6})?", re.ASCII)
MONTH = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReadingData:
    """A reading as it is stated: how many units of a metric a cost centre, by its code, used in a month, and who says so."""

    metric: str
    month: date
    cost_centre: str
    units: Decimal
    source: str

    @property
    def place(self) -> tuple[str, date, str]:
        """Return what it is of."""
        return self.metric, self.month, self.cost_centre


def read_csv(content: bytes) -> list[ReadingData]:
    """Return the readings in a CSV file. Raises InvalidInput, whose details map each line to what is wrong there."""
    return read_statements(
        content,
        columns=COLUMNS,
        most=MOST_ROWS,
        what="readings",
        read=lambda said: reading_of(**said),
        twice="it says the same as {line}",
    )


def reading_of(*, metric: str, month: str, cost_centre: str, units: str, source: str) -> ReadingData:
    """Return a reading as typed. Raises InvalidInput naming the field."""
    if not METRIC.fullmatch(metric):
        raise _wrong("metric", "a metric is a short name of letters and digits, such as api-calls")
    if not MONTH.fullmatch(month):
        raise _wrong("month", "a month is written as 2026-06")
    if not cost_centre:
        raise _wrong("cost_centre", "it names no cost centre")
    plain = units.replace(",", "")
    if not UNITS.fullmatch(plain):
        raise _wrong("units", "units are a number of zero or more, such as 4000 or 12.5")
    if not source or len(source) > 200 or "\x00" in source:
        raise _wrong("source", "it does not say in up to 200 characters who says so")
    return ReadingData(metric, date.fromisoformat(f"{month}-01"), cost_centre, Decimal(plain), source)


def _wrong(name: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, details={name: sentence})
