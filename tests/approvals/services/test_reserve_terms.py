"""What is stated of reserves, giving them up, and what happens to their lines besides."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from approvals.models import Reserve, ReserveTerms
from approvals.selectors.reserves import target_at, terms_at
from approvals.services.amendments import amend_budget
from approvals.services.attachments import attach
from approvals.services.decisions import send_back
from approvals.services.requests import submit_request
from approvals.services.reserves import close_reserve, make_reserve, state_reserve
from budgets.models import FundsAccount
from budgets.selectors.balances import account_figures
from budgets.selectors.carry_previews import CarrySpan
from budgets.selectors.check import check_ledger
from budgets.services.carry_runs import carry_budget
from core.errors import InvalidInput, NoFunds, NotAllowed, WrongState
from core.models import User
from tests.factories.approvals import MARCH, approve_all, stages_of
from tests.factories.budgets import move
from tests.factories.changes import planned_budget, wanted_of
from tests.factories.reserves import WRITTEN, draw, line_of_reserve, reserve, stand, terms
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
APRIL = date(2026, 4, 1)


@pytest.fixture
def kept(distro: House, controller: User) -> Reserve:
    return reserve(distro.budget, controller)


@pytest.fixture
def taker(distro: House) -> FundsAccount:
    return distro.budget.accounts["PLATFORM", "training"]


def test_statements_follow_one_another_and_none_is_changed(kept: Reserve, controller: User) -> None:
    later = state_reserve(reserve_id=kept.pk, terms=terms(starts_on=APRIL, amount=Decimal(900)), actor=controller)
    same = state_reserve(reserve_id=kept.pk, terms=terms(starts_on=APRIL, amount=Decimal(900)), actor=controller)
    assert (later.number, same.pk) == (2, later.pk)
    assert [target_at(kept, terms_at(kept, at), at).amount for at in (MARCH, APRIL)] == [500, 900]
    assert terms_at(kept, date(2025, 12, 1)) is None
    with pytest.raises(WrongState, match="from April 2026 on"):
        state_reserve(reserve_id=kept.pk, terms=terms(starts_on=MARCH), actor=controller)
    with pytest.raises(DatabaseError), transaction.atomic():
        ReserveTerms.objects.filter(pk=later.pk).update(approver="team_lead")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"purpose": " "}, "purpose"),
        ({"document": ""}, "document"),
        ({"report_days": 0}, "report_days"),
        ({"report_days": 91}, "report_days"),
        ({"approver": "nobody_here"}, "approver"),
        ({"approver": "committee:none"}, "approver"),
        ({"approver": "robot:1"}, "approver"),
        ({"decides_within": "soon"}, "decides_within"),
        ({"decides_within": "until 2026-03-01T10:00+00:00"}, "decides_within"),
        ({"basis": "moon"}, "basis"),
        ({"basis": "budget", "amount": None, "share_pct": Decimal("0.001")}, "share_pct"),
        ({"amount": None}, "amount"),
        ({"basis": "budget", "amount": None, "share_pct": Decimal(20)}, "budget"),
        ({"basis": "savings", "amount": None, "share_pct": Decimal(10), "projection": "X", "horizon_months": 6}, "projection"),
        ({"basis": "growth", "amount": None, "share_pct": Decimal(0), "projection": "X", "horizon_months": 6}, "share_pct"),
    ],
)
def test_what_cannot_be_stated_is_said_by_field(distro: House, controller: User, more: dict[str, Any], field: str) -> None:
    account = line_of_reserve(distro.budget)
    with pytest.raises(InvalidInput) as refused:
        make_reserve(account=account, code="emergency", name="Emergency", terms=terms(**more), actor=controller)
    assert field in refused.value.details
    assert not Reserve.objects.exists()


def test_a_line_that_was_spent_from_holds_none(distro: House, controller: User, kept: Reserve) -> None:
    used = distro.budget.accounts["PLATFORM", "people"]
    move(used, "spent", "10", month=MARCH)
    with pytest.raises(WrongState, match="Something was spent from"):
        make_reserve(account=used, code="other", name="Other", terms=terms(), actor=controller)
    with pytest.raises(WrongState, match="holds Emergency reserve already"):
        make_reserve(account=kept.account, code="other", name="Other", terms=terms(), actor=controller)
    with pytest.raises(InvalidInput, match="of that code"):
        make_reserve(account=distro.account, code="emergency", name="Other", terms=terms(), actor=controller)
    with pytest.raises(DatabaseError, match="from which nothing was spent"), transaction.atomic():
        Reserve.objects.create(entity=distro.entity, code="x", name="X", account=used)


def test_who_does_not_keep_the_books_states_none(distro: House, kept: Reserve) -> None:
    with pytest.raises(NotAllowed, match="do not keep the books"):
        state_reserve(reserve_id=kept.pk, terms=terms(), actor=distro.engineer)
    with pytest.raises(NotAllowed):
        close_reserve(reserve_id=kept.pk, reason="No need.", actor=distro.engineer)
    with pytest.raises(NotAllowed):
        make_reserve(account=distro.account, code="x", name="X", terms=terms(), actor=distro.engineer)


def test_given_up_its_line_is_an_ordinary_one(distro: House, kept: Reserve, taker: FundsAccount, controller: User) -> None:
    request = draw(distro.engineer, kept, taker)
    with pytest.raises(WrongState, match="waits for a decision and draws on"):
        close_reserve(reserve_id=kept.pk, reason="No need.", actor=controller)
    with pytest.raises(DatabaseError, match="is not given up"), transaction.atomic():
        Reserve.objects.filter(pk=kept.pk).update(closed_at=request.created_at, closed_by=controller, closed_because="x")
    approve_all(request)
    close_reserve(reserve_id=kept.pk, reason="No need.", actor=controller)
    move(kept.account, "spent", "10", month=MARCH)
    with pytest.raises(WrongState, match="was given up"):
        state_reserve(reserve_id=kept.pk, terms=terms(), actor=controller)
    with pytest.raises((InvalidInput, DatabaseError)):
        draw(distro.engineer, kept, taker)


def test_a_line_that_was_a_reserve_and_drawn_on_may_be_one_again(
    distro: House, kept: Reserve, taker: FundsAccount, controller: User
) -> None:
    approve_all(draw(distro.engineer, kept, taker))
    close_reserve(reserve_id=kept.pk, reason="Renamed.", actor=controller)
    again = make_reserve(account=kept.account, code="again", name="Again", terms=terms(), actor=controller)
    assert stand(again)[-1] == 380


def test_the_app_role_writes_no_statement_over(kept: Reserve) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM approvals_reserve WHERE id = %s", [kept.pk])


def test_one_attached_while_it_was_sent_back_counts(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = draw(distro.engineer, kept, taker, document=WRITTEN)
    [stage] = stages_of(request)
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Attach it.")
    attach(request_id=request.pk, actor=distro.engineer, name="report.txt", content=b"Prices rose overnight.")
    submit_request(request_id=request.pk, actor=distro.engineer)
    assert stages_of(request)[0].state == "assigned"


def test_amendments_and_carrying_on_work_as_for_any_line(distro: House, controller: User) -> None:
    version = planned_budget(distro.account)
    account = distro.budget.accounts["PLATFORM", "training"]
    kept = make_reserve(account=account, code="emergency", name="Emergency reserve", terms=terms(), actor=controller)
    taker = distro.budget.accounts["PLATFORM", "people"]
    # What the fixtures allotted besides may count as the version's own, or not.
    _, month_before, _, _, before = stand(kept)
    amend_budget(actor=controller, wanted=wanted_of(version, training="6600"), form_key=uuid4())
    assert stand(kept)[1] == month_before + 160
    approve_all(draw(distro.engineer, kept, taker, "250"))
    assert stand(kept)[2:] == (250, 0, before + 160 - 250)

    april = stand(kept, APRIL)[1]
    span = CarrySpan(date(2026, 1, 1), MARCH, APRIL)
    carry_budget(budget=account.budget, into_budget=account.budget, span=span, actor=controller)
    assert stand(kept)[-1] == 0
    assert stand(kept, APRIL) == (0, april + before - 90, 0, 0, april + before - 90)
    in_all = account_figures([account.pk])[account.pk].available
    with pytest.raises((NoFunds, WrongState)):
        move(account, "allotted", -in_all - Decimal("0.01"), month=APRIL, kind="revise")
    assert check_ledger().is_whole
