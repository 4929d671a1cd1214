"""Text for cells of a spreadsheet: none of it is taken for a formula."""

import csv
import io
from collections.abc import Iterable

# What spreadsheets take for the beginning of a formula, blanks before it or not.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
GUARD = "'"


def cell(text: str) -> str:
    """Return text from a person as a cell that shows it and reckons nothing: what could begin a formula gets an apostrophe."""
    return f"{GUARD}{text}" if text.lstrip().startswith(FORMULA) or text.startswith(FORMULA) else text


def uncell(text: str) -> str:
    """Return the text that `cell` was made of."""
    inner = text.removeprefix(GUARD)
    return inner if text.startswith(GUARD) and cell(inner) == text else text


def as_csv(rows: Iterable[Iterable[str]]) -> bytes:
    """Return rows as CSV (RFC 4180), in UTF-8 with the mark by which spreadsheets know it. Cells are taken as they are."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8-sig")
