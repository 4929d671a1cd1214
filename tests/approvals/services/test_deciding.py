"""Decisions: by whom, on what, once."""

from decimal import Decimal
from typing import Any

import pytest

from approvals.models import Decision, Request, Round, Stage, Timer
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.services.policies import load_policy
from approvals.services.requests import save_draft, submit_request, withdraw_request
from budgets.services.periods import close_period
from core.errors import InvalidInput, NotAllowed, NotFound, Stale, WrongState
from core.models import User
from tests.factories.approvals import MARCH, asked, everything, held, read_yaml, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
ZERO = Decimal(0)


@pytest.fixture
def request_(kafka: House) -> Request:
    return submitted(kafka.engineer, kafka.account, kind="infrastructure")


def _board(kafka: House, quorum: Any, size: int = 3) -> list[User]:
    """Let the policy ask a board of `size` people with a quorum; return them."""
    document = read_yaml("demo/policies/kafka.yaml")
    document["rules"][3]["stages"] = [{"role": "change_control_board", "quorum": quorum}]
    load_policy(document=document, entity=kafka.entity, actor=None)
    board = [kafka.people["change_control_board"]]
    for number in range(2, size + 1):
        member = UserFactory.create(name=f"Board member {number}")
        assign(member, "change_control_board", kafka.entity)
        board.append(member)
    return board


def test_stages_follow_one_another(request_: Request) -> None:
    first, second = stages_of(request_)
    assert (first.state, second.state) == (Stage.State.ASSIGNED, Stage.State.WAITING)

    decision = approve_stage(stage_id=first.pk, actor=first.owner, digest=request_.digest, comment=" Fine. ")

    first, second = stages_of(request_)
    assert (first.state, second.state) == (Stage.State.APPROVED, Stage.State.ASSIGNED)
    assert (decision.slot, decision.comment, decision.digest) == (1, "Fine.", request_.digest)
    assert second.due_at is not None
    assert set(second.timers.values_list("kind", flat=True)) == {"warn", "escalate", "breach"}
    assert not first.timers.filter(state=Timer.State.PENDING).exists()


def test_a_stage_that_is_not_asked_yet_takes_no_answer(request_: Request) -> None:
    second = stages_of(request_)[1]
    before = everything()

    with pytest.raises(NotAllowed):
        approve_stage(stage_id=second.pk, actor=second.owner, digest=request_.digest)

    assert everything() == before


def test_rejecting_ends_it_and_releases_but_keeps_its_history(request_: Request, kafka: House) -> None:
    first = stages_of(request_)[0]

    reject_stage(stage_id=first.pk, actor=first.owner, digest=request_.digest, comment="Not this year.")

    request_.refresh_from_db()
    assert request_.state == Request.State.REJECTED
    assert held(kafka.account) == (ZERO, ZERO)
    assert [stage.state for stage in stages_of(request_)] == [Stage.State.REJECTED, Stage.State.SKIPPED]
    assert Round.objects.get(request=request_).outcome == Round.Outcome.REJECTED
    assert Decision.objects.get(request=request_).comment == "Not this year."


@pytest.mark.parametrize("step", [reject_stage, send_back])
def test_a_no_needs_a_sentence(request_: Request, step: Any) -> None:
    first = stages_of(request_)[0]
    before = everything()

    for comment in ("", "  ", "x" * 2_000_000):
        with pytest.raises(InvalidInput) as refusal:
            step(stage_id=first.pk, actor=first.owner, digest=request_.digest, comment=comment)
        assert list(refusal.value.details) == ["comment"]

    assert everything() == before


def test_nobody_decides_on_their_own_request(kafka: House) -> None:
    """Even a requester who was put on the stage by other means."""
    request = submitted(kafka.engineer, kafka.account)
    stage = stages_of(request)[0]
    stage.members.create(person=kafka.engineer, capacity="member")
    before = everything()

    with pytest.raises(NotAllowed, match="own request"):
        approve_stage(stage_id=stage.pk, actor=kafka.engineer, digest=request.digest)

    assert everything() == before


def test_somebody_elses_stage_is_not_theirs_to_decide(request_: Request, kafka: House, outsider: User) -> None:
    stage = stages_of(request_)[0]
    before = everything()

    for person in (outsider, kafka.people["cfo"], stage.backup):
        assert person is not None
        with pytest.raises(NotAllowed, match="not yours"):
            approve_stage(stage_id=stage.pk, actor=person, digest=request_.digest)

    assert everything() == before


def test_nobody_decides_twice_in_one_round(request_: Request) -> None:
    first, second = stages_of(request_)
    approve_stage(stage_id=first.pk, actor=first.owner, digest=request_.digest)
    second.members.create(person=first.owner, capacity="member")
    before = everything()

    with pytest.raises(Stale, match="nobody decides twice") as refusal:
        approve_stage(stage_id=second.pk, actor=first.owner, digest=request_.digest)

    assert refusal.value.status == 409
    assert everything() == before


def test_a_second_click_is_stale_and_says_who_was_first(request_: Request) -> None:
    first = stages_of(request_)[0]
    approve_stage(stage_id=first.pk, actor=first.owner, digest=request_.digest)
    before = everything()

    steps: list[tuple[Any, dict[str, str]]] = [
        (approve_stage, {}),
        (reject_stage, {"comment": "No."}),
        (send_back, {"comment": "No."}),
    ]
    for step, more in steps:
        with pytest.raises(Stale, match=f"{first.owner.name} approved") as refusal:
            step(stage_id=first.pk, actor=first.owner, digest=request_.digest, **more)
        assert refusal.value.status == 409

    assert everything() == before


def test_a_tab_from_before_the_change_is_stale_and_the_amount_stays(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    old = stages_of(request)[0]
    send_back(stage_id=old.pk, actor=old.owner, digest=request.digest, comment="Less, please.")
    save_draft(actor=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, "900"), request_id=request.pk)
    again = submit_request(request_id=request.pk, actor=kafka.engineer)
    new = stages_of(again)[0]
    before = everything()

    with pytest.raises(Stale, match="submitted again"):
        approve_stage(stage_id=old.pk, actor=old.owner, digest=request.digest)
    with pytest.raises(Stale, match="changed after you opened it"):
        approve_stage(stage_id=new.pk, actor=new.owner, digest=request.digest)

    assert everything() == before
    again.refresh_from_db()
    assert (again.amount, again.state) == (Decimal("900.00"), Request.State.SUBMITTED)


def test_a_withdrawn_request_takes_no_answer(request_: Request, kafka: House) -> None:
    stage = stages_of(request_)[0]
    withdraw_request(request_id=request_.pk, actor=kafka.engineer)

    with pytest.raises(Stale, match="withdrawn"):
        approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request_.digest)


def test_a_stage_that_is_not_there(kafka: House) -> None:
    with pytest.raises(NotFound):
        approve_stage(stage_id=0, actor=kafka.engineer, digest="")


def test_any_of_a_board_decides_for_all(kafka: House) -> None:
    board = _board(kafka, "any")
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    stage = stages_of(request)[0]

    approve_stage(stage_id=stage.pk, actor=board[2], digest=request.digest)

    with pytest.raises(Stale, match="approved this stage"):
        approve_stage(stage_id=stage.pk, actor=board[0], digest=request.digest)
    assert held(kafka.account) == (ZERO, Decimal("1200.00"))


@pytest.mark.parametrize(("quorum", "needed"), [(2, 2), ("all", 3)])
def test_a_quorum_needs_its_number(kafka: House, quorum: Any, needed: int) -> None:
    board = _board(kafka, quorum)
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    stage = stages_of(request)[0]
    assert stage.needed == needed

    for count, member in enumerate(board[:needed], start=1):
        assert held(kafka.account) == (Decimal("1200.00"), ZERO)
        assert approve_stage(stage_id=stage.pk, actor=member, digest=request.digest).slot == count

    assert held(kafka.account) == (ZERO, Decimal("1200.00"))


def test_one_no_ends_a_quorum(kafka: House) -> None:
    board = _board(kafka, "all")
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    stage = stages_of(request)[0]
    approve_stage(stage_id=stage.pk, actor=board[0], digest=request.digest)

    reject_stage(stage_id=stage.pk, actor=board[1], digest=request.digest, comment="No.")

    request.refresh_from_db()
    assert request.state == Request.State.REJECTED
    assert held(kafka.account) == (ZERO, ZERO)


def test_stages_side_by_side_wait_for_each_other(kafka: House) -> None:
    document = read_yaml("demo/policies/kafka.yaml")
    document["rules"][2]["stages"] = [{"side_by_side": ["tech_lead", "finance"]}, "cfo"]
    load_policy(document=document, entity=kafka.entity, actor=None)
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    lead, finance, last = stages_of(request)
    assert [lead.state, finance.state, last.state] == ["assigned", "assigned", "waiting"]

    approve_stage(stage_id=finance.pk, actor=finance.owner, digest=request.digest)
    last.refresh_from_db()
    assert last.state == Stage.State.WAITING
    approve_stage(stage_id=lead.pk, actor=lead.owner, digest=request.digest)

    last.refresh_from_db()
    assert last.state == Stage.State.ASSIGNED


def test_a_new_policy_strands_nobody(request_: Request, kafka: House) -> None:
    document = read_yaml("demo/policies/kafka.yaml")
    document["rules"] = document["rules"][:1]
    document["accepted_gaps"] += [{"name": "no more", "kind": kind} for kind in document["kinds"] if kind != "team_expense"]
    newer = load_policy(document=document, entity=kafka.entity, actor=None)
    assert newer.number == kafka.policy.number + 1

    for stage in stages_of(request_):
        stage.refresh_from_db()
        approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request_.digest)

    request_.refresh_from_db()
    assert (request_.state, request_.policy_version) == (Request.State.APPROVED, kafka.policy)


def test_a_month_closes_only_when_nothing_waits_in_it(request_: Request, kafka: House, controller: User) -> None:
    stage = stages_of(request_)[0]
    before = everything()

    with pytest.raises(WrongState, match="reserved"):
        close_period(entity=kafka.entity, month=MARCH, actor=controller)

    assert everything() == before
    reject_stage(stage_id=stage.pk, actor=stage.owner, digest=request_.digest, comment="No.")
    close_period(entity=kafka.entity, month=MARCH, actor=controller)
