"""A budget's lines as a table: out for a spreadsheet, and in again. Pure."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.errors import InvalidInput
from core.money import parse_amount
from core.rules.sheets import cell, uncell

HEAD = ("category", "cost_centre", "line")
TOTAL = "total"
MOST_ROWS = 2000
_MONTH = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])")
Row = dict[str, str]


def rows_of(document: Mapping[str, Any], months: Sequence[str]) -> list[list[str]]:
    """Return a document's lines, a head first: category, cost centre, line, total, and an amount for each month."""
    lines = [(envelope["category"], line) for envelope in document["budget"]["envelopes"] for line in envelope["lines"]]
    head = [*HEAD, TOTAL, *months]
    return [
        head,
        *([cell(category), cell(line["cost_centre"]), cell(line["name"]), *_amounts(line, months)] for category, line in lines),
    ]


def _amounts(line: Mapping[str, Any], months: Sequence[str]) -> list[str]:
    stated = {month: Decimal(amount) for month, amount in line["months"].items()}
    return [
        f"{amount:.2f}" for amount in (sum(stated.values(), Decimal(0)), *(stated.get(month, Decimal(0)) for month in months))
    ]


def with_table(document: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return the document with the lines of a table in place of its own.

    Takes commas, semicolons or tabs between cells, as spreadsheets save and copy them. A line is known by its category, cost
    centre and name; what a known one says besides its months stays. A total that is not what its months add up to is refused,
    and so is a category without an envelope, a month outside the budget, a line that is there twice. Raises InvalidInput whose
    `details` map rows to sentences.
    """
    head, rows = _read(text)
    currency = document["budget"]["currency"]
    known = {
        (e["category"], line["cost_centre"], line["name"]): line for e in document["budget"]["envelopes"] for line in e["lines"]
    }
    envelopes: dict[str, list[dict[str, Any]]] = {envelope["category"]: [] for envelope in document["budget"]["envelopes"]}
    wrong: dict[str, str] = {}
    seen: set[tuple[str, str, str]] = set()
    for number, row in enumerate(rows, start=2):
        try:
            key = _key(row, envelopes, seen)
            months = _months(head, row, currency)
        except InvalidInput as refusal:
            wrong[f"row {number}"] = str(refusal)
            continue
        seen.add(key)
        kept = {name: value for name, value in known.get(key, {}).items() if name == "high"}
        envelopes[key[0]].append({"name": key[2], "cost_centre": key[1], **kept, "months": months})
    if wrong:
        raise InvalidInput("The table cannot be read whole.", remedy="Correct what stands below.", details=wrong)
    made = [{**envelope, "lines": envelopes[envelope["category"]]} for envelope in document["budget"]["envelopes"]]
    return {**document, "budget": {**document["budget"], "envelopes": made}}


def _read(text: str) -> tuple[list[str], list[Row]]:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    table = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(each.strip() for each in row)]
    if not table:
        raise InvalidInput("The table is empty.", remedy="Begin with the file that this page gives out.")
    head = [name.strip() for name in table[0]]
    months = [name for name in head if name not in {*HEAD, TOTAL}]
    strange = [name for name in months if not _MONTH.fullmatch(name)]
    if not set(HEAD) <= set(head) or strange or len(set(head)) != len(head):
        said = f" “{strange[0][:40]}” is none of them." if strange else ""
        raise InvalidInput(
            f"The first row must name each column once: category, cost_centre, line, total, and months such as 2026-06.{said}",
            remedy="Begin with the file that this page gives out.",
        )
    if len(table) - 1 > MOST_ROWS:
        raise InvalidInput(f"The table has {len(table) - 1:,} rows.", remedy=f"Keep it to {MOST_ROWS:,}.")
    return head, [dict(zip(head, (uncell(each.strip()) for each in row), strict=False)) for row in table[1:]]


def _key(row: Row, envelopes: Mapping[str, Any], seen: set[tuple[str, str, str]]) -> tuple[str, str, str]:
    key = row.get("category", ""), row.get("cost_centre", ""), row.get("line", "")
    if not all(key):
        raise InvalidInput("Name its category, cost centre and line.")
    if key[0] not in envelopes:
        raise InvalidInput(f"The budget has no envelope for the category {key[0]}.", remedy="Add one by a budget file first.")
    if key in seen:
        raise InvalidInput("This line is there twice.", remedy="Give the second another name, or put them together.")
    return key


def _months(head: Sequence[str], row: Row, currency: str) -> dict[str, str]:
    names = [name for name in head if _MONTH.fullmatch(name)]
    months = {name: _amount(row.get(name, ""), name, currency) for name in names}
    stated = row.get(TOTAL, "")
    total = sum(months.values(), Decimal(0))
    if stated and _amount(stated, TOTAL, currency) != total:
        raise InvalidInput(
            f"Its months add up to {total:,.2f}, its total says {stated}.", remedy="Correct one, or leave the total blank."
        )
    return {name: f"{amount:.2f}" for name, amount in months.items() if amount}


def _amount(text: str, column: str, currency: str) -> Decimal:
    try:
        return parse_amount(text, currency=currency, allow_zero=True) if text else Decimal(0)
    except InvalidInput as refusal:
        raise InvalidInput(f"In {column}: {refusal.message}", remedy=refusal.remedy) from refusal
