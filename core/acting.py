"""Seeing Purser as somebody else does: who really acts, and the gate that lets nothing be changed meanwhile."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from core import clock, walls
from core.actor import really
from core.errors import NotAllowed, Refusal
from core.middleware import answer_refusal
from core.models import ActingSession
from core.selectors.people import access_person_by_id
from core.services.acting import end_acting

SESSION_KEY = "acting"
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# What is the person's own affair: their password, factors, sessions and tokens. And other people's, and the admin.
CLOSED = ("/account/", "/people/", "/admin/")


class ActingMiddleware:
    """Let an administrator who acts as somebody else be that person to every page, and refuse whatever changes something."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        acting = self._running(request)
        if acting is None:
            return self.get_response(request)
        request.acting = acting  # type: ignore[attr-defined]
        if request.path == reverse("core:act-stop"):
            return self.get_response(request)
        request.user = acting.person
        walls.look_as(acting.person)
        with really(acting.administrator):
            if refusal := _refusal(request, acting):
                return answer_refusal(request, refusal)
            return self.get_response(request)

    def _running(self, request: HttpRequest) -> ActingSession | None:
        """Return what the session carries while it still holds: in time, and the person still one of the administrator's."""
        if not isinstance(key := request.session.get(SESSION_KEY), int):
            return None
        rows = ActingSession.objects.select_related("administrator", "person")
        acting = rows.filter(pk=key, administrator_id=request.user.pk, ended_at__isnull=True).first()
        if acting and clock.now() < acting.ends_at and _still_may(acting):
            return acting
        del request.session[SESSION_KEY]
        if acting:
            end_acting(acting_id=acting.pk, actor=None if clock.now() >= acting.ends_at else acting.administrator)
        messages.info(request, "You see Purser as yourself again.")
        return None


def _still_may(acting: ActingSession) -> bool:
    try:
        return access_person_by_id(acting.administrator, acting.person_id).may_act_as
    except Refusal:
        return False


def _refusal(request: HttpRequest, acting: ActingSession) -> Refusal | None:
    stop = "Stop acting as them first."
    if request.method not in SAFE:
        return NotAllowed(f"Nothing can be changed while you act as {acting.person.name}.", remedy=stop, code="acting")
    if request.path.startswith(CLOSED):
        return NotAllowed(f"This page is {acting.person.name}'s own, or an administrator's.", remedy=stop, code="acting")
    return None
