"""A restore that was accepted gives up what later anchors saw beyond it, and nothing else; a forged one gives up nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction

from budgets.models import AcceptedRestore, Anchor, FundsAccount
from budgets.rules.anchors import canonical
from budgets.selectors.anchors import anchor_file, check_anchors, restore_file
from budgets.services.anchors import take_anchor
from budgets.services.restores import accept_restore
from core.errors import WrongState
from tests.budgets.services.test_verify_ledger import Verdict, verify
from tests.factories.budgets import move
from tests.fixtures.budgets import SmallBudget
from tests.vandals import RECOMPUTE, vandal

TOLD = {"by": "Operator", "reason": "The machine burned down.", "backup": "purser-1"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.ANCHOR_DIR = tmp_path / "anchors"
    settings.ANCHOR_KEY_FILE = tmp_path / "anchor_key"
    return tmp_path


class RolledBackError(Exception):
    """Ends what a restore gives up."""


@pytest.fixture
def restored(small_budget: SmallBudget) -> FundsAccount:
    """Anchor, go on, anchor again; then be back at the first anchor: what the second saw is gone, and its file is there."""
    account = small_budget.account
    move(account, "spent", "10", is_fact=True)
    take_anchor()
    with pytest.raises(RolledBackError), transaction.atomic():
        move(account, "spent", "99", is_fact=True)
        take_anchor()
        raise RolledBackError
    assert anchor_file(2).exists()
    assert Anchor.objects.count() == 1
    return account


def named(verdict: Verdict) -> list[str]:
    return [place["what"] for place in verdict.places]


def test_without_acceptance_what_was_lost_is_named_for_ever(restored: FundsAccount, folder: Path) -> None:
    take_anchor()
    assert any("anchor-000002.json saw" in line for line in check_anchors().breaks)
    assert verify(folder).code == 1


def test_accepted_it_is_whole_again_and_said_each_time(restored: FundsAccount, folder: Path) -> None:
    accepted = accept_restore(**TOLD, token="once")

    assert [number for number, _ in accepted.given_up] == ["2"]
    move(restored, "spent", "12", is_fact=True)
    take_anchor()
    found = check_anchors()
    assert found.breaks == []
    assert found.anchors == 4
    assert "restore 1 from purser-1" in found.restores[0]
    assert "by Operator: The machine burned down." in found.restores[0]
    verdict = verify(folder)
    assert (verdict.code, named(verdict)) == (0, [])
    assert any(note.startswith("ACCEPTED: Restore 1 from purser-1") and accepted.digest in note for note in verdict.said["notes"])


def test_the_same_restore_is_accepted_once(restored: FundsAccount) -> None:
    assert accept_restore(**TOLD, token="once") == accept_restore(**TOLD, token="once")
    assert AcceptedRestore.objects.count() == 1
    assert accept_restore(**TOLD, token="another").number == 2
    assert check_anchors().breaks == []


def test_an_acceptance_whose_commit_failed_is_taken_up(restored: FundsAccount) -> None:
    with pytest.raises(RolledBackError), transaction.atomic():
        accept_restore(**TOLD, token="once")
        raise RolledBackError
    assert not AcceptedRestore.objects.exists()
    for path in (settings.ANCHOR_DIR).glob("anchor-000003.json"):
        path.unlink()
    assert accept_restore(**TOLD, token="once").number == 1
    # The anchor of the restored ledger comes with it, though only the restore's own file had been written.
    assert anchor_file(3).exists()
    assert take_anchor()[1] is False
    assert check_anchors().breaks == []


def test_what_the_restore_kept_is_still_held(restored: FundsAccount, folder: Path) -> None:
    accept_restore(**TOLD, token="once")
    with vandal() as cursor:
        cursor.execute("UPDATE budgets_entry SET amount = 11, pooled = 11 WHERE bucket = 'spent'")
        cursor.execute("UPDATE budgets_balance SET spent = 11, pooled_held = 11 WHERE spent = 10")
        cursor.execute(RECOMPUTE)
        cursor.execute("SELECT pg_temp.redigest(id) FROM budgets_journal")
        cursor.execute("SELECT pg_temp.rechain(id) FROM budgets_fundsaccount")
    assert any("restore-000001.json saw" in line for line in check_anchors().breaks)
    assert any("anchor-000001.json saw" in line for line in check_anchors().breaks)
    verdict = verify(folder)
    assert verdict.code == 1
    assert verdict.about(anchor="1")


def test_an_acceptance_that_the_key_did_not_sign_gives_up_nothing(restored: FundsAccount, folder: Path) -> None:
    accept_restore(**TOLD, token="once")
    path = restore_file(1)
    forged = {**json.loads(path.read_bytes()), "by": "Nobody"}
    path.chmod(0o600)
    path.write_bytes(canonical(forged))
    found = check_anchors()
    assert "restore-000001.json is not signed with the key" in found.breaks
    assert any("anchor-000002.json saw" in line for line in found.breaks)
    assert found.restores == []
    verdict = verify(folder)
    assert verdict.code == 1
    assert "its signature is not one that this key makes: it gives up nothing" in named(verdict)
    # Without the key nobody knows who wrote it: it is shown, and does not count.
    unsigned = verify(folder, key=False)
    assert unsigned.code == 1
    assert any(note.startswith("NOT COUNTED: Restore 1") for note in unsigned.said["notes"])


def test_a_row_without_its_file_is_named(restored: FundsAccount) -> None:
    accept_restore(**TOLD, token="once")
    restore_file(1).unlink()
    found = check_anchors()
    assert f"restore-000001.json is not in {settings.ANCHOR_DIR}" in found.breaks
    assert any("anchor-000002.json saw" in line for line in found.breaks)


def test_an_auditors_own_later_anchors_stand_beside_the_new_ones(restored: FundsAccount, folder: Path) -> None:
    """The folder burned with the machine, and the auditor has a copy of an anchor that the backup does not know."""
    copy = folder / "auditor" / "anchor-000002.json"
    copy.parent.mkdir()
    anchor_file(2).rename(copy)
    accept_restore(**TOLD, token="once")
    move(restored, "spent", "12", is_fact=True)
    take_anchor()
    assert check_anchors().breaks == []
    assert verify(folder).code == 0
    copy.rename(anchor_file(2).with_name("anchor-000002-copy.json"))
    verdict = verify(folder)
    assert (verdict.code, named(verdict)) == (0, [])


def test_two_anchors_of_one_number_without_an_acceptance_are_named(restored: FundsAccount, folder: Path) -> None:
    copy = anchor_file(2).with_name("anchor-000002-copy.json")
    anchor_file(2).rename(copy)
    move(restored, "spent", "12", is_fact=True)
    take_anchor()
    assert "there are two of this number, and no accepted restore says why" in named(verify(folder))


def test_a_foreign_file_is_not_taken_up(restored: FundsAccount) -> None:
    restore_file(1).write_bytes(b"{}")
    with pytest.raises(WrongState, match="does not follow the last accepted restore"):
        accept_restore(**TOLD, token="once")
    assert not AcceptedRestore.objects.exists()
    assert Anchor.objects.count() == 1


@pytest.mark.django_db
def test_the_app_cannot_change_what_was_accepted(restored: FundsAccount) -> None:
    accept_restore(**TOLD, token="once")
    for change in (lambda: AcceptedRestore.objects.update(by="Nobody"), AcceptedRestore.objects.all().delete):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            change()
