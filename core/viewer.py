"""The viewer's zone: moments are kept in UTC and shown in the zone of whoever looks."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from core.access import entities_of
from core.models import User

SESSION_KEY = "entity_zone"


def zone_of(user: User) -> str:
    """Return the name of the zone that `user` reads in: their own, else their first entity's, else UTC."""
    if user.time_zone:
        return user.time_zone
    return entities_of(user).values_list("time_zone", flat=True).first() or "UTC"


def known_zone(name: str) -> ZoneInfo:
    """Return the zone with this name, UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


class ViewerMiddleware:
    """Let each request be answered in its viewer's zone. The entity's zone is kept in the session until the next sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(known_zone(self._zone(request, request.user))):
            return self.get_response(request)

    def _zone(self, request: HttpRequest, user: User) -> str:
        if user.time_zone:
            return user.time_zone
        if SESSION_KEY not in request.session:
            request.session[SESSION_KEY] = zone_of(user)
        return str(request.session[SESSION_KEY])
