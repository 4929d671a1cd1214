"""The stand-alone verifier: it passes a whole ledger, names each kind of change, and refuses a file that is not a dump."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from budgets.models import Entry, Journal, Link
from budgets.selectors.anchors import anchor_file
from budgets.services.accounts import ensure_account
from budgets.services.anchors import take_anchor
from budgets.services.dumps import write_dump
from budgets.services.ledger import Posting, post, reverse
from budgets.services.rates import state_rate
from core.models import User
from tests.factories.budgets import BudgetFactory, move
from tests.fixtures.budgets import SmallBudget
from tests.vandals import RECOMPUTE, vandal

VERIFIER = Path(settings.BASE_DIR) / "verify_ledger.py"


@dataclass(frozen=True)
class Verdict:
    code: int
    said: dict[str, Any]

    @property
    def places(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.said["places"]
        return found

    def about(self, **where: Any) -> list[str]:
        """Return what is said of places that have these names."""
        wanted = {name: str(value) for name, value in where.items()}
        return [place["what"] for place in self.places if wanted.items() <= place.items()]


def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
    """Run the verifier as an auditor would: isolated, without the project on its path."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), *map(str, arguments)], capture_output=True, text=True, check=False
    )


def verify(folder: Path, *, anchored: bool = True, key: bool = True) -> Verdict:
    """Dump the ledger and verify the dump."""
    dump = folder / "dump.jsonl.gz"
    write_dump(path=dump)
    held_against = ["--anchors", settings.ANCHOR_DIR] if anchored else []
    signed = ["--key", settings.ANCHOR_KEY_FILE] if anchored and key else []
    done = run(dump, "--json", *held_against, *signed)
    assert done.stderr == ""
    return Verdict(done.returncode, json.loads(done.stdout))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.ANCHOR_DIR = tmp_path / "anchors"
    settings.ANCHOR_KEY_FILE = tmp_path / "anchor_key"
    return tmp_path


@pytest.fixture
def busy(small_budget: SmallBudget, controller: User) -> SmallBudget:
    """The small budget after postings of several kinds, with an anchor in the middle and one at the end."""
    account, other = small_budget.account, small_budget.accounts["PRODUCT", "people"]
    for number, memo in enumerate(("plain", 'quotes " and \\ and | and \n\t\x01\x7f', "ünï – 漢字 🧾"), start=1):
        for where in (account, other):
            move(where, "spent", f"{number}.50", month=date(2026, number, 1), memo=memo, thread=memo[:80], actor=controller)
    held = move(account, "reserved", 7, month=date(2026, 5, 1), thread="line:1", key="hold")
    take_anchor()
    both = [Posting(where.pk, date(2026, 4, 1), "spent", Decimal(5), f"two:{where.pk}") for where in (account, other)]
    post(key="both", kind="spend", entity=small_budget.entity, postings=both, actor=None, source=("test", "2"), is_fact=True)
    reverse(journal_id=held.id, key="undo", actor=None)
    take_anchor()
    return small_budget


def names_of(busy: SmallBudget) -> dict[str, int]:
    """Return what the attacks are about: two accounts, a journal and its entry and link, and a journal of both accounts."""
    account = busy.account
    entry = Entry.objects.get(account=account, bucket="spent", month=date(2026, 2, 1))
    return {
        "a": account.pk,
        "b": busy.accounts["PRODUCT", "people"].pk,
        "c": busy.parent.pk,
        "e": entry.pk,
        "j": entry.journal_id,
        "s": Link.objects.get(account=account, journal=entry.journal_id).seq,
        "both": Journal.objects.get(key="both").pk,
    }


def test_a_whole_ledger_is_whole(busy: SmallBudget, folder: Path) -> None:
    verdict = verify(folder)
    assert (verdict.code, verdict.places) == (0, [])
    counts = {"entries": Entry.objects.count(), "links": Link.objects.count(), "journals": Journal.objects.count()}
    assert {name: verdict.said[name] for name in counts} == counts
    assert (verdict.said["anchors"], verdict.said["accounts"]) == (2, 6)
    assert verdict.said["notes"] == [
        f"Held against 2 anchors, the last of them number 2 of {json.loads(anchor_file(2).read_text())['taken_at']}."
    ]


AS_FIRST_FORM = """
UPDATE budgets_journal j SET form = 1, digest = sha256(convert_to(jsonb_build_array(
    j.kind, j.entity_id::text, j.source_type, j.source_id, coalesce(j.reverses_id::text, ''), j.is_fact::text, j.memo, (
        SELECT jsonb_agg(jsonb_build_array(
            e.account_id::text, e.month::text, e.bucket, trim_scale(e.amount)::text, e.thread, e.memo) ORDER BY e.number)
        FROM budgets_entry e WHERE e.journal_id = j.id))::text, 'UTF8')) WHERE id <= %s
"""


def test_links_of_the_first_form_are_verified_too(busy: SmallBudget, folder: Path) -> None:
    with vandal() as cursor:
        cursor.execute(RECOMPUTE)
        cursor.execute(AS_FIRST_FORM, [names_of(busy)["both"]])
        cursor.execute("SELECT pg_temp.rechain(id) FROM budgets_fundsaccount")
    assert verify(folder, anchored=False).places == []
    assert set(Journal.objects.values_list("form", flat=True)) == {1, 2}


def test_other_currencies_and_settlements_are_verified_too(small_budget: SmallBudget, folder: Path) -> None:
    entity, centre = small_budget.entity, small_budget.parent
    budget = BudgetFactory.create(entity=entity, cost_centre=centre, currency="EUR")
    account = ensure_account(budget=budget, cost_centre=centre, category=small_budget.account.category)
    day, rate = date(2020, 1, 1), Decimal("1.0837000001")
    state_rate(entity=entity, currency="EUR", valid_on=day, rate=rate, source="Central bank", actor=None)
    move(account, "reserved", "100.10", thread="line:1", key="hold", is_fact=True)
    used = [Posting(account.pk, date(2026, 1, 1), bucket, Decimal(amount), "line:1") for bucket, amount in SETTLING]
    post(key="use", kind="commit", entity=entity, postings=used, actor=None, source=("test", "1"), settles="hold")
    take_anchor()
    assert (verify(folder).code, verify(folder).places) == (0, [])
    with vandal() as cursor:
        cursor.execute("UPDATE budgets_journal SET settles_id = NULL WHERE key = 'use'")
    assert "its hash is not that of what it holds" in verify(folder).about(account=account.pk, link=2)


SETTLING = (("reserved", "-60"), ("committed", "60"))


def test_without_an_anchor_it_says_what_it_cannot_show(busy: SmallBudget, folder: Path) -> None:
    verdict = verify(folder, anchored=False)
    assert verdict.code == 0
    assert "only show that the chains are consistent in themselves" in verdict.said["notes"][0]
    move(busy.account, "spent", 1)
    notes = verify(folder, key=False).said["notes"]
    assert any("signatures were not checked" in note for note in notes)
    assert any("1 entries are later than the last anchor" in note for note in notes)


# Each attack, and where something must be said of it: without anchors, and against them once the chain was computed anew.
LINK = {"account": "{a}", "link": "{s}"}
ACCOUNT = {"account": "{a}"}
ATTACKS: dict[str, tuple[str, dict[str, str], str]] = {
    "amount": ("UPDATE budgets_entry SET amount = amount + 1, pooled = pooled + 1 WHERE id = {e}", LINK, "hash is not"),
    "month": ("UPDATE budgets_entry SET month = '2026-07-01' WHERE id = {e}", LINK, "hash is not"),
    "bucket": ("UPDATE budgets_entry SET bucket = 'committed' WHERE id = {e}", LINK, "hash is not"),
    "thread": ("UPDATE budgets_entry SET thread = 'other' WHERE id = {e}", LINK, "hash is not"),
    "rate": ("UPDATE budgets_entry SET rate = 2 WHERE id = {e}", LINK, "hash is not"),
    "memo": ("UPDATE budgets_journal SET memo = 'other' WHERE id = {j}", LINK, "hash is not"),
    "actor": ("UPDATE budgets_journal SET actor_id = NULL WHERE id = {j}", LINK, "hash is not"),
    "kind": ("UPDATE budgets_journal SET kind = 'paid' WHERE id = {j}", LINK, "hash is not"),
    "override": ("UPDATE budgets_journal SET is_override = true WHERE id = {j}", LINK, "hash is not"),
    "entry gone": ("DELETE FROM budgets_entry WHERE id = {e}", LINK, "has no entries here"),
    "entry moved away": ("UPDATE budgets_entry SET account_id = {b} WHERE id = {e}", LINK, "has no entries here"),
    "links swapped": (
        """UPDATE budgets_link x SET journal_id = y.journal_id FROM budgets_link y
           WHERE x.account_id = {a} AND y.account_id = {a} AND (x.seq, y.seq) IN (({s}, {s} + 1), ({s} + 1, {s}))""",
        LINK,
        "hash is not",
    ),
    "link gone": ("DELETE FROM budgets_link WHERE account_id = {a} AND seq = {s}", ACCOUNT, "no link of the account names"),
    "repointed": ("UPDATE budgets_fundsaccount SET cost_centre_id = {c} WHERE id = {a}", ACCOUNT, "hash is not"),
    "shortened": (
        """DELETE FROM budgets_entry e USING budgets_link l
           WHERE l.account_id = {a} AND l.seq >= {s} AND (e.account_id, e.journal_id) = (l.account_id, l.journal_id);
           DELETE FROM budgets_link WHERE account_id = {a} AND seq >= {s}""",
        ACCOUNT,
        "its head is not its last link",
    ),
}


RENUMBER = """
UPDATE budgets_entry e SET number = r.number
FROM (SELECT id, row_number() OVER (PARTITION BY journal_id ORDER BY number) AS number FROM budgets_entry) r
WHERE r.id = e.id AND r.number <> e.number
"""


def strike(attack: str, names: dict[str, int], *, consistent: bool) -> None:
    """Do it; and, where asked, compute digests, balances and both accounts' chains anew."""
    with vandal() as cursor:
        cursor.execute(ATTACKS[attack][0].format(**names))
        if consistent:
            cursor.execute(RECOMPUTE)
            cursor.execute(
                "DELETE FROM budgets_journal j WHERE NOT EXISTS (SELECT FROM budgets_entry e WHERE e.journal_id = j.id)"
            )
            cursor.execute(
                "DELETE FROM budgets_link l WHERE NOT EXISTS (SELECT FROM budgets_journal j WHERE j.id = l.journal_id)"
            )
            cursor.execute(RENUMBER)
            cursor.execute("SELECT pg_temp.redigest(id) FROM budgets_journal")
            cursor.execute("SELECT pg_temp.rechain(id), pg_temp.rebalance(id) FROM budgets_fundsaccount")


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_change_is_named(busy: SmallBudget, folder: Path, attack: str) -> None:
    names = names_of(busy)
    strike(attack, names, consistent=False)
    verdict = verify(folder, anchored=False)
    where = {name: value.format(**names) for name, value in ATTACKS[attack][1].items()}
    assert verdict.code == 1
    assert any(ATTACKS[attack][2] in what for what in verdict.about(**where)), verdict.places


@pytest.mark.parametrize("attack", sorted(set(ATTACKS) - {"entry moved away", "link gone"}))
def test_a_change_that_is_consistent_in_itself_is_named_by_an_anchor(busy: SmallBudget, folder: Path, attack: str) -> None:
    names = names_of(busy)
    strike(attack, names, consistent=True)
    assert verify(folder, anchored=False).places == []
    verdict = verify(folder)
    assert verdict.code == 1
    assert verdict.about(account=names["a"])
    assert all("anchor" in place for place in verdict.places)


IN_FEBRUARY = "WHERE account_id = {a} AND month = '2026-02-01'"
THERE = "WHERE account_id = {a} AND seq = {s}"
OF_TWO = "WHERE journal_id = {both} AND account_id = "
MISFITS: dict[str, tuple[str, dict[str, str], str]] = {
    "balance": (f"UPDATE budgets_balance SET spent = spent + 0.01 {IN_FEBRUARY}", ACCOUNT, "spent of 2026-02"),
    "pooled balance": (f"UPDATE budgets_balance SET pooled_held = 0 {IN_FEBRUARY}", ACCOUNT, "pooled_held of 2026-02"),
    "no balance": (f"DELETE FROM budgets_balance {IN_FEBRUARY}", ACCOUNT, "entries in 2026-02-01, and no balance"),
    "no account": ("DELETE FROM budgets_fundsaccount WHERE id = {a}", ACCOUNT, "is no account"),
    "head": ("UPDATE budgets_fundsaccount SET head = sha256('x') WHERE id = {a}", ACCOUNT, "its head is not its last link"),
    "prev": (f"UPDATE budgets_link SET prev = sha256('x') {THERE}", LINK, "does not name the hash"),
    "place": (f"UPDATE budgets_link SET seq = 70 {THERE}", {**ACCOUNT, "link": "70"}, "a link is missing between"),
    "no journal": ("DELETE FROM budgets_journal WHERE id = {j}", LINK, "its journal is not there"),
    "half a journal": (f"DELETE FROM budgets_entry {OF_TWO} {{b}}", {"journal": "{both}"}, "it is not whole"),
    "its first half": (f"DELETE FROM budgets_entry {OF_TWO} {{a}}", {"journal": "{both}"}, "not numbered from 1"),
    "half linked": (f"DELETE FROM budgets_link {OF_TWO} {{b}}", {"account": "{b}"}, "no link of the account names"),
    "no number": ("UPDATE budgets_entry SET amount = 'NaN' WHERE id = {e}", LINK, "has no usable amount"),
    "moment": ("UPDATE budgets_entry SET recorded_at = now() WHERE id = {e}", LINK, "was not recorded when its journal was"),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_what_does_not_belong_is_named(busy: SmallBudget, folder: Path, misfit: str) -> None:
    names, (sql, where, said) = names_of(busy), MISFITS[misfit]
    with vandal() as cursor:
        cursor.execute("ALTER TABLE budgets_balance DISABLE TRIGGER ALL")
        cursor.execute(sql.format(**names))
    verdict = verify(folder, anchored=False)
    assert verdict.code == 1
    found = verdict.about(**{name: value.format(**names) for name, value in where.items()})
    assert any(said in what for what in found), verdict.places


SLIPPED_IN = """
INSERT INTO budgets_journal (key, digest, kind, entity_id, source_type, source_id, is_fact, is_override, form, memo,
                             correlation_id, recorded_at)
SELECT 'slipped in', digest, kind, entity_id, source_type, source_id, is_fact, is_override, form, memo,
       correlation_id, recorded_at
FROM budgets_journal WHERE key = 'both' RETURNING id
"""


def test_an_inserted_journal_is_named(busy: SmallBudget, folder: Path) -> None:
    with vandal() as cursor:
        cursor.execute(SLIPPED_IN)
        slipped = cursor.fetchone()[0]
    assert "its entries are not numbered from 1 on without a gap" in verify(folder).about(journal=slipped)


def test_an_account_that_was_anchored_is_missed(busy: SmallBudget, folder: Path) -> None:
    gone = busy.accounts["PRODUCT", "training"].pk
    with vandal() as cursor:
        for table in ("budgets_entry", "budgets_link", "budgets_balance"):
            cursor.execute(f"DELETE FROM {table} WHERE account_id = %s", [gone])
        cursor.execute("DELETE FROM budgets_fundsaccount WHERE id = %s", [gone])
    assert "it was anchored, and is not there" in verify(folder).about(account=gone)


def test_an_older_anchor_tells_of_a_change_before_a_newer_one(busy: SmallBudget, folder: Path) -> None:
    """Tampered with between two anchors, so that the newer one saw what was put there."""
    strike("memo", names_of(busy), consistent=True)
    move(busy.account, "spent", 1)
    take_anchor()
    verdict = verify(folder)
    assert {place["anchor"] for place in verdict.places} == {"1", "2"}
    assert verdict.about(account=names_of(busy)["a"])


def forge(taken: int, name: str, **changes: Any) -> None:
    """Put another content into an anchor's file, in its canonical form and signed with some other key."""
    content = {**json.loads(anchor_file(taken).read_text()), **changes, "signature": "00" * 32}
    anchor_file(taken).unlink()
    said = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    (settings.ANCHOR_DIR / name).write_text(said + "\n")


def test_a_forged_anchor_is_named(busy: SmallBudget, folder: Path) -> None:
    forge(2, "anchor-000002.json", taken_at="2026-01-01T00:00:00.000000Z")
    assert verify(folder).about(anchor=2) == ["its signature is not one that this key makes"]
    assert verify(folder, key=False).code == 0
    forge(2, "anchor-000002.json", before="00" * 32)
    assert "it does not follow the anchor 1 given here" in verify(folder, key=False).about(anchor=2)
    forge(2, "anchor-000007.json", number="7")
    assert "the one before it here is 1: those between are missing" in verify(folder, key=False).about(anchor=7)


def test_an_anchor_that_counted_more_than_there_is_now_is_named(busy: SmallBudget, folder: Path) -> None:
    forge(2, "anchor-000002.json", counts={"accounts": 600, "journals": 1, "entries": 1})
    assert verify(folder, key=False).about(anchor=2) == ["it counted 600 accounts, and there are 6"]


def test_the_last_anchor_alone_is_enough_for_what_it_saw(busy: SmallBudget, folder: Path) -> None:
    anchor_file(1).unlink()
    verdict = verify(folder)
    assert verdict.code == 0
    assert "They begin with number 2: those before were not given." in verdict.said["notes"]


def test_the_text_names_the_places(busy: SmallBudget, folder: Path) -> None:
    names = names_of(busy)
    strike("amount", names, consistent=False)
    write_dump(path=folder / "dump")
    done = run(folder / "dump", "--anchors", *settings.ANCHOR_DIR.iterdir(), "--key", settings.ANCHOR_KEY_FILE)
    assert done.returncode == 1
    assert "account {a}, link {s}, journal {j}: its hash is not that of what it holds".format(**names) in done.stdout
    assert "journal {j}: it is not whole: its digest is of other entries".format(**names) in done.stdout
    assert "account {a}: spent of 2026-02-01 is stored as 2.50; its entries add up to 3.5".format(**names) in done.stdout
    assert done.stdout.endswith("4 places differ.\n")
