"""Receipts: one for each decision and taking back, chained, written by the database alone; each kind of tampering is found."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from approvals.models import Decision, Receipt, ReceiptHead, Request
from approvals.rules.receipts import canonical
from approvals.selectors.receipts import line_of
from approvals.services.attachments import attach
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.services.delegations import DelegationData, state_delegation
from approvals.services.receipts import write_dump
from approvals.services.requests import submit_request
from approvals.services.undoing import take_back
from core.models import User
from tests.factories.approvals import MONDAY, approve_all, draft, stages_of, submitted
from tests.factories.changes import asked_to_move
from tests.fixtures.approvals import House
from tests.owner import as_owner
from verify_receipts import UnreadableError, digest_of, hash_of, receipt_in, verify

pytestmark = pytest.mark.usefixtures("monday")
Rows = list[dict[str, Any]]
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def receipt_of(decision: Decision) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(decision.receipts.get(kind="decision").body)
    return said


def test_a_decision_keeps_what_its_decider_saw(kafka: House, director: User) -> None:
    kept = draft(kafka.engineer, kafka.account, vendor_name="Streamline")
    file = attach(request_id=kept.pk, actor=kafka.engineer, name="quote.pdf", content=PDF)
    request = submit_request(request_id=kept.pk, actor=kafka.engineer)
    decision = approve_stage(
        stage_id=stages_of(request)[0].pk, actor=director, digest=request.digest, comment="Fine, “as agreed”.\nNo more."
    )

    said = receipt_of(decision)
    assert (said["request"], said["round"], said["digest"], said["verdict"]) == (request.number, "1", request.digest, "approve")
    assert (said["decider"]["name"], said["on_behalf_of"], said["comment"]) == (director.name, None, decision.comment)
    assert (said["decided_at"], said["undo_until"]) == ("2026-03-02T10:00:00.000000Z", "2026-03-02T10:01:00.000000Z")
    content = said["content"]
    assert (content["vendor"], content["currency"], content["amount"]) == ("Streamline", "USD", "1200.00")
    assert content["lines"][0]["net"] == "1200.00"
    assert said["attachments"] == [{"name": "quote.pdf", "size": str(file.size), "sha256": file.sha256}]
    assert said["policy"] == {"code": "kafka", "version": "1", "digest": kafka.policy.digest}
    assert said["stage"]["name"] == "Program director"


def test_it_names_for_whom_a_delegate_decided(kafka: House, director: User, deputy: User) -> None:
    day = MONDAY.date()
    state_delegation(data=DelegationData(kafka.entity, director, deputy, day, day + timedelta(days=3)), actor=director)
    request = submitted(kafka.engineer, kafka.account)
    said = receipt_of(approve_stage(stage_id=stages_of(request)[0].pk, actor=deputy, digest=request.digest))
    assert (said["decider"]["name"], said["on_behalf_of"]["name"]) == ("Deputy", director.name)


def test_a_taking_back_is_a_receipt_of_its_own(kafka: House, director: User) -> None:
    request = submitted(kafka.engineer, kafka.account)
    decision = approve_stage(stage_id=stages_of(request)[0].pk, actor=director, digest=request.digest)
    take_back(decision_id=decision.pk, actor=director)
    first, second = Receipt.objects.order_by("number")
    assert (first.kind, second.kind, second.prev, second.number) == ("decision", "taken_back", first.hash, 2)
    assert json.loads(second.body)["taken_back_at"] == "2026-03-02T10:00:00.000000Z"


def test_the_digest_of_what_changes_a_budget_follows_from_its_receipt_too(kafka: House) -> None:
    """Where budget moves to is no line of the request, and yet part of what was decided on."""
    taker = kafka.budget.accounts["PRODUCT", "software"]
    approve_all(asked_to_move(kafka.engineer, kafka.account, taker, "60000"))
    said = json.loads(Receipt.objects.get().body)
    assert said["content"]["bound"] == {"taker": str(taker.pk)}
    assert digest_of(said["content"]) == said["digest"]
    elsewhere = said["content"] | {"bound": {"taker": str(kafka.account.pk)}}
    assert digest_of(elsewhere) != said["digest"]


# What the database holds.


def test_nobody_but_the_function_writes_a_receipt(kafka: House) -> None:
    approve_all(submitted(kafka.engineer, kafka.account))
    receipt = Receipt.objects.get()
    values = {"entity": kafka.entity, "request": receipt.request, "decision": receipt.decision, "recorded_at": MONDAY}
    steps: list[Callable[[], Any]] = [
        lambda: Receipt.objects.update(body="{}"),
        lambda: Receipt.objects.all().delete(),
        lambda: Receipt.objects.create(number=9, kind="taken_back", body="{}", hash="0", **values),
        lambda: ReceiptHead.objects.update(number=0, hash=""),
        lambda: ReceiptHead.objects.all().delete(),
    ]
    for step in steps:
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            step()


def test_not_even_the_owner_changes_one_by_mistake(kafka: House) -> None:
    approve_all(submitted(kafka.engineer, kafka.account))
    # What is still to be checked at the commit keeps a table from being truncated anyway.
    connection.check_constraints()
    for statement in (
        "UPDATE approvals_receipt SET body = '{}'",
        "DELETE FROM approvals_receipt",
        "DELETE FROM approvals_receipthead",
        "TRUNCATE approvals_receipt",
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), as_owner() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "reject"},
        {"comment": "Never."},
        {"digest": "0" * 64},
        {"request": "REQ-2026-9999"},
        {"round": "2"},
        {"decided_at": "2026-03-01T10:00:00.000000Z"},
        {"on_behalf_of": {"id": "1", "name": "X", "email": "x@x"}},
        {"decider": {"id": "0", "name": "X", "email": "x@x"}},
        {"entity": "elsewhere"},
        {"form": "another"},
        {"kind": "decision"},
        {"taken_back_at": "2026-03-02T10:00:00.000000Z"},
    ],
)
def test_the_function_takes_nothing_that_its_decision_does_not_say(kafka: House, wrong: dict[str, Any]) -> None:
    approve_all(submitted(kafka.engineer, kafka.account))
    receipt = Receipt.objects.get()
    body = json.loads(receipt.body) | {"kind": "taken_back"} | wrong
    with pytest.raises(DatabaseError, match="says what its decision says"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT approvals_write_receipt(%s, 'taken_back', %s)", [receipt.decision_id, canonical(body)])
    assert Receipt.objects.count() == 1


# What the verifier finds.


@pytest.fixture
def chain(kafka: House, tmp_path: Path) -> Path:
    """A dump of six receipts: two approvals, a rejection that was taken back, one sent back, one approval more."""
    approve_all(submitted(kafka.engineer, kafka.account, kind="infrastructure"))
    request = submitted(kafka.engineer, kafka.account, "300", title="Schulung für „jeden“ ☂")
    said: dict[str, Any] = {"stage_id": stages_of(request)[0].pk, "actor": stages_of(request)[0].owner, "digest": request.digest}
    decision = reject_stage(comment="Nein.", **said)
    take_back(decision_id=decision.pk, actor=decision.decider)
    send_back(comment="Less.", **said)
    submit_request(request_id=request.pk, actor=kafka.engineer)
    approve_all(Request.objects.get(pk=request.pk))
    path = tmp_path / "receipts.jsonl"
    assert write_dump(entity=kafka.entity, path=path) == 6
    return path


def rows_in(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: Rows) -> None:
    path.write_text("".join(f"{canonical(row)}\n" for row in rows), encoding="utf-8")


def anew(rows: Rows) -> Rows:
    """Compute the whole chain anew, as somebody with the whole database could."""
    prev, number = "", 0
    for row in rows[1:-1]:
        number += 1
        row |= {"prev": prev, "number": str(number)}
        row["hash"] = prev = hash_of(row)
    rows[-1] |= {"receipts": str(number), "hash": prev}
    return rows


def changed(row: dict[str, Any], **more: Any) -> None:
    row["body"] = canonical(json.loads(row["body"]) | more)


def found(path: Path, **kept: Any) -> list[tuple[str, str]]:
    held, heads = kept.get("held", []), kept.get("heads", {})
    return [(place.receipt, place.what) for place in verify(path, held, heads).found]


def test_a_whole_chain_is_whole(chain: Path) -> None:
    assert found(chain) == []


def test_one_receipt_is_verified_by_itself(kafka: House, tmp_path: Path) -> None:
    approve_all(submitted(kafka.engineer, kafka.account))
    path = tmp_path / "one.json"
    path.write_text(f"{line_of(Receipt.objects.get())}\n", encoding="utf-8")
    assert found(path) == []
    rows = rows_in(path)
    changed(rows[0], comment="Never.")
    write(path, rows)
    assert found(path)[0][0] == "1"


def _body(rows: Rows) -> None:
    changed(rows[3], comment="Ja.")


def _drop(rows: Rows) -> None:
    del rows[3]


def _swap(rows: Rows) -> None:
    rows[2], rows[3] = rows[3], rows[2]


def _twice(rows: Rows) -> None:
    rows.insert(4, dict(rows[3]))


def _hash(rows: Rows) -> None:
    rows[3]["hash"] = "0" * 64


def _prev(rows: Rows) -> None:
    rows[3]["prev"] = "0" * 64


def _number(rows: Rows) -> None:
    rows[3]["number"] = "33"


def _entity(rows: Rows) -> None:
    rows[3]["entity"] = "elsewhere"


def _spaced(rows: Rows) -> None:
    rows[3]["body"] = rows[3]["body"].replace(",", ", ", 1)


def _not_json(rows: Rows) -> None:
    rows[3]["body"] = "{"


@pytest.mark.parametrize(
    ("tamper", "where", "words"),
    [
        (_body, "3", "not that of what it says"),
        (_drop, "4", "those after 2 are missing"),
        (_swap, "3", "those after 1 are missing"),
        (_twice, "3", "twice"),
        (_hash, "4", "does not follow"),
        (_prev, "3", "does not follow"),
        (_number, "33", "missing"),
        (_entity, "3", "the chain is of"),
        (_spaced, "3", "canonical"),
        (_not_json, "3", "not JSON"),
    ],
)
def test_each_change_is_named_with_its_place(chain: Path, tamper: Callable[[Rows], None], where: str, words: str) -> None:
    rows = rows_in(chain)
    tamper(rows)
    write(chain, rows)
    assert any(number == where and words in what for number, what in found(chain)), found(chain)


def _amount(rows: Rows) -> None:
    content = json.loads(rows[1]["body"])["content"]
    content["lines"][0]["net"] = "12.00"
    changed(rows[1], content=content)


def _vendor(rows: Rows) -> None:
    changed(rows[1], content=json.loads(rows[1]["body"])["content"] | {"vendor_id": "7"})


def _undecided(rows: Rows) -> None:
    del rows[3]


def _back_twice(rows: Rows) -> None:
    rows.insert(5, dict(rows[4]))


def _decided_twice(rows: Rows) -> None:
    rows.insert(2, dict(rows[1]))


def _form(rows: Rows) -> None:
    changed(rows[1], form="purser-receipt-9")


def _other_body(rows: Rows) -> None:
    changed(rows[1], entity="elsewhere")


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (_amount, "digest is not that of the content"),
        (_vendor, "digest is not that of the content"),
        (_undecided, "there is no receipt of it"),
        (_back_twice, "taken back twice"),
        (_decided_twice, "has a receipt already"),
        (_form, "its form is"),
        (_other_body, "another entity"),
    ],
)
def test_what_contradicts_itself_is_found_in_a_chain_computed_anew(
    chain: Path, tamper: Callable[[Rows], None], words: str
) -> None:
    rows = rows_in(chain)
    tamper(rows)
    write(chain, anew(rows))
    assert any(words in what for _, what in found(chain)), found(chain)


def test_what_was_kept_elsewhere_finds_a_chain_computed_anew(chain: Path, tmp_path: Path) -> None:
    """A comment is bound to nothing else: only what is out of reach can show that it was another."""
    rows = rows_in(chain)
    held = tmp_path / "held.json"
    write(held, [rows[4]])
    heads = {"6": rows[6]["hash"]}
    assert found(chain, held=[receipt_in(held)], heads=heads) == []
    changed(rows[3], comment="Ja.")
    write(chain, anew(rows))

    assert found(chain) == []
    assert [number for number, _ in found(chain, held=[receipt_in(held)])] == ["4"]
    assert [number for number, _ in found(chain, heads=heads)] == ["6"]


def test_a_tail_that_was_cut_off_is_found_by_the_end_and_by_what_was_kept(chain: Path) -> None:
    rows = rows_in(chain)
    last = rows[6]["hash"]
    del rows[6]
    write(chain, rows)
    assert any("the database counted 6" in what for _, what in found(chain))
    write(chain, anew(rows))
    assert found(chain) == []
    assert found(chain, heads={"6": last}) == [("6", "it was kept elsewhere, and is not there")]


def _cut(rows: Rows) -> None:
    del rows[-1]


def _headless(rows: Rows) -> None:
    del rows[0]


def _on_and_on(rows: Rows) -> None:
    rows.append(rows[1])


def _without_hash(rows: Rows) -> None:
    del rows[2]["hash"]


def _numberless(rows: Rows) -> None:
    rows[2]["number"] = "two"


def _of_lists(rows: Rows) -> None:
    rows[2]["body"] = []


@pytest.mark.parametrize("tamper", [_cut, _headless, _on_and_on, _without_hash, _numberless, _of_lists])
def test_what_is_no_dump_is_said_to_be_none(chain: Path, tamper: Callable[[Rows], None]) -> None:
    rows = rows_in(chain)
    tamper(rows)
    write(chain, rows)
    with pytest.raises(UnreadableError):
        verify(chain, [], {})


def test_the_script_runs_alone_and_says_what_is_broken_and_where(chain: Path, tmp_path: Path) -> None:
    script = [sys.executable, "-I", str(Path(settings.BASE_DIR) / "verify_receipts.py"), str(chain)]
    whole = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (whole.returncode, "6 receipts" in whole.stdout, "kept elsewhere" in whole.stdout) == (0, True, True)
    rows = rows_in(chain)
    _body(rows)
    write(chain, rows)
    broken = subprocess.run([*script, "--json"], capture_output=True, text=True, check=False)
    told = json.loads(broken.stdout)
    assert (broken.returncode, told["found"][0]["receipt"], told["found"][0]["request"]) == (1, "3", "REQ-2026-0002")
    chain.write_text("nothing", encoding="utf-8")
    assert subprocess.run(script, capture_output=True, check=False).returncode == 2


def test_the_command_writes_an_entitys_receipts(kafka: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    approve_all(submitted(kafka.engineer, kafka.account))
    path = tmp_path / "out.jsonl"
    call_command("dump_receipts", path, "--entity", kafka.entity.code, "--json")
    assert json.loads(capsys.readouterr().out)["receipts"] == 1
    assert found(path) == []
    for wrong in (["--entity", "nowhere"], ["--entity", kafka.entity.code]):
        with pytest.raises(CommandError) as error:
            call_command("dump_receipts", tmp_path / "no" / "such", *wrong)
        assert error.value.returncode == 2
