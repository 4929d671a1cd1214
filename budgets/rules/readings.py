"""Readings of usage as a CSV file: metric, month, cost_centre, units, source."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.errors import InvalidInput

COLUMNS = ("metric", "month", "cost_centre", "units", "source")
MOST_ROWS = 5000
LARGEST = 512 * 1024
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
    if len(content) > LARGEST:
        raise _bad(f"The file has {len(content):,} bytes.", f"Keep it under {LARGEST:,}.")
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _bad("The file is not CSV in UTF-8.", f"Save it so. ({str(error)[:100]})") from error
    if not rows or any(name not in rows[0] for name in COLUMNS):
        raise _bad("The file has not the columns that are wanted.", f"Its first line is {','.join(COLUMNS)}.")
    if len(rows) > MOST_ROWS:
        raise _bad(f"The file has {len(rows):,} readings.", f"Split it: {MOST_ROWS:,} at most.")
    wrong: dict[str, str] = {}
    found = [_read(row, f"line {number}", wrong) for number, row in enumerate(rows, 2)]
    readings = [reading for reading in found if reading is not None]
    seen: dict[tuple[str, date, str], int] = {}
    for number, reading in enumerate(readings, 2):
        if reading.place in seen:
            wrong[f"line {number}"] = f"it says the same as line {seen[reading.place]}"
        seen.setdefault(reading.place, number)
    if wrong:
        shown = "; ".join(f"{place}: {sentence}" for place, sentence in list(wrong.items())[:10])
        raise InvalidInput(f"The file says something that cannot be kept. {shown}.", remedy="Correct it.", details=wrong)
    return readings


def _read(row: dict[str, str | None], place: str, wrong: dict[str, str]) -> ReadingData | None:
    said = {name: (row.get(name) or "").strip() for name in COLUMNS}
    try:
        return reading_of(**said)
    except InvalidInput as refusal:
        wrong[place] = refusal.message
        return None


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


def _bad(message: str, remedy: str) -> InvalidInput:
    return InvalidInput(message, remedy=remedy, code="invalid_file")
