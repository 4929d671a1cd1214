"""Scenarios of changes to a budget: amended, moved, let past a limit."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from approvals.selectors.advances import Taking
from approvals.selectors.moves import Move
from approvals.services import advances, amendments, decisions, overrides, policies, undoing, virements
from budgets.models import BudgetVersion
from core import clock
from tests.factories.approvals import MARCH, draft
from tests.factories.changes import planned_budget, wanted_of
from tests.trust.scenarios.ground import MONDAY, POLICY, Ground
from tests.trust.scenarios.registry import scenario


def _amendment(ground: Ground, since: date = MARCH) -> dict[str, Any]:
    version = planned_budget(ground.account)
    return {"actor": ground.finance, "wanted": wanted_of(version, since=since, software="11000")}


@scenario(amendments.amend_budget, label="at once")
def _amend(ground: Ground) -> dict[str, Any]:
    """The policy names no kind for it: finance amends at once."""
    return _amendment(ground) | {"form_key": UUID(int=8)}


@scenario(amendments.amend_budget, label="asked")
def _ask_to_amend(ground: Ground) -> dict[str, Any]:
    _with_kind(ground, "amendment")
    return _amendment(ground) | {"form_key": UUID(int=8), "actor": ground.requester}


@scenario(overrides.ask_override)
def _ask_override(ground: Ground) -> dict[str, Any]:
    _with_kind(ground, "override")
    covers = draft(ground.requester, ground.account, "50000")
    return {"actor": ground.requester, "covers_id": covers.pk, "reason": "It stands still.", "form_key": UUID(int=9)}


@scenario(amendments.preview_amendment)
def _preview_amendment(ground: Ground) -> dict[str, Any]:
    return _amendment(ground)


@scenario(amendments.put_due_in_force)
def _put_due(ground: Ground) -> dict[str, Any]:
    with clock.at(MONDAY - timedelta(days=10)):
        amendments.amend_budget(**_amendment(ground), form_key=UUID(int=8))
    assert BudgetVersion.objects.filter(state="scheduled").exists()
    return {}


@scenario(virements.move_budget)
def _move_budget(ground: Ground) -> dict[str, Any]:
    """The policy names no kind for it: finance moves it at once."""
    move = Move(ground.account, ground.other, {MARCH: Decimal(200)}, "Licences rose.")
    return {"actor": ground.finance, "move": move, "form_key": UUID(int=7)}


@scenario(virements.move_budget, label="asked")
def _ask_to_move(ground: Ground) -> dict[str, Any]:
    _with_kind(ground, "virement")
    return _move_budget(ground) | {"actor": ground.requester}


@scenario(advances.ask_advance)
def _ask_advance(ground: Ground) -> dict[str, Any]:
    _with_kind(ground, "advance")
    taking = Taking(ground.account, MARCH, {date(2026, 4, 1): Decimal(200)}, "Licences rose.")
    return {"actor": ground.requester, "taking": taking, "form_key": UUID(int=8)}


def _advance_waits(ground: Ground) -> dict[str, Any]:
    stage = ground.stage_of(advances.ask_advance(**_ask_advance(ground)))
    return {"stage_id": stage.pk, "actor": stage.owner, "digest": stage.request.digest}


@scenario(decisions.approve_stage, label="an advance")
def _approve_advance(ground: Ground) -> dict[str, Any]:
    return _advance_waits(ground)


@scenario(undoing.take_back, label="the approval of an advance")
def _take_back_advance(ground: Ground) -> dict[str, Any]:
    decision = decisions.approve_stage(**_advance_waits(ground))
    return {"decision_id": decision.pk, "actor": decision.person}


def _with_kind(ground: Ground, subject: str) -> None:
    """Let the policy have a kind whose approval does what the subject names."""
    kinds = POLICY["kinds"] | {"change": {"name": "Change", "subject": subject}}
    rule = {"kind": "change", "stages": ["program_director"], "sla": "1 week"}
    policies.load_policy(document=POLICY | {"kinds": kinds, "rules": [*POLICY["rules"], rule]}, entity=ground.entity, actor=None)
