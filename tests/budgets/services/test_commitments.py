"""Sequences of reserve, commit and spend, with the figures of other systems' own tests."""

from datetime import date
from decimal import Decimal

import pytest

from budgets.models import FundsAccount, Period
from budgets.selectors.balances import account_figures, effect_of
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from budgets.services.ledger import PostedJournal, Posting, post, reverse
from budgets.services.periods import close_period, open_periods, reopen_period
from core.errors import ClosedPeriod, NoFunds, NotFound, WrongState
from core.models import AuditRecord, Entity, User
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, allot, move, open_year
from tests.fixtures.budgets import SmallBudget


@pytest.fixture
def account(entity: Entity) -> FundsAccount:
    """An account of a budget of its own, with nothing allotted yet."""
    open_year(entity)
    budget = BudgetFactory.create(entity=entity)
    made = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=entity))
    set_controls(budget=budget, categories=[made.category])
    return made


def act(account: FundsAccount, kind: str, **amounts: int | str) -> PostedJournal:
    """Post one journal that moves several buckets of the account in January."""
    postings = [Posting(account.pk, JANUARY, bucket, Decimal(amount)) for bucket, amount in amounts.items()]
    key = f"{kind}-{account.links.count()}"
    return post(key=key, kind=kind, entity=account.entity, postings=postings, actor=None, source=("test", "1"))


def stand(account: FundsAccount) -> tuple[Decimal | int, ...]:
    found = account_figures([account.pk])[account.pk]
    return found.reserved, found.committed, found.spent, found.available


def test_an_order_invoiced_in_part_and_the_invoice_cancelled(account: FundsAccount) -> None:
    allot(account, 300)
    act(account, "commit", committed=30)
    assert stand(account) == (0, 30, 0, 270)
    invoiced = act(account, "spend", committed=-10, spent=10)
    assert stand(account) == (0, 20, 10, 270)
    reverse(journal_id=invoiced.id, key="cancelled", actor=None)
    assert stand(account) == (0, 30, 0, 270)


def test_an_order_closed_releases_its_remainder(account: FundsAccount) -> None:
    allot(account, 300)
    act(account, "commit", committed=70)
    act(account, "spend", committed=-45, spent=45)
    assert stand(account) == (0, 25, 45, 230)
    act(account, "release", committed=-25)
    assert stand(account) == (0, 0, 45, 255)


def test_a_request_turned_into_a_larger_order_and_the_order_cancelled(account: FundsAccount) -> None:
    allot(account, 300)
    act(account, "reserve", reserved=30)
    ordered = act(account, "commit", reserved=-30, committed=50)
    assert stand(account) == (0, 50, 0, 250)
    reverse(journal_id=ordered.id, key="cancelled", actor=None)
    assert stand(account) == (30, 0, 0, 270)


def test_a_request_ordered_and_invoiced_in_steps(account: FundsAccount) -> None:
    allot(account, 1000)
    act(account, "reserve", reserved=300)
    assert stand(account)[3] == 700
    act(account, "commit", reserved=-200, committed=200)
    assert stand(account) == (100, 200, 0, 700)
    act(account, "liquidate", committed=-200, spent=200)
    act(account, "reserve", reserved=50)
    assert stand(account) == (150, 0, 200, 650)


def test_a_large_budget_with_a_large_order(account: FundsAccount) -> None:
    allot(account, 20_000_000)
    act(account, "spend", spent=11_000_000)
    act(account, "commit", committed=5_000_000)
    assert stand(account)[3] == 4_000_000


def test_what_is_paid_is_a_memo_and_holds_nothing(account: FundsAccount) -> None:
    allot(account, 100)
    act(account, "spend", spent=100)
    act(account, "paid", paid=100)
    assert stand(account)[3] == 0


def test_siblings_pool_under_their_parent(entity: Entity) -> None:
    """Group 100 under stop; child A spends 60: accepted; child B asks 50: refused."""
    open_year(entity)
    budget = BudgetFactory.create(entity=entity, line_mode="track")
    category = CategoryFactory.create(entity=entity)
    children = [
        ensure_account(budget=budget, cost_centre=node, category=category)
        for node in CostCentreFactory.create_batch(2, entity=entity, parent=budget.cost_centre)
    ]
    set_controls(budget=budget, categories=[category])
    for child in children:
        allot(child, 50)
    move(children[0], "spent", 60)
    asked = [Posting(children[1].pk, JANUARY, "reserved", Decimal(50))]
    effects = effect_of(asked)
    assert [effect.left_now for effect in effects] == [50, 40, 40]
    assert [effect.left_after for effect in effects] == [0, -10, -10]
    assert [effect.passes for effect in effects] == [True, False, False]
    with pytest.raises(NoFunds) as refused:
        move(children[1], "reserved", 50)
    assert (refused.value.details["left"], refused.value.details["wanted"]) == ("40.00", "50.00")
    assert [consumer["held"] for consumer in refused.value.details["consumers"]] == ["60.00"]
    move(children[1], "reserved", 40)


def test_a_parent_may_not_be_cut_below_what_its_children_hold(small_budget: SmallBudget) -> None:
    move(small_budget.account, "reserved", 12000)
    with pytest.raises(NoFunds):
        move(small_budget.account, "allotted", "-0.01", kind="revise")
    # A sibling's allotment is free to go: the pool above still covers what is held.
    move(small_budget.accounts["PRODUCT", "software"], "allotted", -1000, kind="revise")


def test_year_to_date_counts_every_later_month_too(entity: Entity) -> None:
    """An unused 20,000 a month from January to March makes 80,000 in April; March may not take what May has held already."""
    open_year(entity)
    budget = BudgetFactory.create(entity=entity, window="ytd")
    account = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=entity))
    set_controls(budget=budget)
    for number in range(1, 13):
        allot(account, 20000, month=date(2026, number, 1))
    with pytest.raises(NoFunds, match=r"80,000\.00 left to April 2026; this asks for 80,000\.01"):
        move(account, "reserved", "80000.01", month=date(2026, 4, 1))
    move(account, "reserved", 80000, month=date(2026, 4, 1))
    with pytest.raises(NoFunds, match=r"0\.00 left to April 2026; this asks for 0\.01"):
        move(account, "reserved", "0.01", month=date(2026, 2, 1))


@pytest.mark.parametrize(("mode", "passes"), [("stop", False), ("warn", True), ("track", True)])
def test_a_cent_over_the_years_limit_under_each_mode(entity: Entity, mode: str, passes: bool) -> None:
    open_year(entity)
    budget = BudgetFactory.create(entity=entity, window="ytd", line_mode=mode, group_mode=mode)
    account = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=entity))
    set_controls(budget=budget)
    allot(account, "16666.67")
    if passes:
        move(account, "reserved", "16666.68")
    else:
        with pytest.raises(NoFunds):
            move(account, "reserved", "16666.68")


def test_tolerance_lets_a_share_over_pass(entity: Entity) -> None:
    """Tolerance 110 %, allotted 110, held 92: 28 passes, 29 passes with nothing left, 30 is refused."""
    open_year(entity)
    budget = BudgetFactory.create(entity=entity, tolerance=Decimal("0.1"))
    account = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=entity))
    set_controls(budget=budget)
    allot(account, 110)
    move(account, "committed", 92)
    with pytest.raises(NoFunds) as refused:
        move(account, "committed", 30)
    assert refused.value.details["left"] == "29.00"
    passed = move(account, "committed", 28)
    reverse(journal_id=passed.id, key="back", actor=None)
    move(account, "committed", 29)


@pytest.mark.parametrize("kind", ["reserve", "release", "spend"])
def test_nothing_posts_into_a_closed_month(small_budget: SmallBudget, controller: User, kind: str) -> None:
    held = move(small_budget.account, "committed", 10)
    close_period(entity=small_budget.entity, month=JANUARY, actor=controller)
    with pytest.raises(ClosedPeriod, match=r"January 2026 is closed\. Choose an open month"):
        move(small_budget.account, "reserved", 5, kind=kind, is_fact=kind == "spend")
    with pytest.raises(ClosedPeriod):
        reverse(journal_id=held.id, key="undo", actor=controller)
    move(small_budget.account, "reserved", 5, month=date(2026, 2, 1))
    reopen_period(entity=small_budget.entity, month=JANUARY, actor=controller, reason="A late invoice")
    move(small_budget.account, "reserved", 5)


def test_a_month_stays_open_while_a_request_holds_money_in_it(small_budget: SmallBudget, controller: User) -> None:
    held = move(small_budget.account, "reserved", Decimal("10.01"))
    with pytest.raises(WrongState, match=r"January 2026 still has 10\.01 reserved") as refused:
        close_period(entity=small_budget.entity, month=JANUARY, actor=controller)
    assert refused.value.details["reserved"] == "10.01"
    assert Period.objects.get(entity=small_budget.entity, month=JANUARY).state == Period.State.OPEN
    reverse(journal_id=held.id, key="undo", actor=controller)
    assert close_period(entity=small_budget.entity, month=JANUARY, actor=controller).state == Period.State.CLOSED


def test_a_month_that_was_never_opened_takes_nothing(small_budget: SmallBudget) -> None:
    with pytest.raises(ClosedPeriod, match="December 2031 was never opened"):
        move(small_budget.account, "reserved", 5, month=date(2031, 12, 1))


def test_closing_and_reopening_are_written_down(small_budget: SmallBudget, controller: User) -> None:
    entity = small_budget.entity
    period = close_period(entity=entity, month=JANUARY, actor=controller)
    assert (period.state, period.closed_by) == (Period.State.CLOSED, controller)
    with pytest.raises(WrongState):
        close_period(entity=entity, month=JANUARY, actor=controller)
    reopen_period(entity=entity, month=JANUARY, actor=controller, reason="late")
    with pytest.raises(WrongState):
        reopen_period(entity=entity, month=JANUARY, actor=controller)
    with pytest.raises(NotFound):
        close_period(entity=entity, month=date(2040, 1, 1), actor=controller)
    verbs = list(AuditRecord.objects.filter(subject_type="budgets.period").order_by("id").values_list("verb", flat=True))
    assert verbs == ["period.closed", "period.reopened"]
    assert open_periods(entity=entity, first=JANUARY, last=JANUARY, actor=controller) == []
