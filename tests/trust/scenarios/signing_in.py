"""Scenarios of signing in: the lock on the door, sessions, invitations, the first administrator, acting as somebody else."""

from datetime import timedelta
from typing import Any

from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from core import clock
from core.models import Role, SignInTally, User
from core.services import acting, factors, first_administrator, invitations, lockout, people, sessions
from core.services.invitations import WantedRole
from tests.factories.core import UserFactory, assign
from tests.trust.scenarios.ground import Ground
from tests.trust.scenarios.registry import only_reads, scenario

EACH_ALONE = "each session of acting ends in a transaction of its own"

only_reads(
    lockout.key_of,
    lockout.limit_of,
    invitations.invitation_of,
    invitations.hash_of,
    first_administrator.administrator_is_there,
    first_administrator.first_link_of,
)


def _administrator(ground: Ground) -> User:
    person = UserFactory.create(email="administrator@example.org", name="Administrator")
    assign(person, "administrator", ground.entity, kind="administrator")
    return person


def _request(person: User) -> HttpRequest:
    """Return a request of somebody who signed in and was seen once."""
    request = HttpRequest()
    request.META |= {"REMOTE_ADDR": "192.0.2.1", "HTTP_USER_AGENT": "Firefox"}
    request.session = SessionStore()
    request.session["seen"] = True
    request.session.save()
    request.user = person
    with request_context(request):
        UserSession.objects.create_from_request(request)
    return request


def _shut(email: str) -> None:
    for _ in range(5):
        lockout.count_attempt(email=email, address="192.0.2.1")


@scenario(people.change_person)
def _change_person(ground: Ground) -> dict[str, Any]:
    _request(ground.requester)
    person = User.objects.get(pk=ground.requester.pk)
    person.is_active, person.email = False, "left@example.org"
    return {"person": person, "actor": ground.finance}


@scenario(sessions.end_sessions)
def _end_sessions(ground: Ground) -> dict[str, Any]:
    _request(ground.requester)
    return {"person": ground.requester, "actor": ground.requester}


@scenario(sessions.rotate_session)
def _rotate_session(ground: Ground) -> dict[str, Any]:
    return {"request": _request(ground.requester)}


@scenario(sessions.see_session)
def _see_session(ground: Ground) -> dict[str, Any]:
    request = _request(ground.requester)
    UserSession.objects.all().delete()
    return {"request": request}


@scenario(lockout.count_attempt, small=True)
def _count_attempt(ground: Ground) -> dict[str, Any]:
    for _ in range(4):
        lockout.count_attempt(email=ground.requester.email, address="192.0.2.1")
    return {"email": ground.requester.email, "address": "192.0.2.1"}


@scenario(lockout.forgive)
def _forgive(ground: Ground) -> dict[str, Any]:
    _shut(ground.requester.email)
    return {"email": ground.requester.email, "address": "192.0.2.1"}


@scenario(lockout.lift_lock)
def _lift_lock(ground: Ground) -> dict[str, Any]:
    _shut(ground.requester.email)
    return {"person": ground.requester, "actor": ground.finance}


@scenario(lockout.tell_locked)
def _tell_locked(ground: Ground) -> dict[str, Any]:
    _shut(ground.requester.email)
    tally = SignInTally.objects.get(kind="account")
    assert tally.locked_until is not None
    return {"event": lockout.AccountLocked(tally_id=tally.pk, until=tally.locked_until.isoformat())}


def _invited(ground: Ground) -> dict[str, Any]:
    wanted = [WantedRole(Role.objects.get(code="finance"), ground.entity, ground.centres["ENG"])]
    return {"email": "new@example.org", "name": "New person", "roles": wanted, "actor": _administrator(ground)}


@scenario(invitations.invite)
def _invite(ground: Ground) -> dict[str, Any]:
    return _invited(ground)


@scenario(invitations.send_again)
def _send_again(ground: Ground) -> dict[str, Any]:
    invitation = invitations.invite(**_invited(ground))
    return {"invitation_id": invitation.pk, "actor": invitation.invited_by}


@scenario(invitations.withdraw)
def _withdraw(ground: Ground) -> dict[str, Any]:
    invitation = invitations.invite(**_invited(ground))
    return {"invitation_id": invitation.pk, "actor": invitation.invited_by}


@scenario(invitations.accept, small=True)
def _accept(ground: Ground) -> dict[str, Any]:
    invitation = invitations.invite(**_invited(ground))
    token = invitations._token(invitation.email, invitation.invited_at, 1)
    return {"token": token, "name": "New person", "password": "a long and quiet evening"}


@scenario(invitations.mail_invitation)
def _mail_invitation(ground: Ground) -> dict[str, Any]:
    invitation = invitations.invite(**_invited(ground))
    return {"event": invitations.InvitationSent(invitation_id=invitation.pk, sending=1)}


@scenario(first_administrator.make_first_link)
def _make_first_link(ground: Ground) -> dict[str, Any]:
    first_administrator.make_first_link()
    return {}


@scenario(first_administrator.use_first_link)
def _use_first_link(ground: Ground) -> dict[str, Any]:
    UserFactory.create(email=first_administrator.FORMERLY, is_superuser=True)
    token = first_administrator.make_first_link()
    return {"token": token, "name": "First", "email": "first@example.org", "password": "a long and quiet evening"}


@scenario(acting.begin_acting)
def _begin_acting(ground: Ground) -> dict[str, Any]:
    return {"administrator": _administrator(ground), "person_id": ground.requester.pk, "reason": "They see no budget."}


@scenario(acting.end_acting)
def _end_acting(ground: Ground) -> dict[str, Any]:
    begun = acting.begin_acting(**_begin_acting(ground))
    return {"acting_id": begun.pk, "actor": begun.administrator}


@scenario(acting.end_overdue_acting, steps=EACH_ALONE)
def _end_overdue_acting(ground: Ground) -> dict[str, Any]:
    with clock.at(clock.now() - timedelta(hours=1)):
        acting.begin_acting(**_begin_acting(ground))
    return {}


@scenario(factors.seal_factors)
def _seal_factors(ground: Ground) -> dict[str, Any]:
    """One was kept before seeds were sealed."""
    Authenticator.objects.create(user=ground.requester, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    return {}
