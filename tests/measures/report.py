"""The table at the end of a run, and the file beside it for scripts."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def write(path: Path, records: list[dict[str, Any]]) -> None:
    """Write the records as JSON; amounts, dates and the like as their text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(records, indent=1, default=str, ensure_ascii=False) + "\n")


def trust_table(records: list[dict[str, Any]]) -> str:
    rows = [
        [
            record["id"],
            "yes" if record["passed"] else "NO",
            "seen" if record["planted_bug_seen"] else "NOT SEEN",
            f"{record['seconds']:.1f}",
            record["name"],
            _figures(record["figures"]),
        ]
        for record in records
    ]
    return _table(["id", "passed", "planted bug", "seconds", "name", "figures"], rows) + _errors(records)


def bench_table(records: list[dict[str, Any]]) -> str:
    rows = [
        [
            record["id"],
            "yes" if record["passed"] else "NO",
            *(_number(record[key]) if key in record else "" for key in ("value", "limit", "ratio")),
            record.get("goal", ""),
            record.get("unit", ""),
            _number(record.get("n", "")),
            record["name"],
        ]
        for record in records
    ]
    return _table(["id", "passed", "value", "held against", "ratio", "goal", "unit", "n", "name"], rows) + _errors(records)


def is_good(record: dict[str, Any]) -> bool:
    """Say whether a record counts as passed; a trust measure that missed its planted bug does not."""
    return bool(record["passed"]) and bool(record.get("planted_bug_seen", True))


def _figures(figures: dict[str, Any]) -> str:
    if "error" in figures:
        return str(figures["error"]).strip().rpartition("\n")[2][:120]
    return ", ".join(f"{name.replace('_', ' ')} {_number(value)}" for name, value in figures.items())


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _table(head: Sequence[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in [list(head), *rows]) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [list(head), *rows]
    ]
    return "\n".join([lines[0], "-" * min(len(max(lines, key=len)), 120), *lines[1:]])


def _errors(records: list[dict[str, Any]]) -> str:
    """Return the whole of each error, below the table."""
    told = []
    for record in records:
        for where, error in (
            ("", record.get("error") or record.get("figures", {}).get("error")),
            (" with its bug planted", record.get("planted", {}).get("error")),
        ):
            if error:
                told.append(f"\n\n{record['id']}{where} crashed:\n{error.rstrip()}")
    return "".join(told)
