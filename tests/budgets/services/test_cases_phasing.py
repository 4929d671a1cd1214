"""Phasing, with the ledger: limits to date, revisions from a month on, and what is carried into the next month."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import FundsAccount, Journal
from budgets.rules.phasing import even
from budgets.selectors.balances import account_figures
from budgets.selectors.carry_previews import CarrySpan
from budgets.selectors.check import check_ledger
from budgets.services.accounts import ensure_account
from budgets.services.amendments import draft_from_document, put_amendment_in_force
from budgets.services.budgets import load_document
from budgets.services.carry_runs import carry_budget
from budgets.services.controls import set_controls
from budgets.services.ledger import Posting, post
from core.errors import NoFunds
from core.models import Entity, User
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, allot, move, open_year

FEBRUARY, MARCH, APRIL, JUNE, DECEMBER = (date(2026, number, 1) for number in (2, 3, 4, 6, 12))


def line(entity: Entity, total: Any = None, **budget: Any) -> FundsAccount:
    """Make a line of a budget of its own; `total` is phased evenly over 2026."""
    open_year(entity)
    made = BudgetFactory.create(entity=entity, **budget)
    account = ensure_account(budget=made, cost_centre=made.cost_centre, category=CategoryFactory.create(entity=entity))
    set_controls(budget=made)
    if total is not None:
        months = even(Decimal(total), JANUARY, DECEMBER, currency="USD")
        postings = [Posting(account.pk, month, "allotted", amount) for month, amount in months.items()]
        post(key=f"phased-{account.pk}", kind="allot", entity=entity, postings=postings, actor=None, source=("test", "1"))
    return account


def available(account: FundsAccount, month: date) -> Decimal:
    return account_figures([account.pk], month=month)[account.pk].available


def allotted(account: FundsAccount, *months: date) -> list[Decimal]:
    return [account_figures([account.pk], month=month)[account.pk].allotted for month in months]


@pytest.mark.parametrize(("mode", "passes"), [("stop", False), ("track", True)])
def test_of_200000_evenly_the_limit_to_june_plus_a_cent_is_refused_under_stop_and_allowed_under_track(
    entity: Entity, mode: str, passes: bool
) -> None:
    account = line(entity, 200000, window="ytd", line_mode=mode, group_mode=mode)
    limit = account_figures([account.pk], through=JUNE)[account.pk].allotted
    assert account_figures([account.pk])[account.pk].allotted == Decimal("200000.00")
    if passes:
        move(account, "spent", limit + Decimal("0.01"), month=JUNE)
    else:
        before = Journal.objects.count()
        with pytest.raises(NoFunds):
            move(account, "spent", limit + Decimal("0.01"), month=JUNE)
        assert Journal.objects.count() == before
        move(account, "spent", limit, month=JUNE)


def test_an_unused_20000_a_month_from_january_to_march_makes_80000_in_april_under_year_to_date_control(entity: Entity) -> None:
    account = line(entity, 240000, window="ytd")
    with pytest.raises(NoFunds) as refused:
        move(account, "reserved", "80000.01", month=APRIL)
    assert refused.value.details["left"] == "80000.00"
    move(account, "reserved", 80000, month=APRIL)


def test_an_amendment_from_april_changes_april_on_and_not_march(entity: Entity, controller: User) -> None:
    months = {f"2026-{number:02}": "10000" for number in range(1, 13)}
    account = load(months, control={"window": "month"})
    # The file spreads what lies before April otherwise; that stays as it is all the same.
    later = dict.fromkeys(months, "6000") | {"2026-01": "30000", "2026-02": "0", "2026-03": "0"}
    document, budget = said(later, control={"window": "month"}), account.budget
    base = budget.versions.get(state="in_force")
    draft = draft_from_document(budget=budget, base_id=base.pk, since=APRIL, document=document, actor=controller)
    assert allotted(account, MARCH, APRIL) == [10000, 10000]
    put_amendment_in_force(version_id=draft.pk, actor=controller)
    assert allotted(account, MARCH, APRIL, DECEMBER) == [10000, 6000, 6000]
    move(account, "spent", 10000, month=MARCH)
    with pytest.raises(NoFunds):
        move(account, "spent", "6000.01", month=APRIL)
    move(account, "spent", 6000, month=APRIL)


@pytest.mark.django_db
def test_a_version_that_changes_april_on_posts_nothing_before_april() -> None:
    months = {f"2026-{number:02}": "100" for number in range(1, 13)}
    account = load(months)
    later = {month: amount if month < "2026-04" else "60" for month, amount in months.items()}
    assert load(later) == account
    assert allotted(account, JANUARY, FEBRUARY, MARCH, APRIL, DECEMBER) == [100, 100, 100, 60, 60]
    revision = Journal.objects.get(kind="revise")
    assert min(entry.month for entry in revision.entries.all()) == APRIL


def load(months: dict[str, str], **budget: Any) -> FundsAccount:
    """Load a budget of one line with stated months; return its account."""
    load_document(document=said(months, **budget), actor=None)
    return FundsAccount.objects.select_related("budget").get()


def said(months: dict[str, str], **budget: Any) -> dict[str, Any]:
    """Return the file of a budget of one line with stated months."""
    total = str(sum(Decimal(amount) for amount in months.values()))
    return {
        "schema": "purser/budget/1",
        "entity": {"code": "tiny", "name": "Tiny", "currency": "USD"},
        "cost_centres": [{"code": "TOP", "name": "Top"}],
        "categories": [{"code": "soft", "name": "Software"}],
        "budget": {
            "code": "TINY",
            "name": "Tiny",
            "kind": "operating",
            "currency": "USD",
            "total": total,
            "cost_centre": "TOP",
            "starts_on": "2026-01",
            "months": "12",
            "envelopes": [
                {"category": "soft", "amount": total, "lines": [{"name": "Licences", "cost_centre": "TOP", "months": months}]}
            ],
        }
        | budget,
    }


def carry_on(account: FundsAccount, actor: User) -> None:
    """Carry the line's budget on from January into February, as its cost centre says: all of it."""
    carry_budget(budget=account.budget, into_budget=account.budget, span=CarrySpan(JANUARY, JANUARY, FEBRUARY), actor=actor)


def test_1029_63_less_324_49_spent_and_500_for_the_next_month_are_1205_14_there(entity: Entity, controller: User) -> None:
    account = line(entity, window="month")
    allot(account, "1029.63")
    allot(account, 500, month=FEBRUARY)
    move(account, "spent", "324.49")
    carry_on(account, controller)
    assert available(account, FEBRUARY) == Decimal("1205.14")
    with pytest.raises(NoFunds):
        move(account, "spent", "1205.15", month=FEBRUARY)
    move(account, "spent", "1205.14", month=FEBRUARY)
    assert check_ledger().is_whole


def test_of_30000_a_month_49500_spent_leave_10500_for_the_next_month(entity: Entity, controller: User) -> None:
    account = line(entity, 360000, window="month")
    move(account, "spent", 49500, is_fact=True)
    carry_on(account, controller)
    assert (available(account, JANUARY), available(account, FEBRUARY)) == (0, 10500)
    with pytest.raises(NoFunds):
        move(account, "spent", "10500.01", month=FEBRUARY)
    move(account, "spent", 10500, month=FEBRUARY)
    assert check_ledger().is_whole
