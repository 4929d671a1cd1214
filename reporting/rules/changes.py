"""What a re-issued pack says differently from the one before it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from reporting.rules.figures import Report, Row
from reporting.rules.snapshots import report_from
from reporting.rules.wording import money, signed

AMOUNTS = (
    ("plan_to_date", "plan to date"),
    ("actual_to_date", "actual to date"),
    ("plan_total", "whole plan"),
    ("committed", "committed"),
    ("reserved", "reserved"),
    ("paid", "paid"),
)


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what differs between the figures of two snapshots: where, and a sentence with both amounts."""
    old, new = report_from(before["report"]), report_from(after["report"])
    found = [*_state(old, new), *_rows(old, new)]
    for name, label in (("promises", "commitments and reservations"), ("wanted", "decisions wanted"), ("troubles", "exceptions")):
        if before[name] != after[name]:
            found.append({"where": label.capitalize(), "sentence": f"{len(after[name])} now, {len(before[name])} before."})
    return found


def _state(old: Report, new: Report) -> Iterator[dict[str, str]]:
    if old.freshness.state != new.freshness.state:
        yield {"where": "The month", "sentence": f"It is {new.freshness.state} now, it was {old.freshness.state}."}
    if old.budget.version != new.budget.version:
        yield {
            "where": "The budget",
            "sentence": f"Version {new.budget.version} is in force now, it was version {old.budget.version}.",
        }


def _rows(old: Report, new: Report) -> Iterator[dict[str, str]]:
    earlier = {row.category: row for row in old.by_category}
    for row in new.by_category:
        yield from _amounts(earlier.get(row.category), row)
    for row in old.by_category:
        if row.category not in {each.category for each in new.by_category}:
            yield {"where": row.name, "sentence": "It is no longer in the budget."}


def _amounts(old: Row | None, new: Row) -> Iterator[dict[str, str]]:
    for name, label in AMOUNTS:
        was: Decimal = getattr(old.figures, name) if old else Decimal(0)
        now: Decimal = getattr(new.figures, name)
        if was != now:
            yield {
                "where": new.name,
                "sentence": f"{label.capitalize()} is {money(now)}, was {money(was)} ({signed(now - was)}).",
            }
