"""A budget that begins from a table: its lines with how each is planned, read row by row into a budget document. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from budgets.rules.tables import HEAD, MOST_ROWS, TOTAL, Row, column_name
from core.errors import InvalidInput
from core.money import parse_amount
from core.rules.sheets import uncell

AMOUNT = "amount"
SPREAD = ("phasing", "starts_on", "ends_on")
STAFF = ("people", "sprints", "role", "day_rate", "currency")
SAID = (AMOUNT, *SPREAD, *STAFF)
EXAMPLE = (
    ("category", "cost_centre", "line", "amount", "phasing", "starts_on", "ends_on", "people", "sprints", "role"),
    ("software", "ENG", "Licences", "12000", "even", "", "", "", "", ""),
    ("software", "", "", "15000", "", "", "", "", "", ""),
    ("people", "ENG", "Developers", "", "working days", "2026-06", "2026-10", "4", "10", "developer"),
)
PHASINGS = {
    "": "even",
    "even": "even",
    "evenly": "even",
    "working days": "working_days",
    "by working days": "working_days",
    "last year": "last_year",
    "as last year": "last_year",
}
_MONTH = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])")
_COUNT = re.compile(r"\d{1,9}(\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class BudgetHead:
    """What the budget is: its code and name, whose it is, its months, its currency, and what its limits add up over."""

    code: str
    name: str
    kind: str
    cost_centre: str
    currency: str
    starts_on: date
    months: int
    window: str
    sign_off: bool = False


@dataclass
class Begun:
    """The lines of a table by category, in their order, what categories are stated to hold, and the row of each."""

    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)
    holds: dict[str, Decimal] = field(default_factory=dict)
    stated_at: dict[str, int] = field(default_factory=dict)


def begun(table: Sequence[Sequence[str]], currency: str) -> Begun:
    """Return what the rows of a table say.

    A row with a line plans it: by an amount in each month, by an amount that is spread, or by people, sprints and a role or a day
    rate. A row without a line says what its category holds; a category of which none says so holds what its lines come to.
    Raises InvalidInput whose `details` map rows to sentences.
    """
    head, rows = _read(table, currency)
    found, wrong = Begun(), dict[str, str]()
    seen: dict[tuple[str, str, str], int] = {}
    for number, row in rows:
        try:
            if not row.get("category"):
                raise InvalidInput("Name its category.")
            if row.get("line"):
                _take_line(found, number, row, head, currency, seen)
            else:
                _take_holding(found, number, row, head, currency)
        except InvalidInput as refusal:
            wrong[f"row {number}"] = str(refusal)
    if wrong:
        raise InvalidInput("The table cannot be read whole.", remedy="Correct what stands below.", details=wrong)
    if not found.lines:
        raise InvalidInput("The table has no line.", remedy="State at least one, with its category and its cost centre.")
    return found


def document_of_begun(
    head: BudgetHead, said: Begun, *, parents: Mapping[str, str], order: Sequence[str], holds: Mapping[str, Decimal]
) -> dict[str, Any]:
    """Return the budget document: an envelope for each category in `order`, in the one of `parents`, holding `holds`.

    The total is what the outer envelopes hold.
    """
    total = sum((amount for category, amount in holds.items() if not parents.get(category)), Decimal(0))
    envelopes = [
        {
            "category": category,
            "amount": f"{holds[category]:.2f}",
            **({"parent": parents[category]} if parents.get(category) else {}),
            "lines": said.lines.get(category, []),
        }
        for category in order
    ]
    return {
        "schema": "purser/budget/1",
        "budget": {
            "code": head.code,
            "name": head.name,
            "kind": head.kind,
            "currency": head.currency,
            "total": f"{total:.2f}",
            "cost_centre": head.cost_centre,
            "starts_on": f"{head.starts_on:%Y-%m}",
            "months": head.months,
            **({"sign_off": True} if head.sign_off else {}),
            "control": {"window": head.window},
            "envelopes": envelopes,
        },
    }


def _read(table: Sequence[Sequence[str]], currency: str) -> tuple[list[str], list[tuple[int, Row]]]:
    said = [(number, row) for number, row in enumerate(table, 1) if any(each.strip() for each in row)]
    if not said:
        raise InvalidInput("The table is empty.", remedy="Begin with the example that this page gives out.")
    head = [column_name(each.strip(), currency).lower().replace(" ", "_") for each in said[0][1]]
    while head and not head[-1]:
        head.pop()
    strange = [name for name in head if name not in {*HEAD, TOTAL, *SAID} and not _MONTH.fullmatch(name)]
    if not set(HEAD) <= set(head) or strange or len(set(head)) != len(head):
        which = f" “{strange[0][:40]}” is none of them." if strange else ""
        raise InvalidInput(
            f"The first row must name category, cost_centre and line, and each other column once: {', '.join(SAID)}, or months "
            f"such as 2026-06.{which}",
            remedy="Begin with the example that this page gives out.",
        )
    if len(said) - 1 > MOST_ROWS:
        raise InvalidInput(f"The table has {len(said) - 1:,} rows.", remedy=f"Keep it to {MOST_ROWS:,}.")
    return head, [(number, dict(zip(head, (uncell(each.strip()) for each in row), strict=False))) for number, row in said[1:]]


def _take_line(
    found: Begun, number: int, row: Row, head: Sequence[str], currency: str, seen: dict[tuple[str, str, str], int]
) -> None:
    key = row["category"], row.get("cost_centre", ""), row["line"]
    if not key[1]:
        raise InvalidInput("Name its cost centre.")
    if key in seen:
        raise InvalidInput(f"Row {seen[key]} is this line already.", remedy="Give it another name, or put them together.")
    line = {"name": key[2], "cost_centre": key[1], **_way(row, head, currency), **_span(row)}
    seen[key] = number
    found.lines.setdefault(key[0], []).append(line)
    found.rows.setdefault(key[0], []).append(number)


def _take_holding(found: Begun, number: int, row: Row, head: Sequence[str], currency: str) -> None:
    category = row["category"]
    if category in found.holds:
        raise InvalidInput(f"Row {found.stated_at[category]} says what {category} holds already.")
    amount = _amount(row.get(AMOUNT, "") or row.get(TOTAL, ""), AMOUNT, currency)
    if amount is None or any(row.get(name) for name in (*SPREAD, *STAFF)) or _months(row, head, currency):
        raise InvalidInput("A row without a line says what its category holds: by its amount, and nothing else.")
    found.holds[category] = amount
    found.stated_at[category] = number


def _way(row: Row, head: Sequence[str], currency: str) -> dict[str, Any]:
    """Return how the row says what its line comes to."""
    months, amount = _months(row, head, currency), _amount(row.get(AMOUNT, ""), AMOUNT, currency)
    staff = any(row.get(name) for name in STAFF)
    if sum((bool(months), amount is not None, staff)) != 1:
        raise InvalidInput(
            "Say what it comes to in one way: by months, by an amount, or by people, sprints and a role or day rate."
        )
    phasing = row.get("phasing", "").lower().replace("_", " ")
    if phasing not in PHASINGS:
        raise InvalidInput(f"“{phasing[:40]}” is no way to spread it.", remedy="Say even, working days or last year.")
    if months:
        if phasing:
            raise InvalidInput("What is stated by month is not spread: leave its phasing blank.")
        _check_total(row, months, currency)
        return {"months": {month: f"{each:.2f}" for month, each in months.items()}}
    spread = {"phasing": PHASINGS[phasing]}
    return {"amount": f"{amount:.2f}", **spread} if amount is not None else {"rate": _rate(row, currency), **spread}


def _rate(row: Row, currency: str) -> dict[str, Any]:
    for name in ("people", "sprints"):
        if not _COUNT.fullmatch(row.get(name, "")):
            raise InvalidInput(f"Write its {name} as a number, such as 4 or 0.5.")
    role, stated = row.get("role", ""), row.get("day_rate", "")
    if bool(role) == bool(stated):
        raise InvalidInput("Name its role on the rate card, or its day rate, one of the two.")
    people = {"fte": row["people"], "sprints": row["sprints"]}
    if role:
        return {**people, "role": role}
    paid_in = row.get("currency", "").upper()
    rate = _amount(stated, "day_rate", paid_in or currency)
    return {**people, "day_rate": f"{rate:.2f}", **({"currency": paid_in} if paid_in and paid_in != currency else {})}


def _span(row: Row) -> dict[str, str]:
    span = {name: month for name in SPREAD[1:] if (month := row.get(name, ""))}
    for name, month in span.items():
        # A spreadsheet may take the name of a month for a day.
        if not _MONTH.fullmatch(month.removesuffix("-01") if len(month) > len("2026-06") else month):
            raise InvalidInput(f"Write {name} as a month, such as 2026-06.")
    return {name: month[: len("2026-06")] for name, month in span.items()}


def _months(row: Row, head: Sequence[str], currency: str) -> dict[str, Decimal]:
    found = {name: _amount(row.get(name, ""), name, currency) for name in head if _MONTH.fullmatch(name)}
    return {name: amount for name, amount in found.items() if amount}


def _check_total(row: Row, months: Mapping[str, Decimal], currency: str) -> None:
    stated, total = _amount(row.get(TOTAL, ""), TOTAL, currency), sum(months.values(), Decimal(0))
    if stated is not None and stated != total:
        raise InvalidInput(f"Its months add up to {total:,.2f}, its total says {stated:,.2f}.")


def _amount(text: str, column: str, currency: str) -> Decimal | None:
    if not text:
        return None
    try:
        return parse_amount(text, currency=currency, allow_zero=True)
    except InvalidInput as refusal:
        raise InvalidInput(f"In {column}: {refusal.message}", remedy=refusal.remedy) from refusal
