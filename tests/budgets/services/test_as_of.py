"""What accounts held at a past moment: told by the moment of recording, not by the posting month, and only once it is settled.

A test inside one transaction is a posting in flight itself, so there each moment is taken for settled; the tests of settling
run on connections of their own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from budgets.models import Entry, FundsAccount
from budgets.selectors import as_of
from budgets.selectors.as_of import figures_as_of
from budgets.selectors.balances import Figures, account_figures
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from budgets.services.ledger import PostedJournal, reverse
from core import clock
from core.errors import WrongState
from core.models import Entity
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, allot, move, open_year

MARCH = date(2026, 3, 1)
JUST_BEFORE = timedelta(microseconds=1)
SETTLED = as_of._STAND.replace("budgets_settled_before()", "timestamptz '9999-01-01 00:00Z'")
NO_STATEMENTS = ("no statement", "no statement")
in_flight = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(entity: Entity) -> FundsAccount:
    """A line with 1,000 in January and 1,000 in March."""
    open_year(entity)
    budget = BudgetFactory.create(entity=entity)
    made = ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=entity))
    set_controls(budget=budget)
    allot(made, 1000)
    allot(made, 1000, month=MARCH)
    return made


def held(account: FundsAccount, moment: datetime, *, month: date | None = None, through: date | None = None) -> Figures:
    figures = figures_as_of([account.pk], moment=moment, month=month, through=through)
    return figures.by_account().get(account.pk, Figures())


def spend(account: FundsAccount, amount: int, month: date) -> PostedJournal:
    return move(account, "spent", amount, month=month)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(as_of, "_STAND", SETTLED)


@pytest.fixture(params=["_SINCE", "_UNTIL"])
def direction(request: pytest.FixtureRequest, settled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test go both ways: back from today's balances, and up from the first entry."""
    taken = getattr(as_of, request.param)
    monkeypatch.setattr(as_of, "_SINCE", taken)
    monkeypatch.setattr(as_of, "_UNTIL", taken)


@pytest.fixture(params=["some accounts", "most accounts"])
def way(request: pytest.FixtureRequest, account: FundsAccount, direction: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either way by the accounts asked for, and by all entries of the days in question, some of which are of another account."""
    beside = BudgetFactory.create(entity=account.entity)
    other = ensure_account(budget=beside, cost_centre=beside.cost_centre, category=CategoryFactory.create(entity=account.entity))
    allot(other, 70)
    place = int(request.param == "most accounts")
    for name in ("_SINCE", "_UNTIL"):
        statement = getattr(as_of, name)[place]
        monkeypatch.setattr(as_of, name, (statement, statement))


@pytest.mark.usefixtures("way")
def test_what_was_posted_later_into_an_earlier_month_shows_today_and_not_then(account: FundsAccount) -> None:
    then = spend(account, 100, MARCH).recorded_at
    later = spend(account, 40, JANUARY).recorded_at
    assert held(account, then, month=JANUARY) == Figures(allotted=Decimal("1000.00"))
    assert held(account, later, month=JANUARY) == Figures(allotted=Decimal("1000.00"), spent=Decimal("40.00"))
    assert held(account, later, month=MARCH) == held(account, then, month=MARCH)


@pytest.mark.usefixtures("way")
def test_the_moment_itself_is_included_and_the_one_before_is_not(account: FundsAccount) -> None:
    moment = spend(account, 100, MARCH).recorded_at
    assert held(account, moment).spent == Decimal("100.00")
    assert held(account, moment - JUST_BEFORE).spent == 0


@pytest.mark.usefixtures("way")
def test_through_and_month_choose_posting_months(account: FundsAccount) -> None:
    spend(account, 10, JANUARY)
    moment = spend(account, 200, MARCH).recorded_at
    assert held(account, moment).spent == Decimal("210.00")
    assert held(account, moment, through=date(2026, 2, 1)).spent == Decimal("10.00")
    assert held(account, moment, through=MARCH).spent == Decimal("210.00")
    assert held(account, moment, month=MARCH).spent == Decimal("200.00")
    assert figures_as_of([account.pk], moment=moment, month=MARCH).by_month.keys() == {(account.pk, MARCH)}


@pytest.mark.usefixtures("way")
def test_before_the_first_entry_there_is_nothing(account: FundsAccount) -> None:
    first = Entry.objects.earliest("id").recorded_at
    assert figures_as_of([account.pk], moment=first - JUST_BEFORE).by_month == {}
    assert figures_as_of([], moment=first).by_month == {}


@pytest.mark.usefixtures("way")
def test_every_moment_there_was_is_found_again(account: FundsAccount) -> None:
    """Each posting's moment gives what the balances were right after it, a reversal included."""
    seen: list[tuple[datetime, Figures]] = []
    spent = spend(account, 100, MARCH)
    postings: list[Callable[[], PostedJournal]] = [
        lambda: move(account, "reserved", 30, month=MARCH),
        lambda: spend(account, 40, JANUARY),
        lambda: reverse(journal_id=spent.id, key="undo", actor=None),
    ]
    for post in postings:
        recorded_at = post().recorded_at
        seen.append((recorded_at, account_figures([account.pk])[account.pk]))
    assert [held(account, moment) for moment, _ in seen] == [figures for _, figures in seen]
    assert len({figures for _, figures in seen}) == len(postings)


@pytest.mark.usefixtures("settled")
def test_it_goes_the_shorter_way(account: FundsAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the long way broken, an early and a late moment are both still answered."""
    first = Entry.objects.earliest("id").recorded_at
    last = spend(account, 100, MARCH).recorded_at
    with monkeypatch.context() as patched:
        patched.setattr(as_of, "_SINCE", NO_STATEMENTS)
        assert held(account, first).allotted == Decimal("1000.00")
    with monkeypatch.context() as patched:
        patched.setattr(as_of, "_UNTIL", NO_STATEMENTS)
        assert held(account, last).spent == Decimal("100.00")


@in_flight
def test_a_moment_to_come_is_refused(account: FundsAccount) -> None:
    with pytest.raises(WrongState) as refusal:
        figures_as_of([account.pk], moment=clock.now() + timedelta(minutes=1))
    assert refusal.value.code == "not_settled"
    assert "Ask for a moment before" in refusal.value.remedy


@contextmanager
def posting_in_flight(account: FundsAccount) -> Iterator[None]:
    """Keep a posting on another connection that is written and not committed, until the block ends; then let it be."""
    posted, go_on = Event(), Event()

    def fly() -> None:
        try:
            with transaction.atomic():
                spend(account, 100, MARCH)
                posted.set()
                go_on.wait(30)
        finally:
            posted.set()
            connection.close()

    flight = Thread(target=fly)
    flight.start()
    assert posted.wait(30)
    try:
        yield
    finally:
        go_on.set()
        flight.join()


@in_flight
def test_a_posting_in_flight_makes_moments_since_it_began_unsettled(account: FundsAccount) -> None:
    before = clock.now() - timedelta(seconds=2)
    with posting_in_flight(account):
        moment = clock.now()
        with pytest.raises(WrongState) as refusal:
            figures_as_of([account.pk], moment=moment)
        assert refusal.value.code == "not_settled"
        assert held(account, before).spent == 0
    landed = figures_as_of([account.pk], moment=moment)
    assert landed.by_account()[account.pk].spent == Decimal("100.00")
    assert landed.settled_before > moment


@in_flight
@pytest.mark.usefixtures("settled")
def test_without_that_refusal_the_same_moment_would_be_told_in_two_ways(account: FundsAccount) -> None:
    """The twin of the test above, its cure taken away: what is in flight lands in a moment that was told before."""
    with posting_in_flight(account):
        moment = clock.now()
        told = held(account, moment).spent
    assert (told, held(account, moment).spent) == (Decimal(0), Decimal("100.00"))
