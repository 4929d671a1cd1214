"""Anchors of the ledger hold each organization's chain of receipts too, and a verifier elsewhere holds a dump to them."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured

from approvals.services.decisions import approve_stage
from approvals.services.receipts import write_dump
from approvals.services.undoing import take_back
from budgets.rules.anchors import canonical, signature_of
from budgets.selectors.anchors import anchor_file, check_anchors
from budgets.services.anchors import take_anchor
from tests.factories.approvals import approve_all, submitted
from tests.fixtures.approvals import House
from tests.owner import as_owner
from verify_receipts import Chain, anchors_in, hash_of, key_in, main, verify
from verify_receipts import canonical as canonical_text

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.ANCHOR_DIR = tmp_path / "anchors"
    settings.ANCHOR_KEY_FILE = tmp_path / "keys" / "anchor_key"
    return tmp_path / "anchors"


@pytest.fixture
def dump(kafka: House, tmp_path: Path) -> Path:
    """Four receipts; the first anchor saw two of them, the second all."""
    for amount in ("10", "20"):
        approve_all(submitted(kafka.engineer, kafka.account, amount))
    assert take_anchor()[1]
    decision = approve_all(submitted(kafka.engineer, kafka.account, "30")).decisions.get()
    take_back(decision_id=decision.pk, actor=decision.decider)
    assert take_anchor()[1]
    path = tmp_path / "receipts.jsonl"
    write_dump(entity=kafka.entity, path=path)
    return path


def held(path: Path, folder: Path) -> Chain:
    return verify(path, [], {}, anchors_in([folder], key_in(Path(configured.ANCHOR_KEY_FILE))))


def rows_in(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(f"{canonical_text(row)}\n" for row in rows))


def anew(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Compute a chain anew, as whoever can rewrite the whole database would."""
    prev, count = "", 0
    for row in rows:
        if row["line"] == "receipt":
            count += 1
            row |= {"prev": prev, "number": str(count)}
            prev = row["hash"] = hash_of(row)
    rows[-1] |= {"hash": prev, "receipts": str(count)}
    return rows


def test_each_anchor_says_where_the_chain_ended_and_a_whole_dump_contains_it(dump: Path, folder: Path, kafka: House) -> None:
    said = [json.loads(anchor_file(number).read_bytes())["chains"]["receipts"] for number in (1, 2)]
    rows = rows_in(dump)
    assert [(entity, number) for ((entity, number, _),) in said] == [(kafka.entity.code, "2"), (kafka.entity.code, "4")]
    assert [last for ((_, _, last),) in said] == [rows[2]["hash"], rows[4]["hash"]]
    chain = held(dump, folder)
    assert (chain.found, chain.anchors) == ([], 2)
    assert check_anchors().breaks == []


def test_a_chain_computed_anew_is_named_by_the_anchor(dump: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_in(dump)
    rows[1]["body"] = rows[1]["body"].replace('"reason":"', '"reason":"More: ')
    write(dump, anew(rows))
    assert verify(dump, [], {}).found == []
    found = held(dump, folder).found[0]
    assert (found.receipt, "anchor 1 saw another hash" in found.what) == ("2", True)
    assert main([str(dump), "--anchors", str(folder), "--json"]) == 1
    assert "Nothing was given" not in capsys.readouterr().out


def test_an_end_that_was_cut_off_is_named_by_the_anchor_that_saw_it(dump: Path, folder: Path) -> None:
    rows = rows_in(dump)
    del rows[3:5]
    write(dump, anew(rows))
    assert [(place.receipt, place.what) for place in held(dump, folder).found] == [("4", "anchor 2 saw it, and it is not there")]


def test_an_anchor_that_the_key_has_not_signed_holds_nothing_and_is_named(dump: Path, folder: Path) -> None:
    path = anchor_file(2)
    said = json.loads(path.read_bytes())
    said["chains"]["receipts"][0][1] = "3"
    path.chmod(0o600)
    path.write_bytes(canonical(said))
    chain = held(dump, folder)
    assert [place.what for place in chain.found] == ["the signature of anchor 2 is not one that this key makes"]
    assert chain.anchors == 1


def test_an_anchor_from_before_receipts_were_held_stays_valid(
    dump: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, key = anchor_file(1), bytes.fromhex(Path(configured.ANCHOR_KEY_FILE).read_text())
    said = json.loads(path.read_bytes())
    del said["chains"]
    path.chmod(0o600)
    path.write_bytes(canonical(said | {"signature": signature_of(said, key)}))
    chain = held(dump, folder)
    assert (chain.found, chain.anchors) == ([], 1)
    assert main([str(dump), "--anchors", str(folder), "--key", str(configured.ANCHOR_KEY_FILE)]) == 0
    out = capsys.readouterr().out
    assert "Of 2 anchors 1 say nothing of the receipts" in out
    assert "4 receipts of acme, held by 1 anchors: nothing differs." in out.replace(rows_in(dump)[0]["entity"], "acme")


def test_a_receipt_without_a_posting_is_ground_for_an_anchor_and_nothing_is_ground_for_none(dump: Path, kafka: House) -> None:
    assert not take_anchor()[1]
    request = submitted(kafka.engineer, kafka.account, "40", kind="infrastructure")
    assert take_anchor()[1]
    stage = request.stages.order_by("number").first()
    assert stage is not None
    approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    assert take_anchor()[1]
    assert not take_anchor()[1]


def test_the_daily_check_holds_the_database_to_its_anchors(dump: Path, kafka: House) -> None:
    with as_owner() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE approvals_receipt DISABLE TRIGGER USER")
        cursor.execute("UPDATE approvals_receipt SET hash = repeat('0', 64) WHERE number = 2")
        cursor.execute("ALTER TABLE approvals_receipt ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE approvals_receipt ENABLE ALWAYS TRIGGER receipts_stay")
        cursor.execute("ALTER TABLE approvals_receipt ENABLE ALWAYS TRIGGER receipts_no_truncate")
    assert check_anchors().breaks == [f"number 2 of the receipts of {kafka.entity.code} is not what anchor-000001.json saw"]
