"""After a send-back: what was approved and covers what comes again stands, everybody else is asked again."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from approvals.models import Decision, Receipt, Request, Round, Stage
from approvals.models.grounds import COVERS
from approvals.rules.grounds import why_not_covered
from approvals.services.attachments import attach
from approvals.services.decisions import approve_stage, reject_stage
from approvals.services.hands import add_approver
from approvals.services.receipts import write_dump
from approvals.services.undoing import take_back
from budgets.services.accounts import ensure_account
from core.errors import NotAllowed, Refusal, Stale
from core.models import AuditRecord, Notice, User
from core.services import outbox
from core.services.assignments import take_role
from tests.factories.approvals import held, line, stages_of
from tests.factories.budgets import CategoryFactory, VendorFactory, allot
from tests.factories.core import UserFactory, assign
from tests.factories.returns import again, approved_by, begun, reasking, returned, sent_back
from tests.fixtures.approvals import House
from verify_receipts import verify

pytestmark = pytest.mark.usefixtures("monday")
APRIL = date(2026, 4, 1)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
WAITING, ASSIGNED, APPROVED = Stage.State.WAITING, Stage.State.ASSIGNED, Stage.State.APPROVED


@pytest.fixture
def sent(kafka: House) -> Request:
    """Approved by the tech lead, sent back by finance."""
    reasking(kafka)
    return returned(kafka)


def _states(request: Request) -> list[str]:
    return [stage.state for stage in stages_of(request)]


def test_what_was_approved_stands_and_who_sent_it_back_is_asked_again(sent: Request, kafka: House) -> None:
    earlier = sent.decisions.get(verdict="approve")
    comes = again(sent, kafka, title="Licences, with a quote", reason="As finance asked.")

    first, second, third = stages_of(comes)
    assert [first.state, second.state, third.state] == [APPROVED, ASSIGNED, WAITING]
    assert (first.stands_from_id, first.assigned_at, first.decided_at) == (earlier.stage_id, None, earlier.decided_at)
    assert not first.timers.exists()
    stands = first.decisions.get()
    assert (stands.stands_from, stands.person, stands.round) == (earlier, earlier.person, 2)
    assert (stands.digest, stands.decided_at, stands.undo_until) == (comes.digest, earlier.decided_at, None)
    assert second.owner == kafka.people["finance"]
    assert AuditRecord.objects.filter(verb="request.approval_stands", subject_id=str(comes.pk)).count() == 1
    assert held(kafka.account) == (Decimal(1200), Decimal(0))
    outbox.drain()
    assert Notice.objects.get(kind="approvals.stands").person == earlier.person

    approved_by(comes, 2)
    approved_by(comes, 3)
    comes.refresh_from_db()
    assert comes.state == Request.State.APPROVED
    assert held(kafka.account) == (Decimal(0), Decimal(1200))


def test_where_the_policy_does_not_say_so_everybody_is_asked_again(kafka: House) -> None:
    reasking(kafka, reask="everybody")
    comes = again(returned(kafka), kafka)
    assert _states(comes) == [ASSIGNED, WAITING, WAITING]


def test_the_setting_counts_of_the_version_that_routes(sent: Request, kafka: House) -> None:
    """A version that came meanwhile asks everybody, though it says the same."""
    reasking(kafka, note="The next one.")
    comes = again(sent, kafka)
    assert _states(comes) == [ASSIGNED, WAITING, WAITING]


@pytest.mark.parametrize("net", ["0.01", "1199.99", "1200"])
def test_less_of_the_same_stands(sent: Request, kafka: House, net: str) -> None:
    assert _states(again(sent, kafka, net)) == [APPROVED, ASSIGNED, WAITING]


def _more(kafka: House) -> dict[str, Any]:
    return {"lines": [line(kafka.account, "1200.01")]}


def _other_account(kafka: House) -> dict[str, Any]:
    category = CategoryFactory.create(entity=kafka.entity)
    other = ensure_account(budget=kafka.account.budget, cost_centre=kafka.account.cost_centre, category=category)
    allot(other, "5000")
    return {"lines": [line(other, "1200")]}


def _other_month(kafka: House) -> dict[str, Any]:
    allot(kafka.account, "5000", month=APRIL)
    return {"lines": [line(kafka.account, "1200", month=APRIL)]}


def _vendor(kafka: House) -> dict[str, Any]:
    return {"vendor_id": VendorFactory.create(entity=kafka.entity).pk}


CHANGES: dict[str, Callable[[House], dict[str, Any]]] = {
    "a cent more": _more,
    "another account": _other_account,
    "another month": _other_month,
    "a vendor": _vendor,
    "tags": lambda _: {"tags": {"project": "kafka"}},
    "a monthly increase": lambda _: {"monthly_increase": "1"},
    "VAT on top": lambda kafka: {"lines": [line(kafka.account, "1200", vat="0.01")]},
    "a line besides": lambda kafka: {"lines": [line(kafka.account, "1200"), line(kafka.account, "0.01")]},
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_whoever_approved_something_else_is_asked_again(sent: Request, kafka: House, change: str) -> None:
    comes = again(sent, kafka, **CHANGES[change](kafka))
    assert _states(comes) == [ASSIGNED, WAITING, WAITING]
    assert not Decision.objects.filter(stands_from__isnull=False).exists()


def test_lines_may_be_split_joined_and_left_out(kafka: House) -> None:
    reasking(kafka)
    sent = returned(kafka, lines=[line(kafka.account, "700"), line(kafka.account, "500")])
    comes = again(sent, kafka, lines=[line(kafka.account, "300"), line(kafka.account, "100"), line(kafka.account, "800")])
    assert _states(comes) == [APPROVED, ASSIGNED, WAITING]


def test_an_attachment_asks_nobody_again(sent: Request, kafka: House) -> None:
    attach(request_id=sent.pk, actor=kafka.engineer, name="quote.pdf", content=PDF)
    assert _states(again(sent, kafka)) == [APPROVED, ASSIGNED, WAITING]


def test_it_stands_from_round_to_round_and_never_grows(sent: Request, kafka: House) -> None:
    second = again(sent, kafka, "900")
    sent_back(second, 2)
    third = again(second, kafka, "900")
    assert _states(third) == [APPROVED, ASSIGNED, WAITING]
    assert third.decisions.get(round=3).stands_from == second.decisions.get(round=2, verdict="approve")
    sent_back(third, 2)
    # The tech lead approved 1,200 once, and 1,000 is more than the 900 that stood last.
    assert _states(again(third, kafka, "1000")) == [ASSIGNED, WAITING, WAITING]


def test_side_by_side_those_who_approved_are_not_asked_again(kafka: House) -> None:
    reasking(kafka, [{"side_by_side": ["tech_lead", "finance"]}, "change_control_board"])
    comes = again(returned(kafka), kafka)
    assert _states(comes) == [APPROVED, ASSIGNED, WAITING]
    approved_by(comes, 2)
    assert _states(comes) == [APPROVED, APPROVED, ASSIGNED]


def test_the_stage_that_sent_it_back_is_asked_again_and_the_one_after_it_too(kafka: House) -> None:
    reasking(kafka)
    request = begun(kafka)
    sent_back(request, 1)
    assert _states(again(request, kafka)) == [ASSIGNED, WAITING, WAITING]


def test_a_quorum_stands_whole_or_not_at_all(kafka: House) -> None:
    members = [UserFactory.create(name=f"Lead {number}") for number in (2, 3)]
    for member in members:
        assign(member, "tech_lead", kafka.entity)
    reasking(kafka, [{"role": "tech_lead", "quorum": 2}, "finance"])
    request = begun(kafka)
    for person in (kafka.people["tech_lead"], members[0]):
        approved_by(request, 1, person)
    sent_back(request, 2)
    comes = again(request, kafka)
    first = stages_of(comes)[0]
    assert (first.state, first.needed, first.decisions.count()) == (APPROVED, 2, 2)
    assert sorted(first.decisions.values_list("slot", flat=True)) == [1, 2]


def test_one_of_a_quorum_who_left_lets_all_of_it_be_asked_again(kafka: House, administrator: User) -> None:
    other = UserFactory.create(name="Lead 2")
    third = UserFactory.create(name="Lead 3")
    held_role = assign(other, "tech_lead", kafka.entity)
    assign(third, "tech_lead", kafka.entity)
    reasking(kafka, [{"role": "tech_lead", "quorum": 2}, "finance"])
    request = begun(kafka)
    for person in (kafka.people["tech_lead"], other):
        approved_by(request, 1, person)
    sent_back(request, 2)
    take_role(assignment_id=held_role.pk, actor=administrator)
    assert _states(again(request, kafka)) == [ASSIGNED, WAITING]


def test_what_was_asked_besides_stands_with_it(kafka: House) -> None:
    reasking(kafka)
    request = begun(kafka)
    first = stages_of(request)[0]
    add_approver(stage_id=first.pk, actor=first.owner, person_id=kafka.people["legal"].pk, reason="To be sure.")
    approved_by(request, 1)
    approved_by(request, 1, kafka.people["legal"])
    sent_back(request, 2)
    first = stages_of(again(request, kafka))[0]
    assert (first.state, first.needed, first.decisions.count()) == (APPROVED, 2, 2)


def test_whoever_stands_decides_on_nothing_else(sent: Request, kafka: House) -> None:
    """The tech lead holds finance's role too by now, and is passed over there."""
    assign(kafka.people["tech_lead"], "finance", kafka.entity, kind="finance")
    comes = again(sent, kafka)
    second = stages_of(comes)[1]
    assert second.owner == kafka.people["finance"]
    second.members.create(person=kafka.people["tech_lead"], capacity="member")
    with pytest.raises((NotAllowed, Stale)):
        approve_stage(stage_id=second.pk, actor=kafka.people["tech_lead"], digest=comes.digest)


def test_an_approval_that_stands_is_not_taken_back_and_what_follows_is(sent: Request, kafka: House) -> None:
    comes = again(sent, kafka)
    stands = comes.decisions.get(round=2)
    with pytest.raises(Refusal):
        take_back(decision_id=stands.pk, actor=stands.decider)
    later = approved_by(comes, 2)
    take_back(decision_id=later.pk, actor=later.decider)
    assert _states(comes) == [APPROVED, ASSIGNED, WAITING]


def test_a_no_ends_it_whatever_stands(sent: Request, kafka: House) -> None:
    comes = again(sent, kafka)
    second = stages_of(comes)[1]
    reject_stage(stage_id=second.pk, actor=second.owner, digest=comes.digest, comment="Not this year.")
    comes.refresh_from_db()
    assert (comes.state, _states(comes)) == (Request.State.REJECTED, [APPROVED, Stage.State.REJECTED, Stage.State.SKIPPED])


def test_its_receipt_says_that_it_stands_and_from_what(sent: Request, kafka: House, tmp_path: Any) -> None:
    earlier = sent.decisions.get(verdict="approve")
    comes = again(sent, kafka, "900")
    said = json.loads(Receipt.objects.get(decision=comes.decisions.get(round=2)).body)
    assert said["stands_from"] == {"decision": str(earlier.pk), "round": "1", "digest": earlier.digest}
    assert said["content"]["amount"] == "900.00"
    path = tmp_path / "receipts.jsonl"
    write_dump(entity=kafka.entity, path=path)
    assert verify(path, [], {}).found == []


# What the database holds by itself


def _forged(why: str, sql: str, *values: Any) -> None:
    with pytest.raises(DatabaseError, match=why), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def _copied(model: Any, *without: str) -> str:
    left_out = {"id", "round", "state", "stands_from_id", "recorded_at", *without}
    names = [each.column for each in model._meta.concrete_fields if each.column not in left_out]
    return ", ".join(f'"{name}"' for name in names)


@pytest.mark.parametrize("net", ["1200", "1300"], ids=["asked of everybody", "more than before"])
def test_no_statement_lets_a_stage_stand_past_the_policy(kafka: House, net: str) -> None:
    reasking(kafka, reask="changed" if net == "1300" else "everybody")
    sent = returned(kafka)
    first = sent.stages.get(round=1, number=1)
    comes = again(sent, kafka, net)
    names = _copied(Stage, "number", "assigned_at", "due_at")
    _forged(
        "only as the policy says",
        f"INSERT INTO approvals_stage ({names}, number, round, state, stands_from_id)"
        f" SELECT {names}, number, 2, 'waiting', id FROM approvals_stage WHERE id = %s",
        first.pk,
    )
    assert _states(comes) == [ASSIGNED, WAITING, WAITING]


def test_no_statement_ends_a_stage_that_nobody_approved(sent: Request, kafka: House) -> None:
    comes = again(sent, kafka, "1300")
    waiting = stages_of(comes)[1]
    first = sent.stages.get(round=1, number=1)
    _forged("stands only by what was approved", "UPDATE approvals_stage SET state = 'approved' WHERE id = %s", waiting.pk)
    _forged("Cannot update", "UPDATE approvals_stage SET stands_from_id = %s WHERE id = %s", first.pk, waiting.pk)


def test_no_statement_makes_an_approval_of_another(sent: Request, kafka: House) -> None:
    """A decision that says it stands, on a stage that is asked, or in another's name."""
    comes = again(sent, kafka, "1300")
    earlier = sent.decisions.get(round=1, verdict="approve")
    names = _copied(Decision, "stage_id", "digest", "undo_until", "person_id")
    insert = (
        f"INSERT INTO approvals_decision ({names}, stage_id, digest, round, person_id, stands_from_id, recorded_at)"
        f" SELECT {names}, %s, %s, 2, %s, id, now() FROM approvals_decision WHERE id = %s"
    )
    for stage in stages_of(comes)[:2]:
        for person in (earlier.person_id, kafka.people["legal"].pk):
            _forged("only on a stage that does", insert, stage.pk, comes.digest, person, earlier.pk)
    assert not comes.decisions.filter(round=2).exists()


def test_the_same_rule_is_read_alike_in_python_and_in_the_database(sent: Request, kafka: House) -> None:
    """Every pair of contents of a few hundred: whatever Python finds covered the database does, and the other way round."""
    content = dict(Round.objects.get(request=sent, number=1).content)
    row = content["lines"][0]

    def of(*lines: tuple[str, str, str, str], **more: Any) -> dict[str, Any]:
        rows = [row | {"account": int(a), "net": n, "vat": v, "recoverable": b} for a, n, v, b in lines]
        total = sum((Decimal(n) + Decimal(v) - Decimal(b) for _, n, v, b in lines), Decimal(0))
        return content | {"lines": rows, "amount": str(total)} | more

    places = [
        ("1", "10.00", "0.00", "0.00"),
        ("1", "8.00", "2.00", "0.00"),
        ("1", "8.00", "4.00", "4.00"),
        ("2", "10.00", "0.00", "0.00"),
    ]
    contents = [of(*pair) for pair in product(places, repeat=2)] + [of(each) for each in places]
    contents += [
        of(places[0], **more) for more in ({"monthly_increase": "1.00"}, {"monthly_increase": "2.00"}, {"terms": {"to": "x"}})
    ]
    contents += [
        of(places[0], **more) for more in ({"tags": {"a": "b"}}, {"emergency": True}, {"kind": "other"}, {"title": "Other"})
    ]
    with connection.cursor() as cursor:
        for before, after in product(contents, repeat=2):
            for same in (True, False):
                cursor.execute(
                    f"SELECT COALESCE({COVERS}, FALSE) FROM (SELECT %s::jsonb AS content, 'x' AS digest) a,"
                    " (SELECT %s::jsonb AS content, %s AS digest) b",
                    [json.dumps(before), json.dumps(after), "x" if same else "y"],
                )
                found = cursor.fetchone()[0]
                assert found is (why_not_covered(before, after, same_digest=same) == ""), (before, after, same)
