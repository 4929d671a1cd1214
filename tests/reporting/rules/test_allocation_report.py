"""Spend by time and part: nothing is lost, whatever day it has; weeks and quarters at a year's turn."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.rules.allocation_report import (
    OUTSIDE,
    UNDATED,
    Spend,
    crossed,
    days_of,
    fiscal_quarters,
    folded,
    narrowed,
    quarter_of,
    spelled,
    weeks_of,
)

MARCH = date(2026, 3, 1)
AMOUNTS = st.decimals(-10_000, 10_000, places=2)
DAYS = st.one_of(st.none(), st.dates(date(2026, 2, 20), date(2026, 4, 10)))
SPENT = st.lists(st.builds(Spend, DAYS, st.sampled_from(["", "api", "db", "web", "ops"]), AMOUNTS), max_size=40)


@given(spent=SPENT, most=st.integers(1, 6))
def test_lines_and_parts_and_what_is_shown_of_them_add_up_to_what_was_spent(spent: list[Spend], most: int) -> None:
    table = crossed("x", "X", days_of(MARCH), spent, {}, always=[""])
    total = sum((each.amount for each in spent), Decimal(0))
    for shown in (table, narrowed(table, most, keeps="")):
        assert shown.total == total
        assert sum((part.total for part in shown.parts), Decimal(0)) == total
        for at, part in enumerate(shown.parts):
            assert sum((line.amounts[at] for line in shown.lines), Decimal(0)) == part.total
    assert len(narrowed(table, most, keeps="").parts) <= most


def test_what_has_another_day_or_none_has_its_own_line() -> None:
    spent = [Spend(date(2026, 2, 28), "a", Decimal(3)), Spend(None, "a", Decimal(4)), Spend(date(2026, 3, 31), "b", Decimal(9))]
    table = crossed("x", "X", days_of(MARCH), spent, {"a": "Alpha"})
    assert len(table.lines) == 33
    assert [(line.span, line.total) for line in table.lines[-3:]] == [
        (days_of(MARCH)[-1], Decimal(9)),
        (OUTSIDE, Decimal(3)),
        (UNDATED, Decimal(4)),
    ]
    assert [(part.name, part.total) for part in table.parts] == [("b", Decimal(9)), ("Alpha", Decimal(7))]


def test_what_bears_no_tag_stays_by_itself_and_stands_there_without_spend() -> None:
    spent = [Spend(MARCH, code, Decimal(amount)) for code, amount in (("a", 5), ("b", 4), ("c", 3), ("", 1))]
    shown = narrowed(crossed("x", "X", days_of(MARCH), spent, {"": "not tagged"}, always=[""]), 3, keeps="")
    assert [(part.name, part.total) for part in shown.parts] == [
        ("a", Decimal(5)),
        ("not tagged", Decimal(1)),
        ("2 others", Decimal(7)),
    ]
    assert [part.code for part in crossed("x", "X", days_of(MARCH), [], {}, always=[""]).parts] == [""]


def test_weeks_are_iso_weeks_cut_to_the_days_that_are_meant() -> None:
    weeks = weeks_of(date(2025, 12, 1), date(2026, 2, 28))
    assert weeks[0].key == "2025-W49"
    turn = next(week for week in weeks if week.key == "2026-W01")
    assert (turn.first, turn.last) == (date(2025, 12, 29), date(2026, 1, 4))
    assert turn.name == "2026-W01, 29 Dec to 4 Jan"
    assert (weeks[-1].key, weeks[-1].first, weeks[-1].last) == ("2026-W09", date(2026, 2, 23), date(2026, 2, 28))
    assert weeks_of(date(2027, 1, 1), date(2027, 1, 31))[0].name == "2026-W53, 1 to 3 Jan"


@given(first=st.dates(date(2015, 1, 1), date(2035, 1, 1)), length=st.integers(0, 120))
def test_weeks_cover_each_day_once(first: date, length: int) -> None:
    last = date.fromordinal(first.toordinal() + length)
    days = [
        number
        for week in weeks_of(first, last)
        if week.first and week.last
        for number in range(week.first.toordinal(), week.last.toordinal() + 1)
    ]
    assert days == list(range(first.toordinal(), last.toordinal() + 1))


@pytest.mark.parametrize(
    ("month", "start", "first", "name"),
    [
        (date(2026, 11, 1), 1, date(2026, 1, 1), "Q1 2026, Jan to Mar 2026"),
        (date(2026, 6, 1), 7, date(2025, 7, 1), "Q1 2025/26, Jul to Sep 2025"),
        (date(2026, 7, 1), 7, date(2026, 7, 1), "Q1 2026/27, Jul to Sep 2026"),
        (date(2026, 1, 1), 12, date(2025, 12, 1), "Q1 2025/26, Dec 2025 to Feb 2026"),
    ],
)
def test_quarters_are_of_the_fiscal_year(month: date, start: int, first: date, name: str) -> None:
    quarters = fiscal_quarters(month, start)
    assert quarters[0][1:3] == (name, first)
    assert len(quarters) == 4
    assert quarters[0][2] <= month <= quarters[3][3]


def test_a_quarter_takes_its_months_and_is_final_once_all_are_closed() -> None:
    sums = [("A", date(2026, number, 1), Decimal(100), Decimal(90 + number)) for number in (1, 3, 4)]
    sums.append(("B", date(2026, 2, 1), Decimal(0), Decimal(0)))
    terms = fiscal_quarters(MARCH, 1)[0]
    quarter = quarter_of(terms, sums, {"A": "Alpha", "B": "Beta"}, closed={date(2026, 1, 1), date(2026, 2, 1)})
    assert [(line.name, line.plan, line.actual) for line in quarter.lines] == [("Alpha", Decimal(200), Decimal(184))]
    assert (quarter.whole.variance, quarter.whole.percent, quarter.state) == (Decimal(-16), Decimal(-8), "preliminary")
    assert quarter_of(terms, sums, {"A": "Alpha"}, closed={date(2026, n, 1) for n in (1, 2, 3)}).state == "final"


def test_days_without_spend_stand_together_and_nothing_else_does() -> None:
    spent = [Spend(date(2026, 3, day), "a", Decimal(amount)) for day, amount in ((1, 5), (9, 4), (11, -4))]
    lines = folded(crossed("x", "X", days_of(MARCH), spent, {}).lines)
    assert [(line.span.name, line.total) for line in lines] == [
        ("Sun 1 Mar 2026", Decimal(5)),
        ("Mon 2 Mar 2026 to Sun 8 Mar 2026", Decimal(0)),
        ("Mon 9 Mar 2026", Decimal(4)),
        ("Tue 10 Mar 2026", Decimal(0)),
        ("Wed 11 Mar 2026", Decimal(-4)),
        ("Thu 12 Mar 2026 to Tue 31 Mar 2026", Decimal(0)),
    ]
    assert (lines[-1].span.first, lines[-1].span.last) == (date(2026, 3, 12), date(2026, 3, 31))


def test_values_that_differ_in_case_are_one() -> None:
    assert spelled(["API", "api", "API", "Web"]) == {"api": "API", "web": "Web"}
