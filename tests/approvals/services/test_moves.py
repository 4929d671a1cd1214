"""Moving budget from one line to another: asked for, held, decided, taken back; or done at once."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from approvals.models import Request, Virement
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.services.emergencies import declare_emergency
from approvals.services.policies import load_policy
from approvals.services.requests import copy_request, save_draft, submit_request, withdraw_request
from approvals.services.undoing import take_back
from approvals.services.virements import move_budget
from budgets.models import Budget, FundsAccount, Journal
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from core import clock
from core.errors import InvalidInput, Missing, NoFunds, NotAllowed, WrongState
from core.models import User
from tests.factories.approvals import MARCH, MONDAY, approve_all, asked, draft, everything, held, read_yaml, stages_of
from tests.factories.budgets import BudgetFactory, move
from tests.factories.changes import allotted, asked_to_move, available, move_of, moved
from tests.factories.core import UserFactory, assign
from tests.factories.emergencies import word_of
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
ZERO = Decimal(0)
LARGE = "60000"


@pytest.fixture
def taker(kafka: House) -> FundsAccount:
    return kafka.budget.accounts["PRODUCT", "software"]


def test_a_large_move_is_asked_of_the_sponsor_and_held_at_the_giver_until_then(kafka: House, taker: FundsAccount) -> None:
    before = available(kafka.account), allotted(taker)

    request = asked_to_move(kafka.engineer, kafka.account, taker, LARGE)

    assert (request.subject_kind, request.kind, request.amount) == ("virement", "budget_reallocation", Decimal(60000))
    assert [stage.owner for stage in stages_of(request)] == [kafka.people["executive_sponsor"]]
    assert held(kafka.account) == (Decimal(60000), ZERO)
    assert (available(kafka.account), allotted(taker)) == (before[0] - 60000, before[1])


def test_approved_it_moves_the_allotment_and_lets_the_hold_go(kafka: House, taker: FundsAccount) -> None:
    gives, takes = allotted(kafka.account), allotted(taker)

    request = approve_all(asked_to_move(kafka.engineer, kafka.account, taker, LARGE))

    assert request.state == Request.State.APPROVED
    assert held(kafka.account) == (ZERO, ZERO)
    assert (allotted(kafka.account), allotted(taker)) == (gives - 60000, takes + 60000)
    journal = Journal.objects.get(kind="transfer")
    assert (journal.source_type, journal.source_id) == ("request", str(request.pk))


def test_up_to_fifty_thousand_is_a_gap_that_says_whom_to_ask(kafka: House, taker: FundsAccount) -> None:
    before = everything()

    with pytest.raises(Missing, match="Program director"):
        moved(kafka.engineer, kafka.account, taker, "50000")

    assert everything() == before
    assert Virement.objects.count() == 0


def test_what_the_giver_has_not_is_refused_with_both_sides_and_nothing_moves(kafka: House, taker: FundsAccount) -> None:
    before = everything()
    much = allotted(kafka.account) + Decimal("0.01")

    with pytest.raises(NoFunds) as refusal:
        moved(kafka.engineer, kafka.account, taker, much)

    assert refusal.value.details["giver"]["available"] == f"{much - Decimal('0.01'):.2f}"
    assert refusal.value.details["taker"]["name"] == taker.name
    assert everything() == before


def test_what_is_held_for_a_move_cannot_be_spent_meanwhile(kafka: House, taker: FundsAccount) -> None:
    asked_to_move(kafka.engineer, kafka.account, taker, LARGE)
    kept = draft(kafka.engineer, kafka.account, available(kafka.account) + 1, kind="scope_change")

    with pytest.raises(NoFunds):
        submit_request(request_id=kept.pk, actor=kafka.engineer)


@pytest.mark.parametrize("answer", [reject_stage, send_back])
def test_a_no_lets_the_hold_go_and_moves_nothing(kafka: House, taker: FundsAccount, answer: object) -> None:
    gives = allotted(kafka.account)
    request = asked_to_move(kafka.engineer, kafka.account, taker, LARGE)
    stage = stages_of(request)[0]

    answer(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Not now.")  # type: ignore[operator]

    assert held(kafka.account) == (ZERO, ZERO)
    assert allotted(kafka.account) == gives


def test_withdrawn_it_holds_nothing(kafka: House, taker: FundsAccount) -> None:
    request = asked_to_move(kafka.engineer, kafka.account, taker, LARGE)

    withdraw_request(request_id=request.pk, actor=kafka.engineer)

    assert held(kafka.account) == (ZERO, ZERO)


def test_an_approval_taken_back_reverses_both_journals_and_can_be_given_again(kafka: House, taker: FundsAccount) -> None:
    gives, takes = allotted(kafka.account), allotted(taker)
    request = asked_to_move(kafka.engineer, kafka.account, taker, LARGE)
    stage = stages_of(request)[0]
    for _ in range(2):
        decision = approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
        assert allotted(taker) == takes + 60000

        take_back(decision_id=decision.pk, actor=stage.owner)

        assert (allotted(kafka.account), allotted(taker)) == (gives, takes)
        assert held(kafka.account) == (Decimal(60000), ZERO)
    approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    assert (allotted(kafka.account), held(kafka.account)) == (gives - 60000, (ZERO, ZERO))


def test_an_approval_is_not_taken_back_once_the_taker_has_used_it(kafka: House, taker: FundsAccount) -> None:
    request = asked_to_move(kafka.engineer, kafka.account, taker, LARGE)
    stage = stages_of(request)[0]
    decision = approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    move(taker, "reserved", "60000", month=MARCH)
    before = everything()

    with pytest.raises(WrongState, match="has used") as refusal:
        take_back(decision_id=decision.pk, actor=stage.owner)

    assert refusal.value.code == "used"
    assert everything() == before


def test_sent_back_it_is_changed_on_its_own_page_and_the_taker_is_part_of_what_is_decided(
    kafka: House, taker: FundsAccount
) -> None:
    request = asked_to_move(kafka.engineer, kafka.account, taker, LARGE)
    first = request.digest
    stage = stages_of(request)[0]
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="To training.")
    other = kafka.budget.accounts["PRODUCT", "training"]

    again = move_budget(
        actor=kafka.engineer, move=move_of(kafka.account, other, LARGE), form_key=uuid4(), request_id=request.pk
    ).request

    assert again is not None
    assert (again.round, again.virement.taker_id) == (2, other.pk)
    assert again.digest != first
    assert again.rounds.get(number=2).content["terms"]["Moves to"].startswith(other.name)


def test_one_form_moves_once(kafka: House, taker: FundsAccount) -> None:
    key = uuid4()
    first = moved(kafka.engineer, kafka.account, taker, LARGE, key=key)

    again = moved(kafka.engineer, kafka.account, taker, LARGE, key=key)

    assert first.request == again.request
    assert held(kafka.account) == (Decimal(60000), ZERO)


def test_a_move_is_no_request_for_money(kafka: House, taker: FundsAccount) -> None:
    request = asked_to_move(kafka.engineer, kafka.account, taker, LARGE)
    withdraw_request(request_id=request.pk, actor=kafka.engineer)
    with pytest.raises(WrongState, match="changes a budget"):
        copy_request(request_id=request.pk, actor=kafka.engineer)
    kept = draft(kafka.engineer, kafka.account, LARGE, kind="budget_reallocation")
    before = everything()

    with pytest.raises(InvalidInput, match="page of its own"):
        submit_request(request_id=kept.pk, actor=kafka.engineer)

    assert everything() == before


def test_a_move_that_was_sent_back_is_not_turned_into_spend_nor_into_an_emergency(kafka: House, taker: FundsAccount) -> None:
    request = asked_to_move(kafka.engineer, kafka.account, taker, LARGE)
    stage = stages_of(request)[0]
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="No.")
    before = everything()

    with pytest.raises(WrongState, match="changes a budget"):
        save_draft(actor=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, "10"), request_id=request.pk)
    with pytest.raises(WrongState, match="no emergency"):
        declare_emergency(request_id=request.pk, actor=kafka.engineer, data=word_of(kafka.people["cfo"]))

    assert everything() == before


def test_what_it_asks_for_is_fixed_while_it_is_decided(kafka: House, taker: FundsAccount) -> None:
    request = asked_to_move(kafka.engineer, kafka.account, taker, LARGE)

    with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
        Virement.objects.filter(request=request).update(taker=kafka.budget.accounts["PRODUCT", "training"])


def test_a_decider_must_reach_both_sides(kafka: House, taker: FundsAccount) -> None:
    """A sponsor of the giver's cost centre alone is passed over: the other side is not theirs."""
    sponsor: User = UserFactory.create(name="Platform sponsor")
    assign(sponsor, "executive_sponsor", kafka.entity, kind="executive", cost_centre=kafka.budget.cost_centres["PLATFORM"])

    request = asked_to_move(kafka.engineer, kafka.account, taker, LARGE)

    assert [stage.owner for stage in stages_of(request)] == [kafka.people["executive_sponsor"]]


def test_who_asks_for_money_at_one_side_only_moves_nothing(kafka: House, taker: FundsAccount) -> None:
    narrow: User = UserFactory.create(name="Platform engineer")
    assign(narrow, "platform", kafka.entity, kind="requester", cost_centre=kafka.budget.cost_centres["PLATFORM"])
    before = everything()

    with pytest.raises(InvalidInput) as refusal:
        moved(narrow, kafka.account, taker, LARGE)

    assert set(refusal.value.details) == {"taker"}
    assert everything() == before


# ---------------------------------------------------------------- at once


def _without_moves(kafka: House, **more: object) -> None:
    document = deepcopy(read_yaml("demo/policies/kafka.yaml")) | more
    if not more:
        document["rules"] = [rule for rule in document["rules"] if rule["kind"] != "budget_reallocation"]
        document["accepted_gaps"] = [gap for gap in document["accepted_gaps"] if gap["kind"] != "budget_reallocation"]
        del document["kinds"]["budget_reallocation"]
    load_policy(document=document, entity=kafka.entity, actor=None)


def test_where_the_policy_names_no_such_kind_who_keeps_both_lines_moves_at_once(kafka: House, taker: FundsAccount) -> None:
    _without_moves(kafka)
    takes = allotted(taker)
    key = uuid4()

    done = moved(kafka.people["finance"], kafka.account, taker, "500", key=key)
    again = moved(kafka.people["finance"], kafka.account, taker, "500", key=key)

    assert done.request is None
    assert done.journal is not None
    assert again.journal is not None
    assert (done.journal.id, again.journal.repeat) == (again.journal.id, True)
    assert allotted(taker) == takes + 500


def test_who_does_not_keep_them_is_told_who_does(kafka: House, taker: FundsAccount) -> None:
    _without_moves(kafka)
    before = everything()

    with pytest.raises(NotAllowed, match="Finance") as refusal:
        moved(kafka.engineer, kafka.account, taker, "500")

    assert kafka.people["finance"].name in refusal.value.details["who_may"]
    assert everything() == before


def test_a_limit_of_who_keeps_them_bounds_what_moves_at_once(kafka: House, taker: FundsAccount) -> None:
    _without_moves(kafka)
    keeper: User = UserFactory.create(name="Keeper")
    held_by = assign(keeper, "keeper", kafka.entity, kind="finance")
    held_by.limit = Decimal(100)
    held_by.save()

    with pytest.raises(NotAllowed) as refusal:
        moved(keeper, kafka.account, taker, "100.01")

    assert refusal.value.code == "above_limit"
    assert moved(keeper, kafka.account, taker, "100").journal is not None


def test_the_policy_may_let_small_moves_be_made_at_once(kafka: House, taker: FundsAccount) -> None:
    _without_moves(kafka, move_at_once_up_to=50000, accepted_gaps=read_yaml("demo/policies/kafka.yaml")["accepted_gaps"][:3])

    assert moved(kafka.people["finance"], kafka.account, taker, "50000").journal is not None
    assert moved(kafka.people["finance"], kafka.account, taker, "50000.01").request is not None


# ---------------------------------------------------------------- FOLIO's figures


@pytest.mark.parametrize("mode", ["warn", "track"])
def test_a_thousand_and_five_hundred_less_and_more_1026(kafka: House, mode: str) -> None:
    """A 1000, B 500; 1026 from A to B: A -26, B 1526, the whole stays 1500."""
    _without_moves(kafka)
    giver, taker = _pair(kafka, mode)

    moved(kafka.people["finance"], giver, taker, "1026")

    assert (allotted(giver), allotted(taker)) == (Decimal(-26), Decimal(1526))


@pytest.mark.parametrize("mode", ["warn", "track"])
def test_then_25_to_a_line_of_another_budget_leave_minus_51_and_1475_and_225_there(kafka: House, mode: str) -> None:
    """After the 1026 from A to B, 25 from A to C, whose budget has 200: what A's budget loses C's has."""
    _without_moves(kafka)
    giver, taker = _pair(kafka, mode)
    other = BudgetFactory.create(entity=kafka.entity, cost_centre=kafka.budget.parent, line_mode=mode, group_mode=mode)
    theirs = ensure_account(budget=other, cost_centre=kafka.budget.parent, category=kafka.budget.categories["people"])
    set_controls(budget=other)
    move(theirs, "allotted", "200", month=MARCH)
    first, second = (_budget_allotted(each.budget) for each in (giver, theirs))
    assert second == 200

    moved(kafka.people["finance"], giver, taker, "1026")
    assert _budget_allotted(giver.budget) == first
    moved(kafka.people["finance"], giver, theirs, "25")

    assert (allotted(giver), allotted(taker), allotted(theirs)) == (Decimal(-51), Decimal(1526), Decimal(225))
    assert (allotted(giver) + allotted(taker), _budget_allotted(giver.budget), _budget_allotted(other)) == (1475, first - 25, 225)


def _budget_allotted(budget: Budget) -> Decimal:
    return sum((allotted(account) for account in FundsAccount.objects.filter(budget=budget)), ZERO)


def test_under_a_stop_1026_of_a_thousand_is_refused(kafka: House) -> None:
    _without_moves(kafka)
    giver, taker = _pair(kafka, "stop")
    before = everything()

    with pytest.raises(NoFunds):
        moved(kafka.people["finance"], giver, taker, "1026")

    assert everything() == before


def _pair(kafka: House, mode: str) -> tuple[FundsAccount, FundsAccount]:
    """Return two lines of 1000 and 500, with a control of `mode` on each and on what lies above."""
    budget = kafka.budget.budget
    budget.line_mode = budget.group_mode = mode
    budget.save()
    accounts = [
        ensure_account(budget=budget, cost_centre=kafka.budget.parent, category=kafka.budget.categories[code])
        for code in ("people", "training")
    ]
    for account, amount in zip(accounts, ("1000", "500"), strict=True):
        move(account, "allotted", amount, month=MARCH)
    set_controls(budget=budget, categories=list(kafka.budget.categories.values()))
    return accounts[0], accounts[1]


def test_after_its_window_it_is_not_taken_back_but_moved_back(kafka: House, taker: FundsAccount) -> None:
    request = asked_to_move(kafka.engineer, kafka.account, taker, LARGE)
    stage = stages_of(request)[0]
    decision = approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    with clock.at(MONDAY + timedelta(minutes=2)):
        with pytest.raises(WrongState, match="within 60 seconds"):
            take_back(decision_id=decision.pk, actor=stage.owner)

        approve_all(asked_to_move(kafka.engineer, taker, kafka.account, LARGE))

    assert allotted(taker) == Decimal(12000)
