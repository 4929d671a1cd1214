"""Sessions: each sign-in is a row that its person, or whoever may, can end; what ended is over at the next click."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.http import HttpRequest

from core.models import User
from core.services import audit


@transaction.atomic
def end_sessions(*, person: User, actor: User | None, only: int | None = None, besides: str = "") -> int:
    """End one session of `person` by its number, or all besides the one with that key; return how many ended."""
    rows = UserSession.objects.filter(user=person).exclude(session_key=besides)
    if only is not None:
        rows = rows.filter(pk=only)
    keys = list(rows.values_list("session_key", flat=True))
    for key in keys:
        SessionStore().delete(key)
    rows.delete()
    if keys:
        audit.record(actor=actor, verb="sessions.ended", subject=person, after={"sessions": len(keys)})
    return len(keys)


@transaction.atomic
def rotate_session(*, request: HttpRequest) -> None:
    """Give the running session a new key; whoever holds the old one holds nothing."""
    old = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=old).update(session_key=request.session.session_key)


def see_session(*, request: HttpRequest) -> None:
    """Keep from where and when the running session was last used."""
    UserSession.objects.create_from_request(request)
