"""Invitations: an account comes by one. The link is mailed after the commit, derived anew from the signing key; none is kept."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import salted_hmac

from core import clock, walls
from core.errors import InvalidInput, NotAllowed, NotFound, WrongState
from core.events import Event
from core.locks import lock_invitation
from core.models import Entity, Invitation, InvitedRole, Role, User
from core.selectors.people import access_invitation_by_id, administered_entities
from core.services import assignments, audit, outbox, people

GONE = "This invitation was used, withdrawn or replaced by a newer one, or it lapsed."
AGAIN = "Ask whoever invited you to send it again."


@dataclass(frozen=True)
class InvitationSent(Event):
    """An invitation should reach a mailbox."""

    topic: ClassVar[str] = "core.invitation_sent"
    invitation_id: int
    sending: int


@dataclass(frozen=True)
class WantedRole:
    """A role to be held over an entity, or over the subtree of one of its cost centres."""

    role: Role
    entity: Entity
    cost_centre: Any = None


@transaction.atomic
def invite(*, email: str, name: str, roles: Iterable[WantedRole], actor: User, title: str = "") -> Invitation:
    """Invite somebody by e-mail to hold `roles`. Raises NotAllowed beyond the entities that `actor` administers."""
    wanted = list(roles)
    _check(email, wanted, actor)
    now = clock.now()
    invitation = Invitation.objects.create(
        email=email.strip().lower(),
        name=name,
        title=title,
        invited_by=actor,
        invited_at=now,
        token_hash=hash_of(_token(email.strip().lower(), now, 1)),
        expires_at=now + timedelta(days=settings.INVITATION_DAYS),
    )
    InvitedRole.objects.bulk_create(
        InvitedRole(invitation=invitation, role=one.role, entity=one.entity, cost_centre=one.cost_centre) for one in wanted
    )
    after = {"email": invitation.email, "roles": [f"{one.role.code} of {one.cost_centre or one.entity}" for one in wanted]}
    audit.record(actor=actor, verb="invitation.sent", subject=invitation, entity=wanted[0].entity, after=after)
    outbox.publish(InvitationSent(invitation_id=invitation.pk, sending=1))
    return invitation


@transaction.atomic
def send_again(*, invitation_id: int, actor: User) -> Invitation:
    """Send a new link, good for the whole time again; the link before it is void."""
    access_invitation_by_id(actor, invitation_id)
    invitation = _open(invitation_id)
    invitation.sendings += 1
    invitation.token_hash = hash_of(_token(invitation.email, invitation.invited_at, invitation.sendings))
    invitation.expires_at = clock.now() + timedelta(days=settings.INVITATION_DAYS)
    invitation.save(update_fields=["sendings", "token_hash", "expires_at"])
    audit.record(actor=actor, verb="invitation.sent_again", subject=invitation, after={"email": invitation.email})
    outbox.publish(InvitationSent(invitation_id=invitation.pk, sending=invitation.sendings))
    return invitation


@transaction.atomic
def withdraw(*, invitation_id: int, actor: User) -> Invitation:
    """Take an invitation back; its link is void at once."""
    access_invitation_by_id(actor, invitation_id)
    invitation = _open(invitation_id)
    invitation.withdrawn_at = clock.now()
    invitation.save(update_fields=["withdrawn_at"])
    audit.record(actor=actor, verb="invitation.withdrawn", subject=invitation, after={"email": invitation.email})
    return invitation


@transaction.atomic
def accept(*, token: str, name: str, password: str | None) -> User:
    """Make the person and give them their roles, once. Without a password they sign in with a passkey that they add next.

    Raises NotFound for a link that does not hold, NotAllowed where whoever invited may not give these roles any more.
    """
    invitation = _open(invitation_of(token).pk)
    if invitation.token_hash != hash_of(token):
        raise NotFound(GONE, remedy=AGAIN)
    wanted = [WantedRole(one.role, one.entity, one.cost_centre) for one in invitation.roles.all()]
    _check_reach(wanted, invitation.invited_by)
    person = people.add_person(
        email=invitation.email, name=name, title=invitation.title, password=password, actor=invitation.invited_by
    )
    # Whoever accepts sees nothing of an entity yet: it is the inviter, held to their entities above, who lets them in.
    with walls.system():
        for one in wanted:
            assignments.assign_role(
                person=person, role=one.role, entity=one.entity, cost_centre=one.cost_centre, actor=invitation.invited_by
            )
    invitation.accepted_at, invitation.person = clock.now(), person
    invitation.save(update_fields=["accepted_at", "person"])
    audit.record(actor=person, verb="invitation.accepted", subject=invitation, after={"email": invitation.email})
    return person


def invitation_of(token: str) -> Invitation:
    """Return the open invitation that a link leads to. Raises NotFound."""
    rows = Invitation.objects.filter(accepted_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=clock.now())
    found = rows.filter(token_hash=hash_of(token)).select_related("invited_by").first()
    if found is None:
        raise NotFound(GONE, remedy=AGAIN)
    return found


def mail_invitation(event: InvitationSent) -> None:
    """Send the link of an invitation that is still open and was not sent again since."""
    invitation = Invitation.objects.select_related("invited_by").get(pk=event.invitation_id)
    if invitation.accepted_at or invitation.withdrawn_at or invitation.sendings != event.sending:
        return
    link = reverse("core:invitation", args=[_token(invitation.email, invitation.invited_at, invitation.sendings)])
    text = (
        f"{invitation.invited_by.name} invites you to Purser, as {', '.join(str(one) for one in invitation.roles.all())}.\n\n"
        f"{settings.BASE_URL}{link}\n\n"
        f"The link works once, until {invitation.expires_at:%-d %B %Y, %H:%M} UTC. It is for you alone: do not pass it on."
    )
    EmailMessage(subject="You are invited to Purser", body=text, to=[invitation.email]).send()


def hash_of(token: str) -> str:
    """Return what is kept of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def _token(email: str, invited_at: datetime, sending: int) -> str:
    """Return the secret part of a link; whoever has the database but not the signing key cannot make it."""
    value = f"{email}:{invited_at.isoformat()}:{sending}"
    return salted_hmac("core.invitation", value, algorithm="sha256").hexdigest()


def _open(invitation_id: int) -> Invitation:
    invitation = lock_invitation(invitation_id)
    if invitation.accepted_at or invitation.withdrawn_at:
        raise WrongState(GONE, remedy=AGAIN)
    return invitation


def _check(email: str, wanted: list[WantedRole], actor: User) -> None:
    if not wanted:
        raise InvalidInput("Say what the person will do.", remedy="Choose at least one role and its organization.")
    _check_reach(wanted, actor)
    if User.objects.filter(email__iexact=email.strip()).exists():
        raise InvalidInput(
            f"{email} has an account already.",
            remedy="Give the person their roles in the set-up.",
            details={"email": "Has an account."},
        )
    waiting = Invitation.objects.filter(email__iexact=email.strip(), accepted_at__isnull=True, withdrawn_at__isnull=True)
    if waiting.exists():
        raise InvalidInput(
            f"{email} is invited already.",
            remedy="Send that invitation again, or withdraw it first.",
            details={"email": "Is invited already."},
        )


def _check_reach(wanted: list[WantedRole], inviter: User) -> None:
    theirs = {entity.pk for entity in administered_entities(inviter)} if inviter.is_active else set()
    for one in wanted:
        if one.entity.pk not in theirs:
            raise NotAllowed(f"{inviter.name} does not administer {one.entity.name}.", remedy="Ask one of its administrators.")
        if one.cost_centre is not None and one.cost_centre.entity_id != one.entity.pk:
            raise InvalidInput("The cost centre belongs to another organization.", remedy=f"Choose one of {one.entity.name}.")
