"""A budget's lines as a table: out for a spreadsheet, and in again. Pure."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.errors import InvalidInput
from core.money import is_currency, minor_unit, parse_amount
from core.rules.sheets import cell, uncell
from core.rules.workbooks import Total, as_workbook

HEAD = ("category", "cost_centre", "line")
TOTAL = "total"
MOST_ROWS = 2000
_CURRENCY = re.compile(r"(.+?) \(?([A-Z]{3})\)?")
# A spreadsheet may take the name of a month for a day.
_FIRST = re.compile(r"((?:19|20|21)\d\d-(?:0[1-9]|1[0-2]))-01")
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


def workbook_of(document: Mapping[str, Any], months: Sequence[str]) -> bytes:
    """Return the same table as an Excel workbook: amounts are numbers, the head names their currency, a total adds up its row."""
    part = document["budget"]
    head, *rows = rows_of(document, months)
    amounts = [f"{name} ({part['currency']})" for name in head[len(HEAD) :]]
    return as_workbook(
        str(part["code"]),
        [*HEAD, *amounts],
        [[*row[: len(HEAD)], *_values(row[len(HEAD) :])] for row in rows],
        places=max(0, -int(minor_unit(part["currency"]).as_tuple().exponent)),
        texts=len(HEAD),
    )


def _values(amounts: Sequence[str]) -> list[Decimal | Total]:
    total, *months = (Decimal(amount) for amount in amounts)
    return [Total(total, len(HEAD) + 1, len(HEAD) + len(months)), *months]


def _amounts(line: Mapping[str, Any], months: Sequence[str]) -> list[str]:
    stated = {month: Decimal(amount) for month, amount in line["months"].items()}
    return [
        f"{amount:.2f}" for amount in (sum(stated.values(), Decimal(0)), *(stated.get(month, Decimal(0)) for month in months))
    ]


def with_table(document: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return the document with the lines of a table in place of its own, as `with_rows` does.

    Takes commas, semicolons or tabs between cells, as spreadsheets save and copy them.
    """
    return with_rows(document, rows_of_text(text))


def rows_of_text(text: str) -> list[list[str]]:
    """Return the cells of a table that is text, row by row. Raises InvalidInput."""
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise InvalidInput("The table is not CSV.", remedy="Save it so, or as an Excel workbook.") from error


def with_rows(document: Mapping[str, Any], table: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return the document with the lines of a table's rows in place of its own.

    The columns may name the budget's currency. A line is known by its category, cost
    centre and name; what a known one says besides its months stays. A total that is not what its months add up to is refused,
    and so is a category without an envelope, a month outside the budget, a line that is there twice. Raises InvalidInput whose
    `details` map rows to sentences.
    """
    currency = document["budget"]["currency"]
    head, rows = _read(table, currency)
    known = {
        (e["category"], line["cost_centre"], line["name"]): line for e in document["budget"]["envelopes"] for line in e["lines"]
    }
    envelopes: dict[str, list[dict[str, Any]]] = {envelope["category"]: [] for envelope in document["budget"]["envelopes"]}
    wrong: dict[str, str] = {}
    seen: set[tuple[str, str, str]] = set()
    for number, row in rows:
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


def _read(table: Sequence[Sequence[str]], currency: str) -> tuple[list[str], list[tuple[int, Row]]]:
    """Return the head, and each row that says something with its number."""
    said = [(number, row) for number, row in enumerate(table, 1) if any(each.strip() for each in row)]
    if not said:
        raise InvalidInput("The table is empty.", remedy="Begin with the file that this page gives out.")
    head = [column_name(each.strip(), currency) for each in said[0][1]]
    while head and not head[-1]:
        head.pop()
    months = [name for name in head if name not in {*HEAD, TOTAL}]
    strange = [name for name in months if not _MONTH.fullmatch(name)]
    if not set(HEAD) <= set(head) or strange or len(set(head)) != len(head):
        which = f" “{strange[0][:40]}” is none of them." if strange else ""
        raise InvalidInput(
            f"The first row must name each column once: category, cost_centre, line, total, and months such as 2026-06.{which}",
            remedy="Begin with the file that this page gives out.",
        )
    if len(said) - 1 > MOST_ROWS:
        raise InvalidInput(f"The table has {len(said) - 1:,} rows.", remedy=f"Keep it to {MOST_ROWS:,}.")
    return head, [(number, dict(zip(head, (uncell(each.strip()) for each in row), strict=False))) for number, row in said[1:]]


def column_name(text: str, currency: str) -> str:
    """Return the name of a column without the currency that it states."""
    named = _CURRENCY.fullmatch(text)
    if named and is_currency(named[2]) and named[2] != currency:
        raise InvalidInput(
            f"The table is in {named[2]}, the budget in {currency}.",
            remedy=f"State its amounts in {currency}.",
        )
    bare = named[1] if named and named[2] == currency else text
    first = _FIRST.fullmatch(bare)
    return first[1] if first else bare


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
