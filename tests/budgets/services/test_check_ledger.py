"""The check of the ledger finds what was planted, names the place, and finds nothing where nothing is wrong."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.core.management import call_command
from django.db.backends.utils import CursorWrapper

from budgets.models import Control, Entry, Journal, Link
from budgets.selectors.check import check_ledger
from budgets.services.ledger import reverse
from tests.factories.budgets import CategoryFactory, move
from tests.fixtures.budgets import SmallBudget
from tests.owner import as_owner

GUARDED = ("budgets_journal", "budgets_entry", "budgets_link", "budgets_fundsaccount", "budgets_balance")


@pytest.fixture
def busy(small_budget: SmallBudget) -> SmallBudget:
    """The small budget after a few postings to two accounts."""
    for number in range(1, 5):
        for account in (small_budget.account, small_budget.accounts["PRODUCT", "people"]):
            posted = move(account, "spent", number, month=date(2026, number, 1), memo='memo | with, "all" sorts\n of ünïcode')
    reverse(journal_id=posted.id, key="undo", actor=None)
    return small_budget


@contextmanager
def vandal() -> Iterator[CursorWrapper]:
    """Let the owner write where nothing is rewritten: the triggers are off for that long."""
    with as_owner() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in GUARDED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in GUARDED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _json(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_whole_ledger_is_whole(busy: SmallBudget, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_ledger", "--json")
    counted = {"entries": Entry.objects.count(), "accounts": len(busy.accounts), "drift": 0, "chain": "ok", "anchors": 0}
    assert _json(capsys) == counted


SLIPPED_IN = (
    "INSERT INTO budgets_entry (journal_id, number, account_id, month, bucket, amount, thread, memo, rate, pooled, recorded_at) "
    "VALUES ({j}, 9, {b}, '2026-02-01', 'spent', 1, '', '', 1, 1, now())"
)
IN_FEBRUARY = "WHERE account_id = {a} AND month = '2026-02-01'"
COUNTED = "WHERE control_id = {k} AND month = '2026-02-01'"
LINK = "link {s} of account {a}"
PLANTED = {
    "balance": (f"UPDATE budgets_balance SET spent = spent + 0.01 {IN_FEBRUARY}", "balance of account {a} in 2026-02"),
    "hold": (
        (
            "INSERT INTO budgets_openhold (account_id, month, thread, bucket, amount) "
            "VALUES ({a}, '2026-02-01', 'request-line:9', 'reserved', 1)"
        ),
        "hold of request-line:9 at account {a} in 2026-02",
    ),
    "last posted": (
        "UPDATE budgets_fundsaccount SET posted_at = now() WHERE id = {a}",
        "account {a} was not last posted to when it says",
    ),
    "counter": (f"UPDATE budgets_controlmonth SET held = held - 0.01 {COUNTED}", "counter of control {k} in 2026-02"),
    "cover": ("DELETE FROM budgets_cover WHERE control_id = {k} AND account_id = {a}", "cover of account {a} by control {k}"),
    "amount": ("UPDATE budgets_entry SET amount = amount + 1 WHERE id = {e}", LINK),
    "month": ("UPDATE budgets_entry SET month = '2026-07-01' WHERE id = {e}", LINK),
    "thread": ("UPDATE budgets_entry SET thread = 'other' WHERE id = {e}", LINK),
    "moment": ("UPDATE budgets_journal SET recorded_at = now() WHERE id = {j}", LINK),
    "entry's moment": ("UPDATE budgets_entry SET recorded_at = now() WHERE id = {e}", "entry {e} is not of its journal's moment"),
    "rate": ("UPDATE budgets_entry SET rate = 2 WHERE id = {e}", LINK),
    "pooled": ("UPDATE budgets_entry SET pooled = pooled + 1 WHERE id = {e}", "balance of account {a} in 2026-02"),
    "account": ("UPDATE budgets_fundsaccount SET category_id = {c}, cost_centre_id = {n} WHERE id = {a}", LINK),
    "excused": ("INSERT INTO budgets_excused VALUES ({k}, '2026-01-01', '2026-12-01', 1)", "excused of control {k} to 2026-12"),
    "override": ("UPDATE budgets_journal SET is_override = NOT is_override WHERE id = {j}", LINK),
    "memo": ("UPDATE budgets_journal SET memo = 'other' WHERE id = {j}", LINK),
    "fact": ("UPDATE budgets_journal SET is_fact = NOT is_fact WHERE id = {j}", LINK),
    "hash": ("UPDATE budgets_link SET hash = sha256('x') WHERE account_id = {a} AND seq = {s}", LINK),
    "cut": ("DELETE FROM budgets_link WHERE account_id = {a} AND seq = {s}", "journal {j} at account {a} has no link"),
    "head": ("UPDATE budgets_fundsaccount SET seq = seq - 1 WHERE id = {a}", "head of account {a}"),
    "gone": ("DELETE FROM budgets_entry WHERE id = {e}", "journal {j} has no entries"),
    "slipped in": (SLIPPED_IN, "journal {j} at account {b} has no link"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found_and_named(busy: SmallBudget, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    statement, place = PLANTED[name]
    account = busy.account
    entry = Entry.objects.filter(account=account, bucket="spent", month=date(2026, 2, 1)).get()
    names = {
        "a": account.pk,
        "b": busy.accounts["PRODUCT", "people"].pk,
        "e": entry.pk,
        "j": entry.journal_id,
        "c": CategoryFactory.create(entity=busy.entity).pk,
        "n": busy.parent.pk,
        "s": Link.objects.get(account=account, journal=entry.journal_id).seq,
        "k": Control.objects.get(account__isnull=True, category=None, budget=busy.budget).pk,
    }
    with vandal() as cursor:
        cursor.execute(statement.format(**names))
    with pytest.raises(SystemExit) as refused:
        call_command("check_ledger", "--json")
    assert refused.value.code == 1
    found = _json(capsys)
    assert place.format(**names) in found["where"]  # type: ignore[operator]
    assert (found["drift"], found["chain"]) != (0, "ok")


def test_the_text_says_where(busy: SmallBudget, capsys: pytest.CaptureFixture[str]) -> None:
    with vandal() as cursor:
        cursor.execute("UPDATE budgets_balance SET paid = 1 WHERE account_id = %s", [busy.account.pk])
    with pytest.raises(SystemExit):
        call_command("check_ledger")
    out = capsys.readouterr().out
    assert "12 sums differ; 0 places in the chains are broken." in out
    assert f"drift: balance of account {busy.account.pk} in 2026-01" in out


@pytest.mark.django_db(transaction=True)
def test_the_check_reads_one_snapshot(busy: SmallBudget) -> None:
    assert check_ledger().is_whole
    assert Journal.objects.exists()
