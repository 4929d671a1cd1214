"""Currencies: an account has its budget's; a control over several adds up what each entry was in the entity's, at its rate."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection, transaction

from budgets.models import Control, ControlMonth, Entry, ExchangeRate, FundsAccount
from budgets.selectors.balances import effect_of
from budgets.selectors.check import check_ledger
from budgets.services.accounts import ensure_account
from budgets.services.controls import Node, Terms, set_control, set_controls
from budgets.services.ledger import Posting, post, reverse
from budgets.services.rates import state_rate
from core.errors import InvalidInput, Missing, NoFunds
from core.models import Entity, User
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, allot, move, open_year

LONG_AGO = date(2020, 1, 1)
THREAD = "request-line:1"


@pytest.fixture
def team(entity: Entity, controller: User) -> dict[str, FundsAccount]:
    """A team with a line in USD, the entity's currency, and one in EUR, under one stop for both."""
    open_year(entity)
    node, kind = CostCentreFactory.create(entity=entity), CategoryFactory.create(entity=entity)
    lines = {}
    for currency in ("USD", "EUR"):
        budget = BudgetFactory.create(entity=entity, cost_centre=node, currency=currency)
        lines[currency] = ensure_account(budget=budget, cost_centre=node, category=kind)
        set_controls(budget=budget)
    set_control(entity=entity, node=Node(cost_centre=node), terms=Terms("stop", "year"), actor=controller)
    return lines


def rate(entity: Entity, text: str, *, day: date = LONG_AGO) -> ExchangeRate:
    return state_rate(entity=entity, currency="EUR", valid_on=day, rate=Decimal(text), source="Central bank", actor=None)


def pooled() -> tuple[Decimal, Decimal]:
    """Return what the stop over both lines may hold, and holds."""
    counted = ControlMonth.objects.get(control=Control.objects.get(origin="person"), month=JANUARY)
    return counted.cap, counted.held


def test_without_a_rate_nothing_is_posted(team: dict[str, FundsAccount]) -> None:
    with pytest.raises(Missing, match="exchange rate for EUR") as refused:
        allot(team["EUR"], 100)
    assert refused.value.code == "missing_rate"
    with pytest.raises(Missing), transaction.atomic():
        effect_of([Posting(team["EUR"].pk, JANUARY, "reserved", Decimal(1))])
    assert not Entry.objects.exists()


def test_two_currencies_pool_at_the_entries_rates(team: dict[str, FundsAccount], entity: Entity) -> None:
    stated = rate(entity, "1.1")
    allot(team["USD"], 100)
    allot(team["EUR"], 100)
    entry = Entry.objects.get(account=team["EUR"])
    assert (entry.rate, entry.pooled, entry.exchange_rate_id) == (Decimal("1.1"), Decimal("110.00"), stated.pk)
    assert pooled() == (Decimal("210.00"), Decimal(0))
    move(team["EUR"], "reserved", 100)
    move(team["USD"], "reserved", 100)
    assert pooled() == (Decimal("210.00"), Decimal("210.00"))
    assert check_ledger().is_whole


def test_the_pool_stops_where_a_rate_rose(team: dict[str, FundsAccount], entity: Entity) -> None:
    """100 EUR were allotted as 110 USD; at 1.2 they are 120, and the pool of 210 has 100 taken by the other line."""
    rate(entity, "1.1")
    allot(team["USD"], 100)
    allot(team["EUR"], 100)
    move(team["USD"], "reserved", 100)
    rate(entity, "1.2", day=date(2020, 2, 1))
    with pytest.raises(NoFunds) as refused:
        move(team["EUR"], "reserved", 100)
    assert (refused.value.details["left"], refused.value.details["wanted"], refused.value.details["currency"]) == (
        "110.00",
        "120.00",
        "USD",
    )
    move(team["EUR"], "reserved", "91.66")
    assert pooled()[1] == Decimal("209.99")


def test_what_follows_a_hold_keeps_its_rate_and_a_release_gives_back_to_the_cent(
    team: dict[str, FundsAccount], entity: Entity
) -> None:
    rate(entity, "1.23456789")
    allot(team["EUR"], 1000)
    line = team["EUR"]
    move(line, "reserved", "33.33", thread=THREAD, key="held")
    assert pooled()[1] == Decimal("41.15")
    rate(entity, "2", day=date(2020, 3, 1))
    moves = [
        Posting(line.pk, JANUARY, "committed", Decimal("33.33"), THREAD),
        Posting(line.pk, JANUARY, "reserved", Decimal("-33.33"), THREAD),
    ]
    post(key="c", kind="commit", entity=entity, postings=moves, actor=None, source=("test", "1"), settles="held")
    assert pooled()[1] == Decimal("41.15")
    for part in ("-11.11", "-11.11", "-11.11"):
        move(line, "committed", part, thread=THREAD, kind="release")
    assert pooled()[1] == Decimal("0.00")
    assert check_ledger().is_whole


def test_a_credit_of_a_spend_goes_back_at_the_spends_rate_and_a_reversal_at_its_own(
    team: dict[str, FundsAccount], entity: Entity
) -> None:
    rate(entity, "1.1")
    allot(team["EUR"], 1000)
    posted = move(team["EUR"], "spent", 10, thread="row:1")
    rate(entity, "3", day=date(2020, 3, 1))
    move(team["EUR"], "spent", -4, thread="row:1")
    assert pooled()[1] == Decimal("6.60")
    reverse(journal_id=posted.id, key="undo", actor=None)
    assert pooled()[1] == Decimal("-4.40")
    assert check_ledger().is_whole


def test_the_latest_word_on_the_latest_day_holds(team: dict[str, FundsAccount], entity: Entity) -> None:
    rate(entity, "1.1")
    rate(entity, "1.15")
    rate(entity, "9", day=datetime.now(tz=UTC).date().replace(year=2999))
    allot(team["EUR"], 100)
    assert Entry.objects.get().pooled == Decimal("115.00")


@pytest.mark.parametrize(
    ("currency", "text", "source"),
    [
        ("XYZ", "1.1", "Bank"),
        ("usd", "1.1", "Bank"),
        ("USD", "1.1", "Bank"),
        ("EUR", "0", "Bank"),
        ("EUR", "-1", "Bank"),
        ("EUR", "NaN", "Bank"),
        ("EUR", "1e400", "Bank"),
        ("EUR", "0.00000000001", "Bank"),
        ("EUR", "1.1", " "),
        ("EUR", "1.1", "x" * 101),
    ],
)
def test_what_is_no_rate_is_refused(entity: Entity, currency: str, text: str, source: str) -> None:
    with pytest.raises(InvalidInput):
        state_rate(entity=entity, currency=currency, valid_on=LONG_AGO, rate=Decimal(text), source=source, actor=None)
    assert not ExchangeRate.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_may_begin_by_giving_a_hold_back_whole(team: dict[str, FundsAccount], entity: Entity) -> None:
    """The posting's function had named a rate that was not read yet, and a session learns what it names at its first call."""
    rate(entity, "1.10")
    allot(team["EUR"], 100)
    move(team["EUR"], "reserved", "10.00", thread=THREAD)
    connection.close()
    move(team["EUR"], "reserved", "-10.00", thread=THREAD, kind="release")
    assert pooled() == (Decimal("110.00"), Decimal("0.00"))
    assert check_ledger().is_whole


def test_a_hold_that_is_used_in_several_entries_is_used_to_the_cent(team: dict[str, FundsAccount], entity: Entity) -> None:
    """33.33 EUR stand at 41.15; a third of it is 13.72, and three of them would be 41.16."""
    rate(entity, "1.23456789")
    allot(team["EUR"], "33.33")
    line = team["EUR"].pk
    move(team["EUR"], "reserved", "33.33", thread=THREAD, key="held")
    parts = [Posting(line, JANUARY, "committed", Decimal("11.11"), THREAD) for _ in range(3)]
    gone = Posting(line, JANUARY, "reserved", Decimal("-33.33"), THREAD)
    post(key="c", kind="commit", entity=entity, postings=[gone, *parts], actor=None, source=("test", "1"), settles="held")
    assert pooled() == (Decimal("41.15"), Decimal("41.15"))
    assert check_ledger().is_whole


def test_a_rate_is_kept_within_its_currency_only(team: dict[str, FundsAccount], entity: Entity) -> None:
    rate(entity, "2")
    allot(team["USD"], 500)
    move(team["USD"], "reserved", 50, thread=THREAD)
    across = [
        Posting(team["USD"].pk, JANUARY, "reserved", Decimal(-50), THREAD),
        Posting(team["EUR"].pk, JANUARY, "spent", Decimal(50), THREAD),
    ]
    post(key="x", kind="spend", entity=entity, postings=across, actor=None, source=("test", "1"), is_fact=True)
    assert pooled()[1] == Decimal("100.00")


def test_an_allotment_is_taken_back_at_what_it_stands_at(team: dict[str, FundsAccount], entity: Entity) -> None:
    rate(entity, "1")
    allot(team["EUR"], 100)
    rate(entity, "2", day=date(2020, 3, 1))
    allot(team["EUR"], -40)
    assert pooled()[0] == Decimal("60.00")
    allot(team["EUR"], -60)
    assert pooled()[0] == Decimal("0.00")
    allot(team["EUR"], 10)
    assert pooled()[0] == Decimal("20.00")
    assert check_ledger().is_whole


def test_what_goes_beyond_a_hold_is_at_the_days_rate(team: dict[str, FundsAccount], entity: Entity) -> None:
    rate(entity, "1")
    allot(team["EUR"], 100)
    move(team["EUR"], "committed", 10, thread=THREAD)
    rate(entity, "2", day=date(2020, 3, 1))
    beyond = [
        Posting(team["EUR"].pk, JANUARY, "committed", Decimal(-10), THREAD),
        Posting(team["EUR"].pk, JANUARY, "spent", Decimal(15), THREAD),
    ]
    post(key="x", kind="spend", entity=entity, postings=beyond, actor=None, source=("test", "1"), is_fact=True)
    spent = Entry.objects.get(bucket="spent")
    assert (spent.pooled, spent.rate) == (Decimal("20.00"), Decimal("1.3333333333"))


def test_more_than_the_books_hold_is_refused_in_words(team: dict[str, FundsAccount], entity: Entity) -> None:
    rate(entity, "100000")
    with pytest.raises(InvalidInput, match="larger than the books hold"):
        move(team["EUR"], "spent", "999999999999.99", is_fact=True)
    assert not Entry.objects.exists()
