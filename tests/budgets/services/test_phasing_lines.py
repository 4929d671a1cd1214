"""How a line's amount is spread over its months when a budget is loaded: by weights, and as the year before was spent."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Budget, BudgetLineMonth
from budgets.services.budgets import load_document
from budgets.services.ledger import Posting, post
from budgets.services.periods import open_periods
from core.errors import InvalidInput
from core.models import User
from tests.fixtures.budgets import SmallBudget


def _next_year(line: dict[str, Any], *, months: int = 3) -> dict[str, Any]:
    """Return a budget of the year after the small one's, with one line for software at the platform."""
    amount = line.get("amount", "0")
    return {
        "schema": "purser/budget/1",
        "entity": {"code": "acme"},
        "budget": {
            "code": "NEXT",
            "name": "Next year",
            "currency": "USD",
            "total": "1000",
            "cost_centre": "ENG",
            "starts_on": "2027-01",
            "months": months,
            "envelopes": [
                {
                    "category": "software",
                    "amount": "1000",
                    "lines": [{"name": "Licences", "cost_centre": "PLATFORM", "amount": amount, **line}],
                }
            ],
        },
    }


def _months() -> list[Decimal]:
    return list(BudgetLineMonth.objects.filter(line__version__budget__code="NEXT").values_list("amount", flat=True))


def _spend(small_budget: SmallBudget, actor: User, **amounts: str) -> None:
    at = {"january": 1, "february": 2, "march": 3}
    postings = [
        Posting(small_budget.account.pk, date(2026, at[name], 1), "spent", Decimal(text)) for name, text in amounts.items()
    ]
    post(key="before", kind="spend", entity=small_budget.entity, postings=postings, actor=actor, source=("test", "1"))


def test_weights_spread_an_amount_to_the_cent(small_budget: SmallBudget, controller: User) -> None:
    line = {"amount": "100.00", "phasing": "weights", "weights": ["1", "1", "1"]}
    load_document(document=_next_year(line), actor=controller)
    assert _months() == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


def test_a_month_may_weigh_nothing(small_budget: SmallBudget, controller: User) -> None:
    line = {"amount": "100.00", "phasing": "weights", "weights": ["0", "0.5", "1.5"]}
    load_document(document=_next_year(line), actor=controller)
    assert _months() == [Decimal(0), Decimal(25), Decimal(75)]


def test_last_year_spreads_an_amount_as_its_months_were_spent(small_budget: SmallBudget, controller: User) -> None:
    _spend(small_budget, controller, january="10", february="30", march="-5")
    load_document(document=_next_year({"amount": "100.00", "phasing": "last_year"}), actor=controller)
    assert _months() == [Decimal(25), Decimal(75), Decimal(0)]
    again = load_document(document=_next_year({"amount": "100.00", "phasing": "last_year"}), actor=controller)
    assert again.unchanged


def test_a_year_without_spend_spreads_nothing_and_says_so(small_budget: SmallBudget, controller: User) -> None:
    open_periods(entity=small_budget.entity, first=date(2027, 1, 1), last=date(2027, 3, 1), actor=controller)
    with pytest.raises(InvalidInput, match="Nothing was spent in the year before on what the line Licences is for"):
        load_document(document=_next_year({"amount": "100.00", "phasing": "last_year"}), actor=controller)
    assert not Budget.objects.filter(code="NEXT").exists()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"phasing": "weights"}, "give `weights` with `phasing: weights`"),
        ({"weights": ["1", "1", "1"]}, "give `weights` with `phasing: weights`"),
        ({"phasing": "weights", "weights": ["1", "1"]}, "has 2 weights for 3 months"),
        ({"phasing": "weights", "weights": ["0", "0", "0"]}, "the weights are all zero"),
        ({"phasing": "weights", "weights": ["1", "-1", "1"]}, "a number is written in digits"),
        ({"phasing": "last_year", "amount": None, "monthly": "10"}, "what is stated by month is not spread"),
    ],
)
def test_what_cannot_be_spread_is_refused(small_budget: SmallBudget, controller: User, line: dict[str, Any], words: str) -> None:
    stated = {name: value for name, value in {"amount": "100.00", **line}.items() if value is not None}
    document = _next_year(stated)
    if "amount" not in stated:
        del document["budget"]["envelopes"][0]["lines"][0]["amount"]
    with pytest.raises(InvalidInput, match=words):
        load_document(document=document, actor=controller)
    assert not Budget.objects.filter(code="NEXT").exists()


def test_working_days_count_holidays_and_weekends_that_are_worked(small_budget: SmallBudget, controller: User) -> None:
    """2027 has 21, 20 and 23 weekdays in its first months; one is a holiday, and a Saturday of February is worked."""
    calendar = small_budget.entity.calendar
    calendar.days.filter(day__year=2027).delete()
    calendar.days.create(day=date(2027, 1, 1), name="New year")
    calendar.days.create(day=date(2027, 2, 13), name="Stocktaking", is_open=True)
    open_periods(entity=small_budget.entity, first=date(2027, 1, 1), last=date(2027, 3, 1), actor=controller)
    load_document(document=_next_year({"amount": "640.00", "phasing": "working_days"}), actor=controller)
    assert _months() == [Decimal("200.00"), Decimal("210.00"), Decimal("230.00")]
