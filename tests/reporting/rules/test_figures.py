"""Sums, variance, grouping."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reporting.rules import grouping
from reporting.rules.figures import Figures, threshold_of_total, total_of, widest_percent, widest_variance
from reporting.rules.grouping import Envelope
from tests.factories.reporting import category, figures

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
some_figures = st.builds(Figures, amounts, amounts, amounts, amounts, amounts, amounts, amounts)


@dataclass(frozen=True)
class Account:
    account_id: int
    name: str
    category_code: str
    category_name: str
    category_path: str
    centre_code: str
    centre_name: str
    centre_path: str
    figures: Figures


def account(category: str, centre: str, plan: int = 10, actual: int = 12) -> Account:
    name = category.split("/")[-2]
    own = centre.split("/")[-2]
    return Account(1, f"{name}, {own}", name, name, category, own, own, centre, figures(plan, actual))


def test_variance_is_actual_less_plan_to_date_and_remaining_is_plan_less_held() -> None:
    row = Figures(Decimal(100), Decimal(130), Decimal(400), Decimal(150), Decimal(20), Decimal(30))
    assert row.variance == 30
    assert row.percent == 30
    assert row.promised == 50
    assert row.held == 200
    assert row.remaining == 200


def test_nothing_planned_has_no_percentage() -> None:
    assert figures(0, 5).percent is None


@given(st.lists(some_figures, max_size=8))
def test_sums_add_up(parts: list[Figures]) -> None:
    total = total_of(parts)
    assert total.variance == sum((each.variance for each in parts), Decimal(0))
    assert total.remaining == sum((each.remaining for each in parts), Decimal(0))


def test_accounts_fall_into_the_nearest_envelope_and_none_is_lost() -> None:
    envelopes = [Envelope("it", "IT", "/it/", Decimal(5)), Envelope("cloud", "Cloud", "/it/cloud/", None)]
    accounts = [account("/it/cloud/aws/", "/a/"), account("/it/desks/", "/a/"), account("/travel/", "/a/b/")]
    rows = grouping.by_category(accounts, envelopes)
    assert [(row.category, len(row.lines), row.threshold) for row in rows] == [
        ("it", 1, 5),
        ("cloud", 1, None),
        ("travel", 1, None),
    ]
    assert [grouping.row_code(each, envelopes) for each in accounts] == ["cloud", "it", "travel"]
    assert total_of(row.figures for row in rows) == total_of(each.figures for each in accounts)


def test_an_envelope_without_accounts_is_a_row_of_zeros() -> None:
    (row,) = grouping.by_category([], [Envelope("it", "IT", "/it/", Decimal(5))])
    assert row.figures == Figures()


def test_cost_centres_add_up_to_the_same_and_only_leaves_lead_to_entries() -> None:
    accounts = [account("/it/", "/a/"), account("/it/", "/a/b/"), account("/travel/", "/a/b/")]
    rows = grouping.by_cost_centre(accounts)
    assert [(row.name, row.cost_centre, [each.name for each in row.lines]) for row in rows] == [
        ("a", "", ["it"]),
        ("b", "b", ["it", "travel"]),
    ]
    assert total_of(row.figures for row in rows) == total_of(each.figures for each in accounts)


def test_the_total_has_a_threshold_only_where_every_category_has_one() -> None:
    assert threshold_of_total([category("A", 1, 1, 5), category("B", 1, 1, 7)]) == 12
    assert threshold_of_total([category("A", 1, 1, 5), category("B", 1, 1)]) is None
    assert threshold_of_total([]) is None


def test_months_after_the_reported_one_have_no_actual() -> None:
    months = grouping.month_range(date(2026, 11, 1), date(2027, 2, 1))
    assert months == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]
    sums = {("/it/", months[0]): (Decimal(5), Decimal(6)), ("/travel/", months[0]): (Decimal(1), Decimal(1))}
    whole = grouping.months_of(sums, months, months[1])
    assert [each.plan for each in whole] == [6, 0, 0, 0]
    assert [each.actual for each in whole] == [7, 0, None, None]
    assert [each.variance for each in whole] == [1, 0, None, None]


def test_a_table_has_one_scale() -> None:
    rows = [category("A", 100, 90, lines=(category("x", 10, 40),)), category("B", 0, 5)]
    assert widest_variance(rows) == 30
    assert widest_percent(rows) == 100
    assert widest_variance([]) == 0
