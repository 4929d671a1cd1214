"""What a stored request states beside its lines, whatever its kind."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model

from approvals.models import Contract, PolicyChange, Request, ResourceChange, Trip
from approvals.rules import particulars as rules
from core.models import Entity
from core.viewer import known_zone

MODELS: dict[str, type[Model]] = {
    rules.CONTRACT: Contract,
    rules.RESOURCE_CHANGE: ResourceChange,
    rules.TRAVEL: Trip,
    rules.POLICY_CHANGE: PolicyChange,
}
ASKED_LATE, APPROVED_LATE = "Asked after the fact", "Approved after it began"
# With these, no request of a list is asked for its own.
STATED = (rules.CONTRACT, rules.RESOURCE_CHANGE, rules.TRAVEL, f"{rules.POLICY_CHANGE}__draft__policy__cost_centre")
STATED_OF_STAGE = tuple(f"request__{name}" for name in STATED)


def stated(request: Request) -> dict[str, Any]:
    """Return what a request states by its subject; empty where its lines say all."""
    row = getattr(request, request.subject_kind, None) if request.subject_kind in MODELS else None
    return {field.name: getattr(row, field.name) for field in rules.FIELDS[request.subject_kind]} if row is not None else {}


def attach_stated(request: Request) -> None:
    """Read what one request states with it, in one query; nothing where its lines say all."""
    if request.subject_kind in MODELS:
        related = ("draft__policy__cost_centre",) if request.subject_kind == rules.POLICY_CHANGE else ()
        row = MODELS[request.subject_kind]._default_manager.select_related(*related).filter(request=request).first()
        if row is not None:
            # As `select_related` would have kept it.
            request._state.fields_cache[request.subject_kind] = row


def plain_of(request: Request) -> dict[str, str]:
    """Return the same as text, for the digest and the record."""
    values = stated(request)
    return rules.plain(request.subject_kind, values) if values else {}


def weight_of(request: Request) -> Decimal:
    """Return what bounds and limits are held against, in the request's currency."""
    return rules.weight(request.subject_kind, stated(request), request.amount)


def words_of(request: Request) -> list[tuple[str, str]]:
    """Return what a request states as a person reads it."""
    return rules.words_of(request.subject_kind, stated(request), request.currency)


def about(request: Request) -> str:
    """Say in a few words what a request is about, for a list."""
    return rules.about(request.subject_kind, stated(request))


def marks_of(request: Request) -> list[str]:
    """Return what everybody who sees a request must know of it: a trip that was asked for or approved once it had begun."""
    values = stated(request)
    if request.subject_kind != rules.TRAVEL or not values:
        return []
    if values["after_the_fact"]:
        return [ASKED_LATE]
    late = request.state == Request.State.APPROVED and request.decided_at is not None
    begun = late and rules.begun(rules.TRAVEL, values, day_of(request.entity, request.decided_at))
    return [APPROVED_LATE] if begun else []


def day_of(entity: Entity, at: datetime | None) -> date:
    """Return which day it is at a moment where the organization is."""
    assert at is not None
    return at.astimezone(known_zone(entity.time_zone)).date()
