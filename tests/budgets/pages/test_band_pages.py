"""Estimate bands on their pages: stated, shown against plan and spend, and nothing typed is lost."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.test import Client

from budgets.models import CostCentre, EstimateBand
from core.models import User
from tests.factories.budgets import move
from tests.factories.core import UserFactory
from tests.fixtures.budgets import SmallBudget

BANDS, STATE = "/budgets/SMALL/bands/", "/budgets/SMALL/bands/state/"


@pytest.fixture
def finance(client: Client, controller: User, small_budget: SmallBudget) -> Client:
    client.force_login(controller)
    return client


@pytest.fixture
def typed(small_budget: SmallBudget) -> dict[str, str]:
    software, people = (str(small_budget.categories[code].pk) for code in ("software", "people"))
    platform, product = (str(small_budget.cost_centres[code].pk) for code in ("PLATFORM", "PRODUCT"))
    return {
        "cost_centre": platform,
        "starts_on": "2026-01",
        "category-0": software,
        "low-0": "900",
        "high-0": "1,100.00",
        "category-2": people,
        "part-2": "Contractors",
        "low-2": "500.25",
        "heading_low": "1400",
        "heading_high": "1600",
        "buffer_low": "10 %",
        "buffer_high": "15",
        "share_of": product,
        "share_low": "20",
        "share_high": "25",
        "percent-0": "25",
        "of-0": software,
        "baseline-0": "1200",
        "baseline_month-0": "2025-12",
        "due_on-0": "2026-06-30",
        "note": "As quoted.",
        "rows": "4",
        "target_rows": "2",
    }


def text(answer: object) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ")  # type: ignore[attr-defined]


def test_a_band_is_stated_and_shown_against_plan_and_spend(
    finance: Client, small_budget: SmallBudget, typed: dict[str, str]
) -> None:
    assert "No band holds in this month." in text(finance.get(BANDS))
    answer = finance.post(STATE, typed, follow=True)
    assert "Platform has its band from January 2026 on." in text(answer)
    move(small_budget.account, "spent", "950")
    html = text(finance.get(f"{BANDS}?month=2026-01"))
    assert "1 heading differs from its parts" in html
    for figure in ("1,400.00 to 1,600.00", "1,400.25 to 1,600.25", "+0.25", "1,540.28 to 1,840.29", "900.00", "Contractors"):
        assert figure in html
    # The plan of the two lines lies in the buffer, and with the third line that is in no part above it.
    assert "In no part" in html
    assert "?bucket=spent&amp;month=2026-01&amp;cost_centre=PLATFORM&amp;group=software" in html
    assert "Band 900.00 to 1,100.00; allotted 1,000.00, within; spent 950.00, within." in html
    assert "25 % less than the 1,200.00 of December 2025, so <span" in html
    assert "Behind" not in html
    assert "950.00" in text(finance.get("/budgets/SMALL/entries/?bucket=spent&month=2026-01&cost_centre=PLATFORM&group=software"))
    assert "No entry matches" in text(finance.get("/budgets/SMALL/entries/?bucket=spent&cost_centre=PLATFORM&group=people"))


def test_the_entries_of_a_node_above_are_those_of_all_below(finance: Client, small_budget: SmallBudget) -> None:
    move(small_budget.account, "spent", "950")
    assert "950.00" in text(finance.get("/budgets/SMALL/entries/?bucket=spent&cost_centre=ENG"))


def test_it_is_stated_anew_from_what_was_and_the_old_one_stays(finance: Client, typed: dict[str, str]) -> None:
    finance.post(STATE, typed)
    html = text(finance.get(f"{STATE}?at=PLATFORM"))
    for value in ('value="900.00"', 'value="Contractors"', 'value="25.00"', 'value="2026-06-30"', "As quoted."):
        assert value in html
    finance.post(STATE, typed | {"starts_on": "2026-05", "heading_high": "1600.25", "heading_low": "1400.25"})
    assert "1 heading differs" in text(finance.get(f"{BANDS}?month=2026-04"))
    assert "Small budget: 1,400.25 to 1,600.25 USD a month" in text(finance.get(f"{BANDS}?month=2026-05"))
    refused = finance.post(STATE, typed | {"starts_on": "2026-02"})
    assert refused.status_code == 409
    assert "has a statement from May 2026 on" in text(refused)
    assert 'value="500.25"' in text(refused)


def test_more_rows_keep_what_was_typed(finance: Client, typed: dict[str, str]) -> None:
    html = text(finance.post(STATE, typed | {"more": "1", "low-1": "not a number"}))
    assert 'name="category-7"' in html
    assert 'value="not a number"' in html
    html = text(finance.post(STATE, typed | {"more_targets": "1"}))
    assert 'name="percent-2"' in html
    assert 'value="1,100.00"' in html
    assert not EstimateBand.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cost_centre": ""}, "Choose the cost centre that it is of."),
        ({"starts_on": "soon"}, "Write the month as year and month"),
        ({"starts_on": "2027-01"}, "spans January 2026 to December 2026"),
        ({"category-0": ""}, "Choose the category that the part lies in."),
        ({"low-0": "12,5"}, "is not an amount"),
        ({"low-0": "", "high-0": ""}, "State an amount."),
        ({"high-0": "899.99"}, "The high end is below the low one."),
        ({"heading_low": "1601"}, "The high end is below the low one."),
        ({"buffer_high": "much"}, "Write a share in digits"),
        ({"buffer_high": "1001"}, "State 1,000 % at most."),
        ({"share_of": ""}, "Choose the cost centre that it is a share of."),
        ({"share_low": "", "share_high": ""}, "State from how much to how much, in per cent."),
        ({"percent-0": ""}, "State by how many per cent less it shall cost."),
        ({"percent-0": "101"}, "up to 100 %"),
        ({"baseline-0": "0"}, "an amount above zero"),
        ({"due_on-0": ""}, "Choose the day by which it shall cost less."),
        ({"due_on-0": "2025-12-31"}, "Choose a day after the month"),
        ({"is_withdrawn": "on"}, "A band that is withdrawn says nothing else."),
    ],
)
def test_bad_input_is_said_and_what_was_typed_is_kept(
    finance: Client, typed: dict[str, str], change: dict[str, str], words: str
) -> None:
    answer = finance.post(STATE, typed | change)
    assert answer.status_code == 422
    assert words in text(answer)
    assert 'value="As quoted."' in text(answer)
    assert 'value="Contractors"' in text(answer)
    assert not EstimateBand.objects.exists()


def test_a_band_is_withdrawn(finance: Client, typed: dict[str, str]) -> None:
    finance.post(STATE, typed)
    gone = {"cost_centre": typed["cost_centre"], "starts_on": "2026-03", "is_withdrawn": "on"}
    assert "Platform has no band from March 2026 on." in text(finance.post(STATE, gone, follow=True))
    assert "No band holds in this month." in text(finance.get(f"{BANDS}?month=2026-03"))
    assert "withdrawn from Mar 2026" in text(finance.get(BANDS))


@pytest.mark.parametrize("month", ["2027-05", "soon"])
def test_a_month_that_is_none_of_the_budget_is_said_beside_its_field(finance: Client, month: str) -> None:
    html = text(finance.get(f"{BANDS}?month={month}"))
    assert "error" in html
    assert "What was stated" in html


def test_who_keeps_no_books_states_none_and_outsiders_see_none(finance: Client, requester: User, typed: dict[str, str]) -> None:
    finance.post(STATE, typed)
    finance.force_login(requester)
    assert finance.post(STATE, typed).status_code == 403
    assert "State it anew" not in text(finance.get(BANDS))
    finance.force_login(UserFactory.create())
    assert finance.get(BANDS).status_code in {403, 404}
    assert EstimateBand.objects.count() == 1


def test_more_bands_make_no_more_queries(
    finance: Client, typed: dict[str, str], counted: Callable[[str], AbstractContextManager[None]]
) -> None:
    finance.post(STATE, typed)
    finance.get(BANDS)
    with counted("page GET budgets/SMALL/bands/"):
        finance.get(BANDS)
    for centre in CostCentre.objects.exclude(code="PLATFORM"):
        finance.post(STATE, typed | {"cost_centre": str(centre.pk), "share_of": "", "share_low": "", "share_high": ""})
    assert EstimateBand.objects.count() == 3
    with counted("page GET budgets/SMALL/bands/"):
        finance.get(BANDS)
