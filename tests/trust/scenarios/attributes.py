"""Scenarios of attributes of an organization's own: defined, changed, stated."""

from __future__ import annotations

from datetime import date
from typing import Any

from approvals.services import attributes as of_requests
from budgets.models import Attribute, BudgetAttribute
from budgets.services import attributes
from tests.factories.approvals import draft
from tests.trust.scenarios.ground import Ground
from tests.trust.scenarios.registry import only_reads, scenario

only_reads(attributes.person_named, attributes.refuse_missing)
only_reads(of_requests.may_state, of_requests.refuse_unless_may_state, of_requests.refuse_without_attributes)
FIRST = date(2026, 1, 1)


def _data(**more: Any) -> attributes.AttributeData:
    said: dict[str, Any] = {"name": "Region", "type": "choice", "choices": ("emea", "apac")} | more
    return attributes.AttributeData(starts_on=FIRST, code="region", **said)


def _defined(ground: Ground, kind: str) -> Attribute:
    return attributes.define_attribute(entity=ground.entity, data=_data(kind=kind), actor=ground.finance)


@scenario(attributes.define_attribute)
def _define_attribute(ground: Ground) -> dict[str, Any]:
    return {"entity": ground.entity, "data": _data(kind="budget"), "actor": ground.finance}


@scenario(attributes.change_attribute)
def _change_attribute(ground: Ground) -> dict[str, Any]:
    return {"attribute_id": _defined(ground, "budget").pk, "data": _data(name="Area"), "actor": ground.finance}


@scenario(attributes.set_attributes)
def _set_attributes(ground: Ground) -> dict[str, Any]:
    _defined(ground, "budget")
    told: dict[str, Any] = {"model": BudgetAttribute, "kind": "budget", "subject": ground.budget}
    return {**told, "values": {"region": "emea"}, "actor": ground.finance}


@scenario(of_requests.set_request_attributes)
def _set_request_attributes(ground: Ground) -> dict[str, Any]:
    _defined(ground, "request")
    begun = draft(ground.requester, ground.account)
    return {"request_id": begun.pk, "values": {"region": "emea"}, "actor": ground.requester}
