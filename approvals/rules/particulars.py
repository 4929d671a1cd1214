"""What a kind of request states beside its lines: a contract its term, a trip its days. Pure.

A subject (what approving does) names its fields here, and everything else reads them: the form, the API, the page, the digest.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from core.errors import InvalidInput
from core.money import parse_amount

MOST_DAYS = 3650
MOST_HEADS = 1000
CONTRACT, RESOURCE_CHANGE, TRAVEL, POLICY_CHANGE = "contract", "resource_change", "travel", "policy_change"


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a subject asks for. `missing` is what to say where it is blank; empty where it may stay so."""

    name: str
    words: str
    kind: Literal["day", "text", "count", "amount", "tick"]
    missing: str = ""
    hint: str = ""
    most: int = 200
    least: int = 0
    came_later: bool = False


@dataclass(frozen=True, slots=True)
class LineSaid:
    """A line as the rules of a subject look at it: its place in the form, its month, its net amount."""

    index: int
    month: date
    net: Decimal


FIELDS: Mapping[str, tuple[Field, ...]] = {
    CONTRACT: (
        Field("from_on", "Runs from", "day", "State the first day of the contract."),
        Field("until_on", "Until", "day", "State the last day of the contract."),
        Field(
            "notice_days", "Notice, in days", "count", "State the notice period in days; 0 where there is none.", most=MOST_DAYS
        ),
        Field(
            "total_value",
            "Whole value",
            "amount",
            "State what the whole contract comes to.",
            "Without VAT, over its whole term. It decides who is asked; the lines are what is committed now.",
        ),
    ),
    RESOURCE_CHANGE: (
        Field("role", "Role", "text", "State which role is needed."),
        Field("heads", "How many", "count", "State how many people.", most=MOST_HEADS, least=1),
        Field("from_on", "From", "day", "State the first day."),
        Field("until_on", "Until", "day", hint="Blank: until further notice."),
        Field("monthly_cost", "Cost of one, each month", "amount", "State what one of them costs each month."),
    ),
    TRAVEL: (
        Field("traveller", "Who travels", "text", "State who travels."),
        Field("destination", "Where to", "text", "State where the trip goes."),
        Field("from_on", "First day", "day", "State the first day of the trip."),
        Field("until_on", "Last day", "day", "State the last day of the trip."),
        Field("after_the_fact", "It has begun already: I ask after the fact", "tick"),
    ),
    POLICY_CHANGE: (
        Field("policy", "Policy", "text"),
        Field("version", "Version", "count"),
        Field("digest", "Document", "text"),
        Field("effective_from", "From", "day", came_later=True),
    ),
}

# What a kind needs, said before anybody submits it.
NEEDS: Mapping[str, str] = {
    CONTRACT: "Name the vendor, state the term, and attach the contract. Approved, it commits its lines month by month and "
    "stands among the contracts until it ends.",
    RESOURCE_CHANGE: "State the role, how many, from when, and what one costs each month. Approved, it commits its months.",
    TRAVEL: "It is approved before the first day. From the first day on it can only be asked for after the fact, and says so.",
}
SPREAD_OVER_MONTHS = frozenset({CONTRACT, RESOURCE_CHANGE})


def read(subject: str, said: Mapping[str, Any], *, currency: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what is stated, as far as it can be read, and what is wrong by field. What is not asked for falls away."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in FIELDS.get(subject, ()):
        try:
            values[field.name] = _read(field, said.get(field.name), currency)
        except ValueError as error:
            wrong[field.name] = str(error)
    begins, ends = values.get("from_on"), values.get("until_on")
    if begins and ends and ends < begins:
        wrong["until_on"] = "The last day is before the first."
    elif begins and ends and timedelta(days=values.get("notice_days") or 0) > ends - begins:
        wrong["notice_days"] = "The notice is longer than the term. State a shorter one."
    return values, wrong


def wrong_lines(subject: str, values: Mapping[str, Any], lines: Iterable[LineSaid]) -> dict[str, str]:
    """Return what is wrong with lines by what their subject states: {field, such as lines.0.month: sentence}."""
    if subject not in SPREAD_OVER_MONTHS or values.get("from_on") is None:
        return {}
    lines = list(lines)
    wrong = {f"lines.{line.index}.month": _outside(values) for line in lines if not _is_within(values, line.month)}
    return wrong | (_above_value(values, lines) if subject == CONTRACT else _above_cost(values, lines))


def spread_months(values: Mapping[str, Any], months: Iterable[date]) -> list[date]:
    """Return which of the open months lie in the term, in order."""
    return [month for month in sorted(months) if values.get("from_on") and _is_within(values, month)]


def monthly_total(values: Mapping[str, Any]) -> Decimal | None:
    """Return what a change of people costs each month; None where it does not say so yet."""
    heads, cost = values.get("heads"), values.get("monthly_cost")
    return heads * cost if heads and cost else None


def weight(subject: str, values: Mapping[str, Any], amount: Decimal) -> Decimal:
    """Return what bounds and limits are held against: what the lines take, or the whole value of a contract if it is more."""
    return max(amount, values.get("total_value") or Decimal(0)) if subject == CONTRACT else amount


def notice_on(values: Mapping[str, Any]) -> date:
    """Return the last day on which a contract can be ended for its end."""
    until: date = values["until_on"]
    return until - timedelta(days=int(values["notice_days"]))


def begun(subject: str, values: Mapping[str, Any], on: date) -> bool:
    """Say whether a trip has begun on a day: its first day counts."""
    return subject == TRAVEL and values.get("from_on") is not None and values["from_on"] <= on


def plain(subject: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Return what is stated as text that is always the same for the same, for the digest and the record."""
    # What came later is said only where it is, so that digests from before still fit.
    fields = [field for field in FIELDS.get(subject, ()) if not field.came_later or values.get(field.name) is not None]
    return {field.name: _plain(values.get(field.name)) for field in fields}


def words_of(subject: str, values: Mapping[str, Any], currency: str) -> list[tuple[str, str]]:
    """Return what is stated as a person reads it, (what, text)."""
    if not values:
        return []
    if subject == POLICY_CHANGE:
        begins = (
            f"{day(values['effective_from'])}, or with the last yes after it" if values["effective_from"] else "with the last yes"
        )
        return [("Draft", f"version {values['version']} of {values['policy']}"), ("Holds from", begins)]
    term = f"{day(values['from_on'])} to {day(values['until_on']) if values['until_on'] else 'further notice'}"
    if subject == CONTRACT:
        notice = f"{values['notice_days']} days, by {day(notice_on(values))}"
        value = f"{values['total_value']:,.2f} {currency}, without VAT"
        return [("Term", term), ("Notice", notice), ("Whole value", value)]
    if subject == RESOURCE_CHANGE:
        cost = f"{values['monthly_cost']:,.2f} {currency} each, {monthly_total(values):,.2f} together"
        return [("Role", f"{values['heads']} × {values['role']}"), ("Term", term), ("Each month", cost)]
    return [("Traveller", values["traveller"]), ("Where to", values["destination"]), ("Days", term)]


def about(subject: str, values: Mapping[str, Any]) -> str:
    """Say in a few words what a request is about, for a list; nothing where its lines say it."""
    if not values:
        return ""
    if subject == POLICY_CHANGE:
        return "change of a policy"
    if subject == CONTRACT:
        return f"contract until {day(values['until_on'])}"
    if subject == RESOURCE_CHANGE:
        return f"{values['heads']} × {values['role']} from {day(values['from_on'])}"
    return f"{values['traveller']} to {values['destination']}, from {day(values['from_on'])}"


def day(at: date) -> str:
    """Write a day as pages do."""
    return f"{at.day} {at:%b %Y}"


def _read(field: Field, said: Any, currency: str) -> Any:
    text = said.strip() if isinstance(said, str) else said
    if field.kind == "tick":
        return text in (True, "on", "true", "True", "1")
    if text in (None, ""):
        if field.missing:
            raise ValueError(field.missing)
        return "" if field.kind == "text" else None
    return READERS[field.kind](field, text, currency)


def _read_text(field: Field, said: Any, _currency: str) -> str:
    text = str(said)
    if len(text) > field.most:
        raise ValueError(f"Shorten this to {field.most:,} characters; it has {len(text):,}.")
    if "\x00" in text:
        raise ValueError("Remove the unprintable characters.")
    return text


def _read_day(_field: Field, said: Any, _currency: str) -> date:
    if isinstance(said, date):
        return said
    try:
        return date.fromisoformat(str(said)[:40])
    except ValueError:
        raise ValueError("Enter a date such as 2026-11-20.") from None


def _read_count(field: Field, said: Any, _currency: str) -> int:
    text = str(said)
    if not (text.isascii() and text.isdecimal()) or not field.least <= int(text[:9]) <= field.most or len(text) > 9:
        raise ValueError(f"Enter a whole number from {field.least} to {field.most:,}.")
    return int(text)


def _read_amount(_field: Field, said: Any, currency: str) -> Decimal:
    try:
        return parse_amount(str(said), currency=currency)
    except InvalidInput as refusal:
        raise ValueError(str(refusal)) from refusal


READERS = {"text": _read_text, "day": _read_day, "count": _read_count, "amount": _read_amount}


def _is_within(values: Mapping[str, Any], month: date) -> bool:
    ends = values.get("until_on")
    return values["from_on"].replace(day=1) <= month and (ends is None or month <= ends)


def _outside(values: Mapping[str, Any]) -> str:
    ends = f" to {values['until_on']:%b %Y}" if values.get("until_on") else " on"
    return f"The term runs from {values['from_on']:%b %Y}{ends}. Choose a month of it."


def _above_value(values: Mapping[str, Any], lines: list[LineSaid]) -> dict[str, str]:
    whole, together = values.get("total_value"), sum((line.net for line in lines), Decimal(0))
    if whole is None or together <= whole:
        return {}
    return {"particulars.total_value": f"The lines come to {together:,.2f}, which is more than the whole value."}


def _above_cost(values: Mapping[str, Any], lines: list[LineSaid]) -> dict[str, str]:
    most = monthly_total(values)
    by_month: dict[date, Decimal] = defaultdict(Decimal)
    for line in lines:
        by_month[line.month] += line.net
    over = {month: sum_ for month, sum_ in by_month.items() if most is not None and sum_ > most}
    return {
        f"lines.{line.index}.net": f"{line.month:%b %Y} comes to {over[line.month]:,.2f}; as stated it costs {most:,.2f} a month."
        for line in lines
        if line.month in over
    }


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)
