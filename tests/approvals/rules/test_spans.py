"""Spans of business time, and the sentence that explains a due time."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from approvals.rules.sla import DEFAULT_ESCALATION, due_at, escalation_span, explain, half_of, parse_span
from core.rules.worktime import Calendar
from tests.factories.approvals import read_yaml

LONDON = ZoneInfo("Europe/London")
OFFICE = Calendar(LONDON, time(9), time(17), frozenset(range(5)), closed=frozenset({date(2026, 4, 3), date(2026, 4, 6)}))
MATRICES = [
    row["sla"]
    for name in ("kafka_migration", "distro_nation")
    for row in read_yaml(f"tests/golden/{name}.yaml")["approval_matrix"]
]


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LONDON)


@pytest.mark.parametrize(
    "text", sorted({*MATRICES, "4 business hours", "24 hours", "48 hours", "half of 3 business days", "2 weeks"})
)
def test_a_span_reads_back_as_it_was_written(text: str) -> None:
    assert str(parse_span(text)) == text


@pytest.mark.parametrize(
    "text", ["", "soon", "0 business days", "-1 business days", "3 days", "1e3 hours", "12345 hours", "half of half of 1 week"]
)
def test_what_is_no_span_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="2 business days"):
        parse_span(text)


@pytest.mark.parametrize(
    ("text", "start", "due"),
    [
        ("same day", local(2026, 3, 2, 10), local(2026, 3, 2, 17)),
        ("same day", local(2026, 3, 6, 17, 1), local(2026, 3, 9, 17)),
        ("1 business day", local(2026, 3, 6, 14, 20), local(2026, 3, 9, 14, 20)),
        ("3 business days", local(2026, 3, 5, 14, 20), local(2026, 3, 10, 14, 20)),
        ("3 business days", local(2026, 4, 1, 11), local(2026, 4, 8, 11)),  # Easter: Friday and Monday are off
        ("3 business days", local(2026, 3, 26, 14), local(2026, 3, 31, 14)),  # summer time begins on Sunday
        ("3 business days", local(2026, 10, 22, 14), local(2026, 10, 27, 14)),  # and ends
        ("1 week", local(2026, 3, 4, 12), local(2026, 3, 11, 12)),
        ("4 business hours", local(2026, 3, 6, 15), local(2026, 3, 9, 11)),
        ("24 hours", local(2026, 3, 6, 15), local(2026, 3, 7, 15)),
        ("half of 2 business days", local(2026, 3, 2, 9), local(2026, 3, 2, 17)),
    ],
)
def test_when_a_span_ends(text: str, start: datetime, due: datetime) -> None:
    assert due_at(parse_span(text), OFFICE, start.astimezone(UTC)) == due.astimezone(UTC)


def test_the_backup_joins_after_three_days_or_at_breach_whichever_is_first() -> None:
    after, start = parse_span(DEFAULT_ESCALATION), local(2026, 3, 2, 10)
    for sla, joins in {
        "same day": "same day",
        "2 business days": "2 business days",
        "3 business days": DEFAULT_ESCALATION,
    }.items():
        assert str(escalation_span(parse_span(sla), after, OFFICE, start)) == joins
    assert str(escalation_span(parse_span("10 business days"), after, OFFICE, start)) == DEFAULT_ESCALATION


def test_half_of_a_half_is_that_half() -> None:
    assert str(half_of(parse_span("half of 1 week"))) == "half of 1 week"


def test_the_explanation_says_where_it_began_what_it_skipped_and_where_it_ends() -> None:
    said = explain(parse_span("3 business days"), OFFICE, local(2026, 4, 1, 20).astimezone(UTC))

    assert said == (
        "3 business days from Thu 2 Apr 2026, 09:00, the next opening after Wed 1 Apr 2026, 20:00,"
        " skipping Fri 3 Apr, Sat 4 Apr, Sun 5 Apr, Mon 6 Apr: due Thu 9 Apr 2026, 09:00 (Europe/London, calendar version 1)."
    )
