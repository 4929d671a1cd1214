"""Scenarios of emergencies: their terms, what is declared, and what is owed."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from approvals.models import DebtTimer
from approvals.services import debts, emergencies
from core import clock
from core.models import Role
from tests.factories.approvals import draft
from tests.trust.scenarios.ground import MONDAY, Ground
from tests.trust.scenarios.registry import scenario


def _terms(ground: Ground) -> dict[str, Any]:
    limit = emergencies.LimitData(Role.objects.get(code="project_manager"), Decimal(500), "each")
    return {"entity": ground.entity, "criteria": ["Outage"], "limits": [limit], "actor": None}


@scenario(emergencies.state_terms)
def _state_terms(ground: Ground) -> dict[str, Any]:
    return _terms(ground)


def _emergency(ground: Ground) -> dict[str, Any]:
    emergencies.state_terms(**_terms(ground))
    said = emergencies.EmergencyData("Outage", ground.approver, MONDAY - timedelta(hours=1), "By telephone.")
    return {"request_id": draft(ground.requester, ground.account, "300").pk, "actor": ground.requester, "data": said}


@scenario(emergencies.declare_emergency)
def _declare(ground: Ground) -> dict[str, Any]:
    return _emergency(ground)


@scenario(emergencies.pay_debt, label="confirmed")
def _confirm(ground: Ground) -> dict[str, Any]:
    debt = emergencies.declare_emergency(**_emergency(ground)).debts.get(kind="written")
    return {"debt_id": debt.pk, "actor": ground.approver, "outcome": "confirmed"}


@scenario(emergencies.pay_debt, label="denied")
def _deny(ground: Ground) -> dict[str, Any]:
    return _confirm(ground) | {"outcome": "denied", "text": "I did not."}


def _fire_debts_later(arguments: dict[str, Any]) -> None:
    with clock.at(MONDAY + timedelta(hours=2)):
        debts.fire_debts(**arguments)


@scenario(
    debts.fire_debts,
    steps="timers fire in batches, each timer for itself",
    notes={"approvals_debttimer": ("attempts", "not_before")},
    again=_fire_debts_later,
)
def _fire_debts(ground: Ground) -> dict[str, Any]:
    """The written approval of thirty hours ago is overdue."""
    with clock.at(MONDAY - timedelta(hours=30)):
        given = _emergency(ground)
        said = emergencies.EmergencyData("Outage", ground.approver, clock.now(), "By telephone.")
        emergencies.declare_emergency(**given | {"data": said})
    DebtTimer.objects.exclude(debt__kind="written", kind="breach").update(not_before=MONDAY + timedelta(days=30))
    return {}
