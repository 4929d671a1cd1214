"""Anchors: taken once for what was posted, signed, in a row, and held against the ledger by its check."""

import hashlib
import hmac
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.db.backends.utils import CursorWrapper

from budgets.models import Anchor, Entry, FundsAccount, Journal, Link
from budgets.selectors.anchors import anchor_file, check_anchors
from budgets.services.anchors import take_anchor
from budgets.tasks import take_anchor as daily
from core.errors import WrongState
from tests.factories.budgets import move
from tests.fixtures.budgets import SmallBudget
from tests.owner import as_owner

GUARDED = ("budgets_journal", "budgets_entry", "budgets_link", "budgets_fundsaccount", "budgets_balance")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.ANCHOR_DIR = tmp_path / "anchors"
    settings.ANCHOR_KEY_FILE = tmp_path / "keys" / "anchor_key"
    return tmp_path / "anchors"


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


def taken() -> Anchor:
    anchor, is_new = take_anchor()
    assert anchor is not None
    assert is_new
    return anchor


def content_of(anchor: Anchor) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(anchor_file(anchor.number).read_bytes())
    return content


def rewrite(anchor: Anchor, **changes: Any) -> bytes:
    """Put other content into an anchor's file, in its canonical form and signed with the key."""
    content = {**content_of(anchor), **changes}
    content.pop("signature")
    key = bytes.fromhex(settings.ANCHOR_KEY_FILE.read_text())
    said = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    content["signature"] = hmac.new(key, said, "sha256").hexdigest()
    signed = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    anchor_file(anchor.number).unlink()
    anchor_file(anchor.number).write_bytes(signed)
    return signed


def test_an_anchor_says_where_every_chain_ends(small_budget: SmallBudget) -> None:
    move(small_budget.account, "spent", 3)
    anchor = taken()
    content = content_of(anchor)
    heads = {row[0]: row[1:] for row in content["accounts"]}
    for account in FundsAccount.objects.all():
        node = [str(account.budget_id), str(account.cost_centre_id), str(account.category_id), account.currency]
        assert heads.pop(str(account.pk)) == [str(account.seq), bytes(account.head).hex(), *node]
    assert heads == {}
    counts = {"accounts": 6, "journals": Journal.objects.count(), "entries": Entry.objects.count()}
    assert content["counts"] == counts
    assert (anchor.accounts, anchor.journals, anchor.entries) == tuple(counts.values())
    assert (anchor.number, anchor.name, content["before"]) == (1, "anchor-000001.json", "")


def test_it_is_signed_as_described(small_budget: SmallBudget) -> None:
    anchor = taken()
    raw = anchor_file(1).read_bytes()
    assert hashlib.sha256(raw).hexdigest() == anchor.digest
    content = json.loads(raw)
    signature = content.pop("signature")
    said = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    key = bytes.fromhex(settings.ANCHOR_KEY_FILE.read_text())
    assert len(key) == 32
    assert signature == hmac.new(key, said, "sha256").hexdigest()


def test_nobody_else_reads_the_key_and_nobody_writes_the_anchor(small_budget: SmallBudget, folder: Path) -> None:
    taken()
    assert stat.S_IMODE(settings.ANCHOR_KEY_FILE.stat().st_mode) == 0o600
    assert stat.S_IMODE(anchor_file(1).stat().st_mode) == 0o444 & ~_umask()
    assert sorted(path.name for path in folder.iterdir()) == ["anchor-000001.json"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_each_names_the_one_before_and_the_key_stays(small_budget: SmallBudget) -> None:
    first = taken()
    key = settings.ANCHOR_KEY_FILE.read_text()
    move(small_budget.account, "spent", 1)
    second = taken()
    assert (second.number, content_of(second)["before"]) == (2, first.digest)
    assert settings.ANCHOR_KEY_FILE.read_text() == key


def test_nothing_posted_takes_no_anchor(small_budget: SmallBudget, folder: Path) -> None:
    first = taken()
    assert take_anchor() == (first, False)
    assert daily() is False
    assert [path.name for path in folder.iterdir()] == [first.name]
    move(small_budget.account, "spent", 1)
    assert daily() is True
    assert Anchor.objects.count() == 2


@pytest.mark.django_db
def test_a_ledger_without_accounts_has_nothing_to_anchor(folder: Path) -> None:
    assert take_anchor() == (None, False)
    assert not folder.exists()


@pytest.mark.django_db(transaction=True)
def test_a_file_whose_commit_failed_is_taken_up_by_the_next_call(small_budget: SmallBudget) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        taken()
        raise RuntimeError
    assert Anchor.objects.count() == 0
    before = anchor_file(1).read_bytes()
    anchor, is_new = take_anchor()
    assert anchor is not None
    assert (anchor.number, is_new) == (1, False)
    assert anchor.digest == hashlib.sha256(before).hexdigest()
    assert check_anchors().breaks == []


def test_a_strangers_file_in_its_place_is_refused_and_kept(small_budget: SmallBudget, folder: Path) -> None:
    for content in (b"not an anchor", rewrite(taken(), number="2", before="ab" * 32)):
        anchor_file(2).write_bytes(content)
        move(small_budget.account, "spent", 1)
        with pytest.raises(WrongState) as refused:
            take_anchor()
        assert refused.value.code == "foreign_anchor"
        assert anchor_file(2).read_bytes() == content
        assert Anchor.objects.count() <= 1


def test_the_app_may_not_rewrite_what_was_taken(small_budget: SmallBudget) -> None:
    anchor = taken()
    for change in (lambda: Anchor.objects.update(digest="00"), lambda: Anchor.objects.all().delete()):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            change()
    assert list(Anchor.objects.values_list("digest", flat=True)) == [anchor.digest]


def checked(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """Return the exit code of the check of the ledger, and what it printed."""
    capsys.readouterr()
    try:
        call_command("check_ledger", "--json")
        code = 0
    except SystemExit as refused:
        code = int(str(refused.code))
    return code, json.loads(capsys.readouterr().out)


def test_the_check_of_the_ledger_counts_anchors(small_budget: SmallBudget, capsys: pytest.CaptureFixture[str]) -> None:
    taken()
    move(small_budget.account, "spent", 1)
    taken()
    code, found = checked(capsys)
    assert (code, found["anchors"], found["chain"]) == (0, 2, "ok")
    call_command("check_ledger")
    assert "2 anchors. Balances and counters agree" in capsys.readouterr().out


RECOMPUTED = """
DO $$ DECLARE v record; v_prev bytea := ''; v_hash bytea; BEGIN
    FOR v IN SELECT * FROM budgets_link WHERE account_id = {a} ORDER BY seq LOOP
        v_hash := sha256(v_prev || convert_to(budgets_link_text(v.journal_id, v.account_id, v.seq), 'UTF8'));
        UPDATE budgets_link SET prev = v_prev, hash = v_hash WHERE account_id = {a} AND seq = v.seq;
        v_prev := v_hash;
    END LOOP;
    UPDATE budgets_fundsaccount SET head = v_prev WHERE id = {a};
END $$
"""


def test_a_chain_that_was_computed_anew_is_found(small_budget: SmallBudget, capsys: pytest.CaptureFixture[str]) -> None:
    account = small_budget.account
    posted = move(account, "spent", 1, memo="as it was")
    taken()
    move(account, "spent", 2)
    with vandal() as cursor:
        cursor.execute("UPDATE budgets_journal SET memo = 'as it never was' WHERE id = %s", [posted.id])
        cursor.execute(RECOMPUTED.format(a=account.pk))
    code, found = checked(capsys)
    assert (code, found["drift"], found["chain"]) == (1, 0, "broken")
    assert found["where"] == [f"link 2 of account {account.pk} is not what anchor-000001.json saw"]


def test_a_shortened_chain_and_a_repointed_account_are_found(small_budget: SmallBudget) -> None:
    account, other = small_budget.account, small_budget.accounts["PRODUCT", "people"]
    move(account, "spent", 1)
    taken()
    with vandal() as cursor:
        cursor.execute("DELETE FROM budgets_link WHERE account_id = %s AND seq = 2", [account.pk])
        cursor.execute("UPDATE budgets_fundsaccount SET currency = 'EUR' WHERE id = %s", [other.pk])
    assert Link.objects.filter(account=account).count() == 1
    assert check_anchors().breaks == [
        f"link {seq} of account {pk} is not what anchor-000001.json saw" for pk, seq in sorted([(account.pk, 2), (other.pk, 1)])
    ]


def test_what_is_done_to_the_files_is_found(small_budget: SmallBudget, folder: Path) -> None:
    first = taken()
    move(small_budget.account, "spent", 1)
    second = taken()
    rewrite(second, taken_at="2020-01-01T00:00:00.000000Z")
    assert check_anchors().breaks == ["anchor-000002.json is not the anchor that was taken"]
    rewrite(second, before="")
    assert "anchor-000002.json does not follow the anchor before it" in check_anchors().breaks
    anchor_file(2).unlink()
    assert check_anchors().breaks == [f"anchor-000002.json is not in {folder}"]
    anchor_file(3).write_bytes(b"[1]")
    assert "anchor-000003.json has no row" in check_anchors().breaks
    assert "anchor-000003.json is not an anchor" in check_anchors().breaks
    assert check_anchors().anchors == 3
    assert first.name not in " ".join(check_anchors().breaks)


def test_another_key_is_found(small_budget: SmallBudget) -> None:
    taken()
    settings.ANCHOR_KEY_FILE.write_text("00" * 32)
    assert check_anchors().breaks == ["anchor-000001.json is not signed with the key"]
    settings.ANCHOR_KEY_FILE.unlink()
    assert check_anchors().breaks == [f"the anchors' key is not at {settings.ANCHOR_KEY_FILE}"]


def test_the_command_takes_one_and_says_so(small_budget: SmallBudget, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("take_anchor", "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["taken"], said["number"], said["file"]) == (True, 1, str(anchor_file(1)))
    call_command("take_anchor", "--json")
    assert json.loads(capsys.readouterr().out)["taken"] is False
    call_command("take_anchor")
    assert "Nothing was posted since anchor 1" in capsys.readouterr().out


def test_the_command_says_why_not(small_budget: SmallBudget, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder.mkdir()
    anchor_file(1).write_text("{}")
    with pytest.raises(SystemExit):
        call_command("take_anchor", "--json")
    assert "does not follow the last anchor" in json.loads(capsys.readouterr().out)["error"]
    with pytest.raises(CommandError, match="PURSER_ANCHOR_DIR"):
        call_command("take_anchor")
    assert Anchor.objects.count() == 0
