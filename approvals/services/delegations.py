"""Delegations: stated with dates, ended before their time. Circles and overlaps are refused when they are stated."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction

from approvals.events import DelegationEnded, DelegationStated
from approvals.locks import lock_delegation, lock_delegations
from approvals.models import Delegation
from approvals.rules.delegation import LONGEST, collide, length_of, loop_of
from approvals.selectors.delegations import access_delegation_by_id, deciders_in, link_of, links_to_come, may_state_for
from approvals.selectors.policies import kinds_of_entity
from budgets.models import CostCentre
from core import clock
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import Entity, User
from core.services import audit
from core.services.outbox import publish
from core.viewer import known_zone

LONGEST_SPAN = timedelta(days=366)
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class DelegationData:
    """Who decides for a person from the first day to the last, both included, in the person's zone (else the entity's).

    Without a delegate the person is out of office. `limit` is in the entity's currency.
    """

    entity: Entity
    person: User
    delegate: User | None
    first_day: date
    last_day: date
    kinds: Sequence[str] = field(default_factory=tuple)
    limit: Decimal | None = None
    cost_centre: CostCentre | None = None
    reason: str = ""


@transaction.atomic
def state_delegation(*, data: DelegationData, actor: User) -> Delegation:
    """State that a person is away, and who decides for them. It begins by itself, at once where its first day is today.

    Raises InvalidInput, NotAllowed for whoever is neither the person nor an administrator of the entity, and WrongState where
    another one is for the same thing at the same time, where it would close a circle, or make a chain of more than three.
    """
    now = clock.now()
    lock_delegations(data.entity.pk)
    _refuse_unless_theirs(data, actor)
    _check_people(data)
    starts_at, ends_at = _span(data, now)
    _check_terms(data)
    row = Delegation(
        entity=data.entity,
        person=data.person,
        delegate=data.delegate,
        starts_at=starts_at,
        ends_at=ends_at,
        kinds=sorted(set(data.kinds)),
        limit=data.limit,
        cost_centre=data.cost_centre,
        reason=data.reason.strip(),
        stated_by=actor,
        stated_at=now,
    )
    _refuse_overlap(row)
    _refuse_circle(row, now)
    row.save()
    audit.record(actor=actor, verb="delegation.stated", subject=row, entity=row.entity, after=said(row), at=now)
    publish(DelegationStated(delegation_id=row.pk, at=now.isoformat()))
    return row


@transaction.atomic
def end_delegation(*, delegation_id: int, actor: User) -> Delegation:
    """End a delegation now, or call it off before it begins. What was decided under it stays decided.

    Raises NotFound, NotAllowed as state_delegation does (its delegate may end it too), and WrongState where it is over.
    """
    now = clock.now()
    access_delegation_by_id(actor, delegation_id)
    row = lock_delegation(delegation_id)
    if actor.pk != row.delegate_id and not may_state_for(actor, row.person, row.entity):
        raise NotAllowed("This delegation is not yours to end.", remedy=f"Ask {row.person.name}, or an administrator.")
    if row.ended_at is not None or row.ends_at <= now:
        raise WrongState("This delegation is over.", remedy="Nothing is left to do.")
    before = said(row)
    row.ends_at, row.ended_at, row.ended_by = max(now, row.starts_at), now, actor
    row.save(update_fields=["ends_at", "ended_at", "ended_by"])
    audit.record(actor=actor, verb="delegation.ended", subject=row, entity=row.entity, before=before, after=said(row), at=now)
    publish(DelegationEnded(delegation_id=row.pk, at=now.isoformat()))
    return row


def said(row: Delegation) -> dict[str, object]:
    """Return what an audit record says of a delegation."""
    return {
        "person": row.person.email,
        "delegate": row.delegate.email if row.delegate else "",
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
        "kinds": row.kinds,
        "limit": f"{row.limit:.2f} {row.entity.currency}" if row.limit is not None else "",
        "cost_centre": row.cost_centre.code if row.cost_centre else "",
        "reason": row.reason,
    }


def _refuse_unless_theirs(data: DelegationData, actor: User) -> None:
    if not may_state_for(actor, data.person, data.entity):
        raise NotAllowed(
            f"Who decides for {data.person.name} is not yours to state.",
            remedy=f"{data.person.name} states it, or an administrator of {data.entity.name}.",
        )
    if actor.pk == data.person.pk:
        return
    if data.delegate is not None and data.delegate.pk == actor.pk:
        raise NotAllowed("Nobody makes themselves the delegate of another.", remedy="Name somebody else, or ask the person.")
    if not data.reason.strip():
        raise _bad("reason", "Say why you state it in the person's place.")


def _check_people(data: DelegationData) -> None:
    if len(data.reason) > LONGEST_REASON or "\x00" in data.reason:
        raise _bad("reason", f"Shorten this to {LONGEST_REASON} characters of text.")
    able = deciders_in(data.entity)
    # A person whose account is shut still has stages, and somebody may have to decide on them.
    if data.person.is_active and not able.filter(pk=data.person.pk).exists():
        raise _bad("person", f"{data.person.name} holds no role in {data.entity.name} that decides.")
    if data.delegate is None:
        return
    if data.delegate.pk == data.person.pk:
        raise _bad("delegate", "Name somebody else than the person who is away.")
    if not able.filter(pk=data.delegate.pk).exists():
        raise _bad("delegate", f"{data.delegate.name} holds no role in {data.entity.name} that decides. Name somebody who does.")


def _span(data: DelegationData, now: datetime) -> tuple[datetime, datetime]:
    """Return from when until when, whole days in the person's zone; from now on where the first day is today."""
    zone = known_zone(data.person.time_zone or data.entity.time_zone)
    if data.first_day < now.astimezone(zone).date():
        raise _bad("first_day", "Choose today or a day to come: nothing that was decided before is touched.")
    if data.last_day < data.first_day:
        raise _bad("last_day", "The last day is before the first.")
    if data.last_day - data.first_day > LONGEST_SPAN:
        raise _bad("last_day", "State at most a year at a time.")
    starts_at = datetime.combine(data.first_day, time(), zone)
    return max(starts_at, now), datetime.combine(data.last_day + timedelta(days=1), time(), zone)


def _check_terms(data: DelegationData) -> None:
    if data.delegate is None and (data.kinds or data.limit is not None or data.cost_centre is not None):
        raise _bad("delegate", "Out of office is for everything. Name a delegate, or take the limits away.")
    if data.limit is not None and (not data.limit.is_finite() or data.limit <= 0 or data.limit >= Decimal(10) ** 16):
        raise _bad("limit", "Give an amount over zero, or leave it empty.")
    if data.cost_centre is not None and data.cost_centre.entity_id != data.entity.pk:
        raise _bad("cost_centre", f"Choose a cost centre of {data.entity.name}.")
    unknown = set(data.kinds) - set(kinds_of_entity(data.entity))
    if unknown:
        raise _bad("kinds", f"No policy of {data.entity.name} knows the kind “{min(unknown)[:60]}”.")


def _refuse_overlap(row: Delegation) -> None:
    same = Delegation.objects.filter(entity=row.entity, person=row.person, delegate__isnull=row.delegate_id is None)
    near = same.filter(starts_at__lt=row.ends_at, ends_at__gt=row.starts_at).order_by("starts_at", "pk")
    mine = link_of(row)
    for other in near.select_related("delegate", "person", "entity", "cost_centre"):
        if collide(mine, link_of(other)):
            raise WrongState(
                f"{_who(other)} from {other.first_day} to {other.last_day} already{_for_what(other)}.",
                remedy="End that one first, or choose other days, other kinds, or a cost centre neither above nor below.",
                code="delegation_overlaps",
            )


def _who(row: Delegation) -> str:
    return f"{row.delegate.name} decides for {row.person.name}" if row.delegate else f"{row.person.name} is out of office"


def _for_what(row: Delegation) -> str:
    """Say for which kinds and where, if not for all."""
    kinds = f", for {', '.join(kind.replace('_', ' ') for kind in row.kinds)}" if row.kinds else ""
    place = f", at {row.cost_centre.name} and below" if row.cost_centre else ""
    return f"{kinds}{place}"


def _refuse_circle(row: Delegation, now: datetime) -> None:
    if row.delegate is None:
        return
    links, new = links_to_come(row.entity, now=now), link_of(row)
    circle = loop_of(new, links)
    if circle is not None:
        names = User.objects.in_bulk(circle)
        way = " → ".join(names[pk].name for pk in [*circle, row.person_id])
        raise WrongState(
            f"This would close a circle, in which nobody decides: {way}.",
            remedy="Name somebody who is there on these days.",
            code="delegation_circle",
        )
    if length_of(new, links) > LONGEST:
        raise WrongState(
            f"This would hand decisions on more than {LONGEST} times.",
            remedy=f"Name somebody who is there on these days, instead of {row.delegate.name}.",
            code="delegation_chain",
        )


def _bad(field_name: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, code=field_name, details={field_name: sentence})
