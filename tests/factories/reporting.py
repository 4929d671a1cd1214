"""Reports without a database: figures in, rows out."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from reporting.models import Pack
from reporting.rules import grouping, snapshots
from reporting.rules.around import MilestoneLine, Promise, Timeliness, Trouble, Wanted
from reporting.rules.charts.svg import identifier
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

AS_OF = datetime(2026, 11, 5, 19, 20, tzinfo=UTC)
MONTH = date(2026, 10, 1)


def figures(plan: Any = 0, actual: Any = 0, **more: Any) -> Figures:
    """Return figures; the whole plan and all spend are those to date unless stated."""
    values = {"plan_total": plan, "actual_total": actual, **more}
    return Figures(Decimal(plan), Decimal(actual), **{name: Decimal(value) for name, value in values.items()})


def category(name: str, plan: Any, actual: Any, threshold: Any = None, lines: tuple[Row, ...] = (), **more: Any) -> Row:
    """Return a category's row."""
    limit = None if threshold is None else Decimal(threshold)
    code = identifier(name)[:40]
    return Row(name, figures(plan, actual, **more), category=code, threshold=limit, thresholded=True, lines=lines)


def line(name: str, plan: Any, actual: Any) -> Row:
    """Return a line's row."""
    return Row(name, figures(plan, actual), account=7)


def report(*rows: Row, name: str = "Kafka Migration", **more: Any) -> Report:
    """Return a report of three months to October 2026, two before it, one after."""
    total = grouping.whole(name, rows)
    months = tuple(
        MonthFigures(date(2026, number, 1), Decimal(200), Decimal(190) if number <= MONTH.month else None)
        for number in (8, 9, 10, 11)
    )
    values: dict[str, Any] = {
        "budget": BudgetLabel("KAFKA", name, "Acme", "USD", date(2026, 8, 1), date(2026, 11, 1), 1, "America/New_York"),
        "month": MONTH,
        "total": total,
        "by_category": rows,
        "by_cost_centre": rows,
        "months": months,
        "category_months": {row.category: months for row in rows},
        "freshness": Freshness("preliminary", AS_OF, (Source("Bank", AS_OF),), AS_OF),
        **more,
    }
    return Report(**values)


def document(made: Report, **issue: Any) -> dict[str, Any]:
    """Return the snapshot of a report with something of everything around it."""
    word = made.budget.name
    return {
        "schema": "purser.pack/1",
        "issue": snapshots.plain(
            {
                "number": 1,
                "issued_at": AS_OF,
                "issued_by": "Finance",
                "note": "",
                "base_url": "http://127.0.0.1:8000",
                "reissue_of": "",
                "changes": [],
                **issue,
            }
        ),
        "figures": snapshots.plain(
            {
                "report": made,
                "promises": [Promise("REQ-2026-0001", word, word, word, word, MONTH, "committed", Decimal(12), AS_OF)],
                "wanted": [Wanted("REQ-2026-0002", word, Decimal(7), word, word, AS_OF, word)],
                "troubles": [Trouble("unexplained", word, word, Decimal("7.36"), "USD", AS_OF)],
                "milestones": [MilestoneLine("M1", word, date(2026, 10, 30), None, Decimal(10))],
                "timeliness": Timeliness(3, 2),
                "anchor": {
                    "last_journal": 9,
                    "heads": [{"account_id": 7, "account": word, "seq": 3, "hash": "ab" * 32, "journal_id": 9}],
                },
            }
        ),
    }


def pack(made: dict[str, Any]) -> Pack:
    """Return an unsaved pack of a snapshot."""
    text = snapshots.canonical(made)
    return Pack(snapshot=text, snapshot_sha256=snapshots.digest(text), issued_at=AS_OF, issue=1, month=MONTH)


FULL: dict[str, Any] = {
    "findings": (FindingLine("over_allocated", "internal", Decimal(48000), "The lines add up to more than the envelope."),),
    "outside": (Outside("quarantined", "3 imported rows of Acme in quarantine.", 3, Decimal("12.00")),),
    "drivers": {"external-vendors": (Driver("Streamline", Decimal(90)),)},
}
