"""Reserves and draws on them: who approves, what moves, what is refused, here and in the database."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from approvals.models import DrawReport, Request, Reserve, ReserveDraw, Stage
from approvals.selectors.advances import Taking
from approvals.selectors.moves import Move, sides_of_request
from approvals.selectors.reserves import available_in, reserves_covering
from approvals.services.advances import ask_advance
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.services.draws import ask_draw, predicted_draw
from approvals.services.policies import load_policy
from approvals.services.requests import save_draft, submit_request, withdraw_request
from approvals.services.reserves import make_reserve, state_reserve
from approvals.services.undoing import take_back
from approvals.services.virements import move_budget
from budgets.models import Entry, FundsAccount, Journal, Mode
from budgets.selectors.check import check_ledger
from budgets.services.controls import set_controls
from core.errors import InvalidInput, Missing, NoFunds, WrongState
from core.models import User
from tests.factories.approvals import MARCH, approve_all, asked, everything, read_yaml, stages_of
from tests.factories.budgets import move
from tests.factories.core import UserFactory, assign
from tests.factories.reserves import draw, drawing, line_of_reserve, month, reserve, stand, terms
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
APRIL = date(2026, 4, 1)


@pytest.fixture
def kept(distro: House, controller: User) -> Reserve:
    return reserve(distro.budget, controller)


@pytest.fixture
def taker(distro: House) -> FundsAccount:
    return distro.budget.accounts["PLATFORM", "training"]


# ---------------------------------------------------------------- a draw


def test_it_is_put_before_the_reserves_own_approver_and_held_on_the_reserve(
    distro: House, kept: Reserve, taker: FundsAccount
) -> None:
    seen = predicted_draw(actor=distro.engineer, drawing=drawing(kept, taker))
    request = draw(distro.engineer, kept, taker)

    assert (request.subject_kind, request.state, request.amount) == ("reserve_draw", "submitted", Decimal(120))
    assert [stage.owner for stage in stages_of(request)] == [distro.people["engineering_director"]]
    assert [stage.owner for stage in seen.stages] == [distro.people["engineering_director"]]
    assert not seen.is_automatic
    assert "Its use is approved by the engineering director" in seen.trace[-1].reason
    assert (month(kept.account), month(taker)) == ((500, 380), (1000, 1000))
    sides = sides_of_request(request)
    assert sides is not None
    assert (sides[1].account, sides[1].by) == (taker, Decimal(120))


def test_approved_the_money_is_on_the_line_and_a_report_is_owed(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = approve_all(draw(distro.engineer, kept, taker))

    assert request.state == Request.State.APPROVED
    assert (month(kept.account), month(taker)) == ((380, 380), (1120, 1120))
    journal = Journal.objects.get(kind="transfer")
    assert (journal.source_id, sum(entry.amount for entry in journal.entries.all())) == (str(request.pk), 0)
    assert stand(kept) == (0, 500, 120, 0, 380)
    # Five business days from Monday at ten.
    assert DrawReport.objects.get().due_at.isoformat() == "2026-03-09T10:00:00+00:00"
    assert check_ledger().is_whole


def test_who_approves_it_whatever_the_policy_says_besides(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    document = read_yaml("demo/policies/distro.yaml")
    document["rules"][-1] = {"kind": "reserve_draw", "stages": ["finance"], "sla": "1 business day"}
    load_policy(document=document, entity=distro.entity, actor=None)
    request = draw(distro.engineer, kept, taker)

    assert [stage.role_code for stage in stages_of(request)] == ["finance", "engineering_director"]
    assert [stage.group for stage in stages_of(request)] == [1, 2]
    document["rules"][-1]["stages"] = ["engineering_director"]
    load_policy(document=document, entity=distro.entity, actor=None)
    assert [stage.role_code for stage in stages_of(draw(distro.engineer, kept, taker))] == ["engineering_director"]


def test_the_database_lets_no_draw_be_approved_without_that_approver(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = draw(distro.engineer, kept, taker)
    with pytest.raises(DatabaseError, match="approved by the approver of its reserve"), transaction.atomic():
        Request.objects.filter(pk=request.pk).update(state="approved")
    assert Stage.objects.filter(request=request, state="assigned").exists()


def test_nobody_approves_their_own_draw(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    director = distro.people["engineering_director"]
    with pytest.raises(Missing, match="Nobody can decide"):
        state_reserve(reserve_id=kept.pk, terms=terms(approver=f"person:{director.email}"), actor=kept.made_by or director)
        draw(director, kept, taker)


@pytest.mark.parametrize("answer", [reject_stage, send_back])
def test_a_no_gives_it_back_to_the_reserve(distro: House, kept: Reserve, taker: FundsAccount, answer: Any) -> None:
    request = draw(distro.engineer, kept, taker)
    [stage] = stages_of(request)
    answer(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Not for this.")
    assert (month(kept.account), month(taker)) == ((500, 500), (1000, 1000))
    assert not DrawReport.objects.exists()


def test_an_approval_taken_back_reverses_both_journals_and_owes_nothing(
    distro: House, kept: Reserve, taker: FundsAccount
) -> None:
    request = draw(distro.engineer, kept, taker)
    [stage] = stages_of(request)
    for _ in range(2):
        decision = approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
        assert DrawReport.objects.count() == 1
        take_back(decision_id=decision.pk, actor=stage.owner)
        assert (month(kept.account), month(taker)) == ((500, 380), (1000, 1000))
        assert not DrawReport.objects.exists()
    assert stand(kept) == (0, 500, 240, 240, 500)
    assert check_ledger().is_whole


def test_what_the_line_has_used_is_not_taken_back(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = draw(distro.engineer, kept, taker)
    [stage] = stages_of(request)
    decision = approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    move(taker, "spent", "12100", month=MARCH, is_fact=True)
    with pytest.raises(WrongState, match="has used what"):
        take_back(decision_id=decision.pk, actor=stage.owner)
    assert DrawReport.objects.count() == 1


def test_a_reserve_gives_no_more_than_it_has(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    before = everything(), Entry.objects.count()
    with pytest.raises(NoFunds, match=r"has 500\.00 left in March 2026; this draws 500\.01"):
        draw(distro.engineer, kept, taker, "500.01")
    assert (everything(), Entry.objects.count()) == before
    draw(distro.engineer, kept, taker, "300")
    with pytest.raises(NoFunds, match=r"has 200\.00 left"):
        draw(distro.engineer, kept, taker, "200.01")
    # What was put there in March can be drawn in April, and what April takes is not March's any more.
    draw(distro.engineer, kept, taker, "200", month=APRIL)
    assert available_in(kept.account, MARCH) == 0
    with pytest.raises(NoFunds):
        draw(distro.engineer, kept, taker, "0.01")


def test_before_the_month_that_funds_it_nothing_can_be_drawn(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    assert available_in(kept.account, date(2026, 2, 1)) == 0
    with pytest.raises(NoFunds, match="left in February 2026"):
        draw(distro.engineer, kept, taker, month=date(2026, 2, 1))


def test_one_form_asks_once(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    key = uuid4()
    assert draw(distro.engineer, kept, taker, key=key) == draw(distro.engineer, kept, taker, key=key)
    assert Request.objects.count() == 1


def test_the_document_is_written_or_attached_before(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    before = everything()
    with pytest.raises(InvalidInput, match="Emergency spending report is missing"):
        draw(distro.engineer, kept, taker, document=" ")
    assert everything() == before
    file = ("report.txt", b"The provider raised its prices.")
    asked_for = drawing(kept, taker, document="")
    request = ask_draw(actor=distro.engineer, drawing=asked_for, form_key=uuid4(), file=file)
    assert (request.state, request.attachments.count()) == ("submitted", 1)


def test_the_database_submits_no_draw_without_its_document(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = draw(distro.engineer, kept, taker)
    withdrawn = send_back(
        stage_id=stages_of(request)[0].pk,
        actor=stages_of(request)[0].owner,
        digest=request.digest,
        comment="Say more.",
    ).request
    ReserveDraw.objects.filter(request=withdrawn).update(document="")
    with pytest.raises(DatabaseError, match="submitted with its document"), transaction.atomic():
        Request.objects.filter(pk=withdrawn.pk).update(state="submitted")


def test_what_is_decided_on_does_not_change(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = draw(distro.engineer, kept, taker)
    with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
        ReserveDraw.objects.filter(request=request).update(document="Another one.")


def test_sent_back_it_is_changed_and_asked_anew(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = draw(distro.engineer, kept, taker)
    [stage] = stages_of(request)
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Less.")
    changed = ask_draw(actor=distro.engineer, drawing=drawing(kept, taker, "80"), form_key=uuid4(), request_id=request.pk)
    assert changed.pk == request.pk
    approve_all(changed)
    assert month(taker)[0] == 1080


def test_what_was_stated_anew_is_asked_under(distro: House, kept: Reserve, taker: FundsAccount, controller: User) -> None:
    request = draw(distro.engineer, kept, taker)
    [stage] = stages_of(request)
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Wait.")
    state_reserve(reserve_id=kept.pk, terms=terms(starts_on=MARCH, approver="executive_team"), actor=controller)
    with pytest.raises(WrongState, match="Something else is stated"):
        submit_request(request_id=request.pk, actor=distro.engineer)
    again = ask_draw(actor=distro.engineer, drawing=drawing(kept, taker), form_key=uuid4(), request_id=request.pk)
    assert [each.role_code for each in stages_of(again)] == ["executive_team"]


def test_withdrawn_it_holds_nothing(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    withdraw_request(request_id=draw(distro.engineer, kept, taker).pk, actor=distro.engineer)
    assert month(kept.account) == (500, 500)


def test_it_is_there_for_the_lines_below_it_only(distro: House, controller: User, taker: FundsAccount) -> None:
    account = distro.budget.accounts["PRODUCT", "people"]
    kept = make_reserve(account=account, code="product", name="Product reserve", terms=terms(), actor=controller)
    with pytest.raises(InvalidInput, match="is there for other lines at Product"):
        draw(distro.engineer, kept, taker)
    own = distro.budget.accounts["PRODUCT", "software"]
    assert draw(distro.engineer, kept, own).state == "submitted"
    assert [found for found, _ in reserves_covering(own, MARCH)] == [kept]
    assert reserves_covering(taker, MARCH) == []


def test_a_policy_without_the_kind_knows_none(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    document = read_yaml("demo/policies/distro.yaml")
    del document["kinds"]["reserve_draw"], document["rules"][-1]
    load_policy(document=document, entity=distro.entity, actor=None)
    with pytest.raises(Missing, match="knows no draws on reserves"):
        draw(distro.engineer, kept, taker)


def test_who_may_not_ask_for_the_line_does_not_draw_for_it(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    person = UserFactory.create(name="Product engineer")
    assign(person, "engineer", distro.entity, cost_centre=distro.budget.cost_centres["PRODUCT"])
    with pytest.raises(InvalidInput, match="not one of your budget lines"):
        draw(person, kept, taker)
    own = distro.budget.accounts["PRODUCT", "software"]
    # The reserve itself stands above what they reach; that is no hindrance.
    assert draw(person, kept, own).state == "submitted"


# ---------------------------------------------------------------- nobody spends from it directly


def test_a_request_for_its_money_is_refused_with_the_way_out(distro: House, kept: Reserve) -> None:
    with pytest.raises(InvalidInput, match="Choose another line, and draw on the reserve for it"):
        save_draft(actor=distro.engineer, entity=distro.entity, data=asked(kept.account, "10", kind="monthly_cost"))


def test_a_draft_from_before_is_refused_once_its_line_is_a_reserve(distro: House, controller: User) -> None:
    account = line_of_reserve(distro.budget)
    data = asked(account, "10", kind="monthly_cost", monthly_increase="10")
    request = save_draft(actor=distro.engineer, entity=distro.entity, data=data)
    make_reserve(account=account, code="emergency", name="Emergency reserve", terms=terms(), actor=controller)
    with pytest.raises(InvalidInput, match="nobody spends from it directly"):
        submit_request(request_id=request.pk, actor=distro.engineer)


@pytest.mark.parametrize("bucket", ["reserved", "committed", "spent"])
@pytest.mark.parametrize("is_fact", [False, True])
def test_the_database_books_nothing_else_on_it(kept: Reserve, bucket: str, is_fact: bool) -> None:
    before = Entry.objects.count()
    with pytest.raises(WrongState, match="nobody spends from it directly") as refused:
        move(kept.account, bucket, "10", month=MARCH, is_fact=is_fact)
    assert refused.value.code == "reserve"
    assert "draw on the reserve" in refused.value.remedy
    assert Entry.objects.count() == before


def test_budget_is_moved_to_it_and_not_from_it(distro: House, kept: Reserve, taker: FundsAccount, controller: User) -> None:
    away = Move(kept.account, taker, {MARCH: Decimal(10)}, "Needed.")
    with pytest.raises(WrongState, match="nobody spends from it directly"):
        move_budget(actor=controller, move=away, form_key=uuid4())
    move_budget(actor=controller, move=replace(away, giver=taker, taker=kept.account), form_key=uuid4())
    assert stand(kept) == (0, 510, 0, 0, 510)
    approve_all(draw(distro.engineer, kept, taker))
    # What comes from a line for which something was drawn is given back.
    move_budget(actor=controller, move=replace(away, giver=taker, taker=kept.account), form_key=uuid4())
    assert stand(kept) == (0, 500, 120, 20, 400)
    assert stand(kept, APRIL)[0] == 400


def test_nothing_is_taken_from_it_in_advance(kafka: House, controller: User) -> None:
    kept = reserve(kafka.budget, controller, approver="program_director", held="")
    move(kept.account, "allotted", "100", month=APRIL)
    taking = Taking(kept.account, MARCH, {APRIL: Decimal(50)}, "Now.")
    with pytest.raises(InvalidInput, match="nobody spends from it directly"):
        ask_advance(actor=kafka.engineer, taking=taking, form_key=uuid4())


def test_it_is_not_lowered_below_what_was_drawn_even_where_no_control_stops_it(
    distro: House, kept: Reserve, taker: FundsAccount
) -> None:
    distro.budget.budget.line_mode = distro.budget.budget.group_mode = Mode.TRACK
    distro.budget.budget.save()
    set_controls(budget=distro.budget.budget, categories=list(distro.budget.categories.values()))
    approve_all(draw(distro.engineer, kept, taker, "400"))
    with pytest.raises(WrongState, match=r"it would hold 0\.01 USD less than nothing"):
        move(kept.account, "allotted", "-100.01", month=MARCH, kind="revise")
    move(kept.account, "allotted", "-100", month=MARCH, kind="revise")
    assert month(kept.account) == (0, 0)
    move(kept.account, "allotted", "50", month=MARCH, kind="revise")
    assert stand(kept) == (0, 450, 400, 0, 50)


def test_the_app_cannot_point_a_draw_elsewhere(distro: House, kept: Reserve, taker: FundsAccount, controller: User) -> None:
    other = reserve(distro.budget, controller, code="growth")
    request = draw(distro.engineer, kept, taker)
    [stage] = stages_of(request)
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Wait.")
    with pytest.raises(DatabaseError, match="by what is stated of it"), transaction.atomic():
        ReserveDraw.objects.filter(request=request).update(reserve=other)
