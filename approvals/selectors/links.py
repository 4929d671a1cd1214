"""Where the link of a mail leads now. Reads only: programs that look through mail follow links."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from approvals.models import DecisionLink, Stage, StageMember
from approvals.rules.changes import Change, changes_between
from approvals.rules.links import Bond, Proof, holds, is_enough
from approvals.rules.owners import OwnerKind, owner_of
from approvals.selectors.delegations import DECIDING_KINDS, ways_for
from approvals.selectors.particulars import weight_of
from approvals.selectors.queue import RELATED, queue_of, with_request
from approvals.selectors.seats import scope_of
from core.models import RoleAssignment, User
from core.selectors.people import has_second_factor, must_have_second_factor

SHOWN = tuple(f"stage__{way}" for way in RELATED)


@dataclass(frozen=True, slots=True)
class Lead:
    """Where a link leads: the stage to decide on, what changed since the mail, and whether the link is proof enough."""

    link: DecisionLink
    stage: Stage
    changed: bool
    changes: list[Change]
    alone: bool


def secret_of(nonce: str) -> str:
    """Return the secret part of a link; whoever has the database but not the signing key cannot make it."""
    return salted_hmac("approvals.decision-link", nonce, algorithm="sha256").hexdigest()


def hash_of(secret: str) -> str:
    """Return what is kept of the secret part of a link."""
    return hashlib.sha256(secret.encode()).hexdigest()


def link_of(secret: str) -> DecisionLink | None:
    """Return the link with a secret, whatever has become of it. The caller sees all rows: nobody is known yet."""
    return DecisionLink.objects.select_related("person", "member", *SHOWN).filter(token_hash=hash_of(secret)).first()


def lead_of(link: DecisionLink, *, now: datetime) -> Lead | None:
    """Return where a link leads at `now`, or None where it leads nowhere any more.

    Where the request was asked again since the mail, it leads to the stage before which the same person stands now.
    """
    stage = _present(link)
    if stage is None or not holds(_bond(link, stage, now), now=now):
        return None
    changed = stage.pk != link.stage_id or stage.request.digest != link.digest
    return Lead(link, stage, changed, _changes(link, stage), is_enough(_proof(link, stage, changed=changed)))


def _present(link: DecisionLink) -> Stage | None:
    """Return the stage of the mail while it waits, else the one of a later round that waits for the person."""
    waiting = with_request(queue_of(link.person)).filter(request_id=link.stage.request_id)
    stage = waiting.filter(pk=link.stage_id).first()
    if stage is None and link.stage.request.round > link.round:
        stage = waiting.first()
    return stage


def _bond(link: DecisionLink, stage: Stage, now: datetime) -> Bond:
    place = _place(link, stage, now)
    return Bond(
        expires_at=link.expires_at,
        is_ended=link.used_at is not None or link.revoked_at is not None,
        is_active=link.person.is_active,
        same_credential=constant_time_compare(link.credential, link.person.get_session_auth_hash()),
        still_placed=place is not None,
        still_holds_role=place is not None and _held_since(link, stage, place),
    )


def _place(link: DecisionLink, stage: Stage, now: datetime) -> StageMember | None:
    """Return the place before the stage that the link was made for, if nobody left it and the person still stands there."""
    place = StageMember.objects.filter(stage=stage, person_id=link.member.person_id).first()
    if place is None or (stage.pk == link.stage_id and place.pk != link.member_id):
        return None
    if place.person_id != link.person_id and not ways_for(link.person, stage.request, [place.person_id], now=now):
        return None
    return place


def _held_since(link: DecisionLink, stage: Stage, place: StageMember) -> bool:
    """Say whether a role by which the place decides is held without a break since the mail."""
    held = RoleAssignment.objects.filter(
        user_id=place.person_id, entity_id=stage.request.entity_id, created_at__lte=link.made_at
    ).select_related("role", "cost_centre")
    if place.capacity == StageMember.Capacity.ADDED:
        return held.exists()
    scope = scope_of(stage.request)
    roles = {stage.role_code, stage.backup_role_code, scope.contact_role_code} - {""}
    is_role = owner_of(stage.role_code).kind is OwnerKind.ROLE
    rows = held.filter(role__code__in=roles) if is_role else held.filter(role__kind__in=DECIDING_KINDS)
    return any(scope.path.startswith(row.cost_centre.path if row.cost_centre else "/") for row in rows)


def _changes(link: DecisionLink, stage: Stage) -> list[Change]:
    contents = {each.number: each.content for each in stage.request.rounds.filter(number__in=[link.round, stage.round])}
    before, after = contents.get(link.round), contents.get(stage.round)
    return changes_between(before, after) if before and after and link.round != stage.round else []


def _proof(link: DecisionLink, stage: Stage, *, changed: bool) -> Proof:
    request = stage.request
    up_to: Decimal | None = settings.LINK_ALONE_UP_TO.get(request.entity.code)
    return Proof(
        up_to=up_to,
        # What has no amount, as a change of a policy, is never small enough for a link by itself.
        amount=weight_of(request) or None if request.currency == request.entity.currency else None,
        unchanged=not changed,
        in_own_place=link.member.person_id == link.person_id,
        has_second_factor=up_to is None or _is_guarded(link.person),
    )


def _is_guarded(person: User) -> bool:
    return person.is_superuser or has_second_factor(person) or must_have_second_factor(person)
