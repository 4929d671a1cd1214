"""A report frozen and read again is the same report, and the same text."""

from decimal import Decimal

import pytest

from reporting.rules import snapshots
from reporting.rules.changes import changes_between
from reporting.rules.packview import view_of
from tests.factories.reporting import FULL, category, document, line, report

ROW = category("External Vendors", 110, 120, 6, (line("Consultants", 110, 120),))


def test_a_report_survives_its_freezing() -> None:
    made = report(ROW, category("Open", 5, 5), **FULL)
    frozen = snapshots.canonical(snapshots.plain(made))
    again = snapshots.report_from(snapshots.parse(frozen))
    assert again == made
    assert snapshots.canonical(snapshots.plain(again)) == frozen


def test_the_order_of_keys_does_not_matter_and_the_text_is_ascii() -> None:
    one, two = {"b": Decimal("1.50"), "a": "é"}, {"a": "é", "b": Decimal("1.50")}
    assert snapshots.canonical(one) == snapshots.canonical(two) == '{"a":"\\u00e9","b":"1.50"}'
    assert len(snapshots.digest(snapshots.canonical(one))) == 64


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError):
        snapshots.canonical({"amount": 0.1})


def test_the_view_is_made_from_the_snapshot_alone() -> None:
    frozen = document(report(ROW, **FULL))
    view = view_of(snapshots.parse(snapshots.canonical(frozen)), "ab" * 32)
    assert view.report.total.figures.actual_to_date == 120
    assert view.as_of == "5 Nov 2026, 14:20"
    assert view.short_hash == "abab abab abab abab"
    assert [each.word for each in view.milestones] == ["6 days late"]
    assert view.open_title == "1 decision is wanted; 1 exception is open across Acme"
    assert len(view.figures) <= 5


def test_a_long_table_keeps_its_rows_and_leaves_its_lines_to_the_data() -> None:
    lines = tuple(line(f"Line {number}", 1, 1) for number in range(80))
    view = view_of(document(report(category("A", 80, 80, 5, lines))), "")
    assert view.categories.left_out == 80
    assert view.categories.rows[0].figures.plan_to_date == 80


def test_what_changed_is_said_with_both_amounts() -> None:
    before, after = document(report(ROW))["figures"], document(report(category("External Vendors", 110, 125, 6)))["figures"]
    assert changes_between(before, after) == [
        {"where": "External Vendors", "sentence": "Actual to date is 125.00, was 120.00 (+5.00)."}
    ]
    assert changes_between(before, before) == []
