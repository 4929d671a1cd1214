"""A report as canonical JSON and back: sorted keys, no spaces, amounts as text. The same report is the same bytes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from reporting.rules.figures import (
    BudgetLabel,
    Driver,
    Figures,
    FindingLine,
    Freshness,
    MonthFigures,
    Outside,
    Report,
    Row,
    Source,
)


def canonical(document: Mapping[str, Any]) -> str:
    """Return the one text of `document`: keys sorted, ASCII only, no white space. Floats are refused."""
    return json.dumps(plain(document), sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def digest(text: str) -> str:
    """Return the SHA-256 of a canonical text, in hex."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def parse(text: str) -> dict[str, Any]:
    """Return a snapshot as data; amounts, days and moments stay text."""
    document: dict[str, Any] = json.loads(text)
    return document


def plain(value: Any) -> Any:
    """Return `value` as JSON has it: amounts, days, moments and hashes as text, moments in UTC."""
    if is_dataclass(value) and not isinstance(value, type):
        kept = [each.name for each in fields(value) if each.metadata.get("frozen", True)]
        return {name: plain(getattr(value, name)) for name in kept}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"A snapshot cannot hold {type(value).__name__}.")


def report_from(document: Mapping[str, Any]) -> Report:
    """Return the report that `plain` made `document` of."""
    return Report(
        budget=_budget(document["budget"]),
        month=date.fromisoformat(document["month"]),
        total=_row(document["total"]),
        by_category=tuple(_row(each) for each in document["by_category"]),
        by_cost_centre=tuple(_row(each) for each in document["by_cost_centre"]),
        months=_months(document["months"]),
        category_months={code: _months(each) for code, each in document["category_months"].items()},
        freshness=_freshness(document["freshness"]),
        findings=tuple(FindingLine(**{**each, "amount": Decimal(each["amount"])}) for each in document["findings"]),
        outside=tuple(Outside(**{**each, "amount": amount_or_none(each["amount"])}) for each in document["outside"]),
        drivers={
            code: tuple(Driver(part["name"], Decimal(part["amount"])) for part in each)
            for code, each in document["drivers"].items()
        },
    )


def amount_or_none(text: str | None) -> Decimal | None:
    """Return the amount, or None where it was not known."""
    return None if text is None else Decimal(text)


def moment_from(text: str) -> datetime:
    """Return the moment that `plain` wrote."""
    return datetime.fromisoformat(text)


def _budget(document: Mapping[str, Any]) -> BudgetLabel:
    spans = {name: date.fromisoformat(document[name]) for name in ("first", "last")}
    return BudgetLabel(**{**document, **spans})


def _row(document: Mapping[str, Any]) -> Row:
    return Row(
        name=document["name"],
        figures=Figures(**{name: Decimal(text) for name, text in document["figures"].items()}),
        category=document["category"],
        cost_centre=document["cost_centre"],
        account=document["account"],
        threshold=amount_or_none(document["threshold"]),
        thresholded=document["thresholded"],
        lines=tuple(_row(each) for each in document["lines"]),
    )


def _months(documents: list[Mapping[str, Any]]) -> tuple[MonthFigures, ...]:
    return tuple(
        MonthFigures(date.fromisoformat(each["month"]), Decimal(each["plan"]), amount_or_none(each["actual"]))
        for each in documents
    )


def _freshness(document: Mapping[str, Any]) -> Freshness:
    sources = tuple(Source(name, moment_from(last) if last else None) for name, last in document["sources"])
    last = document["last_posting"]
    return Freshness(document["state"], moment_from(document["as_of"]), sources, moment_from(last) if last else None)
