"""What a posting does, and what it refuses without moving anything."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from budgets.models import Entry, Journal, Link
from budgets.selectors.balances import Figures, account_figures, thread_balance
from budgets.services.ledger import Posting, post, reverse
from core import clock
from core.errors import InvalidInput, Missing, NoFunds, NotFound, Stale, WrongState
from core.models import Entity, OutboxEvent, User
from tests.factories.budgets import JANUARY, move
from tests.factories.core import EntityFactory
from tests.fixtures.budgets import SmallBudget
from tests.owner import as_owner

YEAR = Decimal(12000)


def rows() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Journal, Entry, Link, OutboxEvent))


@pytest.fixture
def unmoved(small_budget: SmallBudget) -> Callable[[], bool]:
    """Say whether nothing was written since the test began."""
    before = rows(), account_figures([small_budget.account.pk])
    return lambda: (rows(), account_figures([small_budget.account.pk])) == before


def figures(small: SmallBudget) -> Figures:
    return account_figures([small.account.pk])[small.account.pk]


def test_a_reservation_is_held_until_it_is_released(small_budget: SmallBudget) -> None:
    move(small_budget.account, "reserved", 300, thread="request-line:1")
    assert figures(small_budget) == Figures(YEAR, Decimal(300))
    move(small_budget.account, "reserved", -300, kind="release", thread="request-line:1")
    assert figures(small_budget).available == YEAR
    assert thread_balance(["request-line:1", "request-line:2"])["request-line:1"]["reserved"] == 0


def test_a_posting_writes_journal_entries_links_and_an_event_at_the_databases_moment(
    small_budget: SmallBudget, controller: User
) -> None:
    before = rows()
    with clock.at(datetime(2001, 1, 1, tzinfo=UTC)):
        posted = move(small_budget.account, "spent", 10, actor=controller)
    assert tuple(after - was for after, was in zip(rows(), before, strict=True)) == (1, 1, 1, 1)
    assert posted.recorded_at - datetime.now(UTC) < timedelta(minutes=5)
    event = OutboxEvent.objects.get(payload__journal_id=posted.id)
    assert (event.topic, event.payload["account_ids"]) == ("budgets.posted", [small_budget.account.pk])
    assert Journal.objects.get(pk=posted.id).actor == controller


def test_only_the_owner_itself_may_state_the_moment(small_budget: SmallBudget) -> None:
    told = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
    with as_owner(), clock.at(told):
        posted = move(small_budget.account, "spent", 10)
    assert posted.recorded_at == told


def test_one_cent_over_is_refused_with_figures_and_a_remedy(small_budget: SmallBudget) -> None:
    account = small_budget.account
    move(account, "spent", "11000.00", thread="invoice-line:7")
    before = rows()
    with pytest.raises(NoFunds) as refused:
        move(account, "reserved", "1000.01")
    assert str(refused.value) == (
        "Software, Platform has 1,000.00 left for the year to December 2026; this asks for 1,000.01. "
        "Ask for less, choose another line, or ask finance for a transfer."
    )
    details = refused.value.details
    assert (details["left"], details["wanted"], details["cap"], details["held"]) == ("1000.00", "1000.01", "12000.00", "11000.00")
    consumer = {"account": account.pk, "name": "Software, Platform", "thread": "invoice-line:7", "held": "11000.00"}
    assert details["consumers"] == [consumer]
    assert rows() == before
    move(account, "reserved", "1000.00")
    assert figures(small_budget).available == 0


def test_a_fact_passes_and_then_only_what_makes_it_worse_is_refused(small_budget: SmallBudget) -> None:
    account = small_budget.account
    move(account, "spent", 12500, is_fact=True)
    assert figures(small_budget).available == -500
    with pytest.raises(NoFunds, match=r"is already overdrawn by 500\.00 for the year to December 2026; this asks for 0\.01 more"):
        move(account, "reserved", "0.01")
    move(account, "spent", -100)
    assert figures(small_budget).available == -400


def test_a_credit_gives_back_exactly_what_it_credits(small_budget: SmallBudget) -> None:
    move(small_budget.account, "spent", 18000, is_fact=True)
    move(small_budget.account, "spent", -18000)
    assert figures(small_budget).available == YEAR


def test_all_lines_of_a_document_are_netted_and_all_are_checked(small_budget: SmallBudget, unmoved: Callable[[], bool]) -> None:
    first, second = small_budget.account, small_budget.accounts["PRODUCT", "software"]
    postings = [Posting(first.pk, JANUARY, "reserved", Decimal(10)), Posting(second.pk, JANUARY, "reserved", Decimal("12000.01"))]
    with pytest.raises(NoFunds, match="Software, Product"):
        post(key="two", kind="reserve", entity=small_budget.entity, postings=postings, actor=None, source=("t", "1"))
    assert unmoved()


def test_a_lowered_allotment_is_refused_below_what_is_held_unless_it_is_forced(small_budget: SmallBudget) -> None:
    account = small_budget.account
    move(account, "committed", 11500)
    with pytest.raises(NoFunds, match=r"holds 11,500\.00 .* it can give up 500\.00, and this takes 501\.00 away"):
        move(account, "allotted", -501, kind="revise")
    move(account, "allotted", -500, kind="revise")
    move(account, "allotted", -100, kind="revise", is_fact=True)
    assert figures(small_budget).available == -100


@pytest.mark.parametrize("amount", ["0", "NaN", "Infinity", "-Infinity", "1e400", "0.001", "1e15"])
def test_amounts_that_cannot_be_posted_are_refused(small_budget: SmallBudget, unmoved: Callable[[], bool], amount: str) -> None:
    with pytest.raises(InvalidInput):
        move(small_budget.account, "reserved", amount)
    assert unmoved()


@pytest.mark.parametrize(
    "entry",
    [
        {"amount": "NaN"},
        {"amount": "Infinity"},
        {"amount": "0.00"},
        {"amount": "0.001"},
        {"amount": "1e15"},
        {"amount": None},
        {"month": "2026-01-02"},
        {"month": None},
        {"bucket": "gifts"},
        {"bucket": None},
        {"account": None},
    ],
)
def test_the_function_itself_refuses_them_too(
    small_budget: SmallBudget, monkeypatch: pytest.MonkeyPatch, unmoved: Callable[[], bool], entry: dict[str, Any]
) -> None:
    """The database is asked directly: Python's own checks are not its only guard."""
    good = {"account": small_budget.account.pk, "month": "2026-01-01", "bucket": "reserved", "amount": "1.00"}
    monkeypatch.setattr("budgets.services.ledger.as_json", lambda _: good | entry)
    with pytest.raises((InvalidInput, Missing)):
        move(small_budget.account, "reserved", 1)
    assert unmoved()


@pytest.mark.parametrize(("bucket", "month"), [("gifts", JANUARY), ("reserved", date(2026, 1, 2))])
def test_unknown_buckets_and_days_that_are_no_months_are_refused(
    small_budget: SmallBudget, unmoved: Callable[[], bool], bucket: str, month: date
) -> None:
    with pytest.raises(InvalidInput):
        move(small_budget.account, bucket, 1, month=month, kind="reserve")
    assert unmoved()


def test_blank_accounts_and_accounts_of_others_are_refused(small_budget: SmallBudget, unmoved: Callable[[], bool]) -> None:
    elsewhere: Entity = EntityFactory.create()
    posting = [Posting(small_budget.account.pk, JANUARY, "reserved", Decimal(1))]
    for entity, postings in ((elsewhere, posting), (small_budget.entity, [Posting(0, JANUARY, "reserved", Decimal(1))])):
        with pytest.raises(Missing) as refused:
            post(key="k", kind="reserve", entity=entity, postings=postings, actor=None, source=("t", "1"))
        assert refused.value.remedy == "Choose a budget line."
    assert unmoved()


WRONG: dict[str, dict[str, Any]] = {
    "no key": {"key": ""},
    "long key": {"key": "k" * 201},
    "long memo": {"memo": "m" * 2_000_000},
    "nul": {"memo": "\x00"},
    "kind": {"kind": "gift"},
    "reversal of nothing": {"kind": "reverse"},
    "empty": {"postings": []},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_a_journal_is_refused(small_budget: SmallBudget, unmoved: Callable[[], bool], name: str) -> None:
    postings = [Posting(small_budget.account.pk, JANUARY, "reserved", Decimal(1))]
    said: dict[str, Any] = {"key": "k", "kind": "reserve", "memo": "", "postings": postings, **WRONG[name]}
    with pytest.raises(InvalidInput):
        post(entity=small_budget.entity, actor=None, source=("t", "1"), **said)
    assert unmoved()


def test_the_same_key_and_content_gives_the_first_answer_again(small_budget: SmallBudget) -> None:
    first = move(small_budget.account, "reserved", "10.5", key="once")
    again = move(small_budget.account, "reserved", "10.50", key="once")
    assert (again.id, again.repeat, again.recorded_at) == (first.id, True, first.recorded_at)
    assert not first.repeat
    assert figures(small_budget).reserved == Decimal("10.50")


@pytest.mark.parametrize("other", [{"amount": "11.00"}, {"month": date(2026, 2, 1)}, {"thread": "x"}, {"is_fact": True}])
def test_the_same_key_for_other_content_is_refused(small_budget: SmallBudget, other: dict[str, Any]) -> None:
    move(small_budget.account, "reserved", "10.50", key="once")
    before = rows()
    said: dict[str, Any] = {"amount": "10.50", **other}
    with pytest.raises(Stale) as refused:
        move(small_budget.account, "reserved", said.pop("amount"), key="once", **said)
    assert refused.value.code == "idempotency_conflict"
    assert rows() == before


def test_a_refusal_leaves_its_key_free_and_is_judged_afresh(small_budget: SmallBudget) -> None:
    account = small_budget.account
    move(account, "spent", 12000)
    with pytest.raises(NoFunds):
        move(account, "reserved", 5, key="again")
    move(account, "allotted", 5)
    assert not move(account, "reserved", 5, key="again").repeat


def test_a_reversal_undoes_every_entry_once(small_budget: SmallBudget) -> None:
    account = small_budget.account
    posted = move(account, "spent", 40, thread="invoice-line:1")
    undone = reverse(journal_id=posted.id, key="undo", actor=None)
    assert figures(small_budget) == Figures(YEAR)
    assert thread_balance(["invoice-line:1"])["invoice-line:1"]["spent"] == 0
    assert reverse(journal_id=posted.id, key="undo", actor=None) == undone.__class__(undone.id, True, undone.recorded_at)
    with pytest.raises(WrongState):
        reverse(journal_id=posted.id, key="undo-again", actor=None)
    with pytest.raises(NotFound):
        reverse(journal_id=0, key="undo-nothing", actor=None)


def test_a_reversal_is_never_refused_for_funds(small_budget: SmallBudget) -> None:
    account = small_budget.account
    raised = move(account, "allotted", 100)
    move(account, "reserved", 12100)
    reverse(journal_id=raised.id, key="undo", actor=None)
    assert figures(small_budget).available == -100


@pytest.mark.django_db(transaction=True)
def test_a_posting_outside_read_committed_is_refused(small_budget: SmallBudget) -> None:
    """An older snapshot would not see what others held after it: it would overspend without a word."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(InvalidInput):
            move(small_budget.account, "reserved", 1)
