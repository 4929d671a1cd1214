"""How long a session lives, and when it gets a new key.

It ends when it was not used for a while, and in any case a while after the sign-in. It gets a new key when what its person may do
has changed since it was last used: by then the person is someone else to the rules.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from core import clock, walls
from core.access import grants_of
from core.models import User
from core.services.sessions import rotate_session, see_session

BEGAN, SEEN, RIGHTS = "session_began", "session_seen", "session_rights"
LOOK_EVERY = timedelta(minutes=1)
TOO_OLD = "You signed in more than {hours} hours ago, so this session ended. Sign in to go on; what you saved is kept."
TOO_QUIET = "Nothing was done for {minutes} minutes, so this session ended. Sign in to go on; what you saved is kept."


def rights_mark(user: User) -> str:
    """Return words that change when what `user` may do changes."""
    held = sorted(f"{grant.entity_id}{grant.path}{grant.role_code}{sorted(grant.rights)}" for grant in grants_of(user))
    return hashlib.sha256(f"{user.is_staff}{user.is_superuser}{held}".encode()).hexdigest()[:16]


class SessionLifeMiddleware:
    """End what lived too long, keep when it was last used, and change its key with its person's rights."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User) or request.user.is_authenticated:
            self._look(request)
        return self.get_response(request)

    def _look(self, request: HttpRequest) -> None:
        now = clock.now()
        if words := _why_over(request, now):
            logout(request)
            walls.look_as(request.user)
            messages.warning(request, words)
            return
        self._turn(request)
        if (seen := _kept(request, SEEN)) is None or now - seen >= LOOK_EVERY:
            request.session.setdefault(BEGAN, now.isoformat())
            request.session[SEEN] = now.isoformat()
            see_session(request=request)

    def _turn(self, request: HttpRequest) -> None:
        assert isinstance(request.user, User)
        mark = rights_mark(request.user)
        known = request.session.get(RIGHTS)
        if known == mark:
            return
        request.session[RIGHTS] = mark
        if known is not None:
            rotate_session(request=request)


def _why_over(request: HttpRequest, now: datetime) -> str:
    began, seen = _kept(request, BEGAN), _kept(request, SEEN)
    if began is not None and now - began >= timedelta(hours=settings.SESSION_HOURS):
        return TOO_OLD.format(hours=settings.SESSION_HOURS)
    if seen is not None and now - seen >= timedelta(minutes=settings.SESSION_IDLE_MINUTES):
        return TOO_QUIET.format(minutes=settings.SESSION_IDLE_MINUTES)
    return ""


def _kept(request: HttpRequest, key: str) -> datetime | None:
    text = request.session.get(key)
    return datetime.fromisoformat(text) if isinstance(text, str) else None
