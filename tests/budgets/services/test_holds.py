"""What is held is used in full or in part, let go, moved to another month; a journal's state is read from its entries."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Entry, Journal
from budgets.selectors.balances import Figures, account_figures, thread_balance
from budgets.selectors.check import check_ledger
from budgets.selectors.journal_states import State, journal_state
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from budgets.services.holds import move_hold, move_thread, release_remainder, settle, void
from budgets.services.ledger import reverse
from budgets.services.periods import close_period
from core.errors import ClosedPeriod, InvalidInput, NoFunds, NotFound, Stale, WrongState
from core.models import AuditRecord, User
from tests.factories.budgets import JANUARY, BudgetFactory, move
from tests.fixtures.budgets import SmallBudget

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
THREAD, OTHER = "order-line:1", "order-line:2"


@pytest.fixture
def order(small_budget: SmallBudget) -> str:
    """The key of a commitment of 300.00 in January."""
    move(small_budget.account, "committed", 300, thread=THREAD, key="order")
    return "order"


@pytest.fixture
def unmoved(small_budget: SmallBudget, order: str) -> Callable[[], bool]:
    before = counts()
    return lambda: counts() == before


def counts() -> tuple[int, ...]:
    return Journal.objects.count(), Entry.objects.count(), AuditRecord.objects.count()


def figures(small: SmallBudget, month: date | None = None) -> Figures:
    return account_figures([small.account.pk], month=month)[small.account.pk]


def stand(key: str) -> tuple[State, Decimal]:
    found = journal_state(Journal.objects.get(key=key))
    return found.state, found.left


def use(amount: Any, *, key: str = "invoice", **more: Any) -> Any:
    amounts = None if amount is None else {THREAD: Decimal(amount)}
    return settle(key=key, pending_key="order", into="spent", amounts=amounts, actor=None, **more)


def test_a_hold_is_used_in_part_and_then_in_full(small_budget: SmallBudget, order: str) -> None:
    assert stand(order) == (State.PENDING, 300)
    use(100)
    assert stand(order) == (State.PART, 200)
    assert (figures(small_budget).committed, figures(small_budget).spent) == (200, 100)
    use(None, key="invoice-2")
    assert stand(order) == (State.POSTED, 0)
    assert (figures(small_budget).committed, figures(small_budget).spent) == (0, 300)
    assert check_ledger().is_whole


def test_what_settles_points_at_what_it_settles_and_is_written_down(
    small_budget: SmallBudget, order: str, controller: User
) -> None:
    posted = settle(key="invoice", pending_key=order, into="spent", actor=controller, memo="Invoice 7")
    journal = Journal.objects.get(pk=posted.id)
    assert (journal.kind, journal.settles, journal.actor) == ("spend", Journal.objects.get(key=order), controller)
    record = AuditRecord.objects.get(verb="hold.settled")
    assert (record.actor, record.entity, record.after["key"] if record.after else "") == (
        controller,
        small_budget.entity,
        "invoice",
    )


def test_a_reversed_settlement_gives_back_what_it_took(order: str) -> None:
    used = use(100)
    reverse(journal_id=used.id, key="undo", actor=None)
    assert stand(order) == (State.PENDING, 300)
    assert stand("invoice") == (State.REVERSED, 0)
    assert thread_balance([THREAD])[THREAD]["committed"] == 300


def test_a_hold_that_is_let_go_unused_is_voided(small_budget: SmallBudget, order: str) -> None:
    void(key="void", pending_key=order, actor=None)
    assert stand(order) == (State.VOIDED, 0)
    assert figures(small_budget).available == 12000


def test_what_was_used_in_part_is_not_voided_but_its_remainder_released(small_budget: SmallBudget, order: str) -> None:
    use(100)
    before = counts()
    with pytest.raises(WrongState, match="Release what is left of it"):
        void(key="void", pending_key=order, actor=None)
    assert counts() == before
    release_remainder(key="close", pending_key=order, actor=None)
    assert stand(order) == (State.POSTED, 0)
    assert (figures(small_budget).committed, figures(small_budget).spent) == (0, 100)


def test_letting_go_is_never_refused_for_funds(small_budget: SmallBudget, order: str) -> None:
    move(small_budget.account, "spent", 20000, is_fact=True)
    release_remainder(key="close", pending_key=order, actor=None)
    assert figures(small_budget).available == -8000


def test_a_hold_may_become_more_than_it_was_if_the_money_is_there(small_budget: SmallBudget) -> None:
    move(small_budget.account, "reserved", 30, thread=THREAD, key="request")
    settle(key="order", pending_key="request", into="committed", becomes={THREAD: Decimal(50)}, actor=None)
    assert (figures(small_budget).reserved, figures(small_budget).committed) == (0, 50)
    assert stand("order") == (State.PENDING, 50)
    move(small_budget.account, "reserved", 10, thread=OTHER, key="request-2")
    with pytest.raises(NoFunds):
        settle(key="order-2", pending_key="request-2", into="committed", becomes={OTHER: Decimal("11950.01")}, actor=None)
    settle(key="order-2", pending_key="request-2", into="committed", becomes={OTHER: Decimal(11950)}, actor=None)


def test_more_than_is_left_is_refused(order: str) -> None:
    use(100)
    before = counts()
    with pytest.raises(WrongState, match=r"200\.00 is left of order-line:1; this takes 200\.01") as refused:
        use("200.01", key="too-much")
    assert (refused.value.code, refused.value.details["left"]) == ("settled", "200.00")
    with pytest.raises(WrongState):
        settle(key="k", pending_key=order, into="spent", amounts={"another-line": Decimal(1)}, actor=None)
    assert counts() == before


def test_what_holds_nothing_any_more_is_not_settled_again(order: str) -> None:
    use(None)
    before = counts()
    for act in (void, release_remainder):
        with pytest.raises(WrongState, match="holds nothing any more"):
            act(key="again", pending_key=order, actor=None)
    assert counts() == before


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"pending_key": "nonsense"}, NotFound),
        ({"into": "committed"}, InvalidInput),
        ({"into": "reserved"}, InvalidInput),
        ({"key": ""}, InvalidInput),
        ({"amounts": {THREAD: Decimal(0)}}, InvalidInput),
        ({"amounts": {THREAD: Decimal(-1)}}, InvalidInput),
        ({"amounts": {THREAD: Decimal("NaN")}}, InvalidInput),
        ({"amounts": {}}, InvalidInput),
        ({"becomes": {"another-line": Decimal(1)}}, InvalidInput),
        ({"becomes": {THREAD: Decimal(-1)}}, InvalidInput),
        ({"becomes": {THREAD: Decimal("NaN")}}, InvalidInput),
        ({"amounts": {THREAD: Decimal("0.001")}}, InvalidInput),
    ],
)
def test_what_cannot_be_settled_is_refused(unmoved: Callable[[], bool], said: dict[str, Any], error: type[Exception]) -> None:
    right: dict[str, Any] = {"key": "k", "pending_key": "order", "into": "spent", "actor": None}
    with pytest.raises(error):
        settle(**(right | said))
    assert unmoved()


def test_the_same_key_gives_the_first_answer_and_another_content_is_refused(order: str) -> None:
    first = use(100)
    before = counts()
    again = use(100)
    assert (again.id, again.repeat, again.recorded_at) == (first.id, True, first.recorded_at)
    for changed in ({"amount": 99}, {"amount": 100, "month": MARCH}, {"amount": 100, "is_fact": True}):
        with pytest.raises(Stale) as refused:
            use(**changed)
        assert refused.value.code == "idempotency_conflict"
    with pytest.raises(Stale):
        void(key="invoice", pending_key=order, actor=None)
    assert counts() == before


def test_a_spend_lands_in_its_own_month_and_a_closed_month_stays_as_it_was(
    small_budget: SmallBudget, order: str, controller: User
) -> None:
    use(100, month=FEBRUARY)
    assert (figures(small_budget, JANUARY).committed, figures(small_budget, FEBRUARY).spent) == (200, 100)
    close_period(entity=small_budget.entity, month=JANUARY, actor=controller)
    with pytest.raises(ClosedPeriod):
        use(50, key="closed")
    use(50, key="later", month=date(2026, 3, 17))
    assert figures(small_budget, JANUARY).committed == 200
    assert (figures(small_budget, MARCH).committed, figures(small_budget, MARCH).spent) == (-50, 50)
    release_remainder(key="close", pending_key=order, actor=None, month=MARCH)
    assert thread_balance([THREAD])[THREAD]["committed"] == 0


def test_a_hold_moves_to_a_later_month_whatever_is_left_there(small_budget: SmallBudget) -> None:
    """March has nothing left, and January's hold moves there all the same: what is late is late."""
    budget = BudgetFactory.create(entity=small_budget.entity, window="month")
    tight = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=small_budget.categories["people"])
    set_controls(budget=budget)
    move(tight, "allotted", 100)
    move(tight, "committed", 100, thread=THREAD, key="order")
    moved = move_hold(key="late", pending_key="order", to_month=MARCH, actor=None)
    assert Journal.objects.get(pk=moved.id).kind == "move"
    assert [account_figures([tight.pk], month=month)[tight.pk].committed for month in (JANUARY, MARCH)] == [0, 100]
    assert stand("order") == (State.PENDING, 100)
    use(40)
    assert [account_figures([tight.pk], month=month)[tight.pk].committed for month in (JANUARY, MARCH)] == [0, 60]
    with pytest.raises(NoFunds):
        move_hold(key="early", pending_key="order", to_month=FEBRUARY, actor=None)
    move_hold(key="back", pending_key="order", to_month=JANUARY, actor=None)
    with pytest.raises(WrongState, match="Nothing is held outside January 2026"):
        move_hold(key="there", pending_key="order", to_month=JANUARY, actor=None)
    assert check_ledger().is_whole


def test_a_lines_whole_hold_moves_whichever_journals_hold_it(small_budget: SmallBudget, order: str) -> None:
    move(small_budget.account, "committed", 50, thread=THREAD, month=FEBRUARY)
    move_thread(key="late", thread=THREAD, to_month=date(2026, 3, 9), actor=None)
    assert figures(small_budget, MARCH).committed == 350
    assert move_thread(key="late", thread=THREAD, to_month=MARCH, actor=None).repeat
    for thread in ("", "nobody's"):
        with pytest.raises(NotFound):
            move_thread(key="no", thread=thread, to_month=MARCH, actor=None)


def test_what_moved_a_hold_holds_nothing_itself(small_budget: SmallBudget, order: str) -> None:
    moved = move_hold(key="late", pending_key=order, to_month=MARCH, actor=None)
    assert journal_state(Journal.objects.get(pk=moved.id)).holds == ()


def test_a_hold_without_a_thread_is_told_by_its_journal(small_budget: SmallBudget) -> None:
    move(small_budget.account, "reserved", 30, key="one")
    move(small_budget.account, "reserved", 70, key="two", month=FEBRUARY)
    void(key="void-one", pending_key="one", actor=None)
    assert (stand("one"), stand("two")) == ((State.VOIDED, 0), (State.PENDING, 70))
    assert (figures(small_budget, JANUARY).reserved, figures(small_budget, FEBRUARY).reserved) == (0, 70)


def test_a_journal_that_never_held_anything_is_posted(small_budget: SmallBudget) -> None:
    spent = move(small_budget.account, "spent", 30)
    state = journal_state(Journal.objects.get(pk=spent.id))
    assert (state.state, state.holds) == (State.POSTED, ())
