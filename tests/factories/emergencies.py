"""Emergencies in short, for tests."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from approvals.models import Debt, Emergency, EmergencyTerms, Request
from approvals.services.emergencies import EmergencyData, LimitData, declare_emergency, pay_debt, state_terms
from core import clock
from core.models import Entity, Role, User

OUTAGE = "Production outage"
CRITERIA = (OUTAGE, "Security incident")


def terms(entity: Entity, limits: Mapping[str, Any], *, per: str = "each", **more: Any) -> EmergencyTerms:
    """State an organization's terms, with a limit for each role by its code."""
    rows = [LimitData(Role.objects.get(code=code), Decimal(str(amount)), per) for code, amount in limits.items()]
    return state_terms(entity=entity, criteria=more.pop("criteria", CRITERIA), limits=rows, actor=more.pop("actor", None), **more)


def word_of(approver: User | None, **more: Any) -> EmergencyData:
    """Return what makes it an emergency, on somebody's word of ten minutes ago."""
    said = {"criterion": OUTAGE, "spoken_at": clock.now() - timedelta(minutes=10), "words": "By telephone: buy it."}
    return EmergencyData(**{**said, "approver": approver, **more})


def declared(request: Request, approver: User, **more: Any) -> Emergency:
    return declare_emergency(request_id=request.pk, actor=request.requester, data=word_of(approver, **more))


def debt_of(emergency: Emergency, kind: str) -> Debt:
    return Debt.objects.select_related("owner").get(emergency=emergency, kind=kind)


def paid(emergency: Emergency, kind: str, outcome: str = "", text: str = "It is so.") -> Debt:
    """Let whoever owes a debt answer it."""
    debt = debt_of(emergency, kind)
    return pay_debt(debt_id=debt.pk, actor=User.objects.get(pk=debt.owner_id), outcome=outcome, text=text)
