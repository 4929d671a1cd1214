"""Scenarios of reserves: made, stated, given up; drawn on, reported, told of."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from approvals.models import Request, Reserve
from approvals.services import decisions, draw_reports, draws, policies, reserves, undoing
from budgets.models import FundsAccount
from budgets.services import transfers
from budgets.services.accounts import ensure_account
from core import clock
from tests.factories.approvals import MARCH, approve_all
from tests.factories.budgets import CategoryFactory, allot
from tests.factories.reserves import drawing, terms
from tests.trust.scenarios.ground import MONDAY, POLICY, Ground
from tests.trust.scenarios.registry import only_reads, scenario, steps_of

SAID = "It ran for three days."


def _line(ground: Ground) -> FundsAccount:
    category = CategoryFactory.create(entity=ground.entity, code="emergency", name="Emergency")
    account = ensure_account(budget=ground.budget, cost_centre=ground.centres["ENG"], category=category)
    allot(account, "500", month=MARCH)
    return account


def kept_by(ground: Ground) -> Reserve:
    """Let the ground's organization keep a reserve, and its policy know draws."""
    kinds = POLICY["kinds"] | {"draw": {"name": "Draw", "subject": "reserve_draw"}}
    rule = {"kind": "draw", "automatic": True}
    policies.load_policy(document=POLICY | {"kinds": kinds, "rules": [*POLICY["rules"], rule]}, entity=ground.entity, actor=None)
    return reserves.make_reserve(**_make_reserve(ground))


@scenario(reserves.make_reserve)
def _make_reserve(ground: Ground) -> dict[str, Any]:
    said = terms(approver="program_director")
    return {"account": _line(ground), "code": "emergency", "name": "Emergency reserve", "terms": said, "actor": ground.finance}


@scenario(reserves.state_reserve)
def _state_reserve(ground: Ground) -> dict[str, Any]:
    said = terms(approver="executive", amount=Decimal(900), starts_on=MARCH)
    return {"reserve_id": kept_by(ground).pk, "terms": said, "actor": ground.finance}


@scenario(reserves.close_reserve)
def _close_reserve(ground: Ground) -> dict[str, Any]:
    return {"reserve_id": kept_by(ground).pk, "reason": "No need.", "actor": ground.finance}


@scenario(draws.ask_draw)
def _ask_draw(ground: Ground) -> dict[str, Any]:
    return {"actor": ground.requester, "drawing": drawing(kept_by(ground), ground.account), "form_key": UUID(int=12)}


def _draw_waits(ground: Ground) -> dict[str, Any]:
    stage = ground.stage_of(draws.ask_draw(**_ask_draw(ground)))
    return {"stage_id": stage.pk, "actor": stage.owner, "digest": stage.request.digest}


@scenario(decisions.approve_stage, label="a draw")
def _approve_draw(ground: Ground) -> dict[str, Any]:
    return _draw_waits(ground)


@scenario(undoing.take_back, label="the approval of a draw")
def _take_back_draw(ground: Ground) -> dict[str, Any]:
    decision = decisions.approve_stage(**_draw_waits(ground))
    return {"decision_id": decision.pk, "actor": decision.person}


@scenario(undoing.take_back, label="the rejection of a draw")
def _take_back_rejection(ground: Ground) -> dict[str, Any]:
    decision = decisions.reject_stage(**_draw_waits(ground), comment="Not for this.")
    return {"decision_id": decision.pk, "actor": decision.person}


def _drawn(ground: Ground) -> Request:
    return approve_all(draws.ask_draw(**_ask_draw(ground)))


@scenario(draw_reports.write_report)
def _write_report(ground: Ground) -> dict[str, Any]:
    return {"request_id": _drawn(ground).pk, "outcome": SAID, "actor": ground.requester}


@scenario(draw_reports.confirm_report)
def _confirm_report(ground: Ground) -> dict[str, Any]:
    report = draw_reports.write_report(**_write_report(ground))
    return {"request_id": report.draw.request_id, "actor": ground.approver}


@scenario(draw_reports.return_report)
def _return_report(ground: Ground) -> dict[str, Any]:
    return _confirm_report(ground) | {"missing": "What did it cost?"}


@scenario(draw_reports.remind_of_reports)
def _remind(ground: Ground) -> dict[str, Any]:
    with clock.at(MONDAY - timedelta(days=30)):
        _drawn(ground)
    return {}


only_reads(reserves.said_of, draws.predicted_draw, draws.check_draw)
steps_of(draws.ask_draw, steps=[draws.hold, transfers.try_transfer])
steps_of(decisions.approve_stage, steps=[draws.carry_out])
steps_of(undoing.take_back, steps=[draws.take_back, draws.hold_once_more])
