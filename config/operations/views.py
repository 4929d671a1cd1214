"""What machines ask of Purser: whether it lives, whether it is ready, its figures. And the doctor's page for people."""

import hmac
import ipaddress

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.operations.doctor import examine, is_well
from config.operations.exposition import CONTENT_TYPE, exposition
from config.operations.readiness import watch
from core.access import rights_of
from core.errors import NotAllowed
from core.rules.rights import Right
from core.views.people import person_of

NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@login_not_required
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Say that this process answers. Asks nothing of anything."""
    return HttpResponse("alive\n", content_type="text/plain; charset=utf-8", headers=NO_STORE)


@login_not_required
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Say whether work can be taken, part by part: 200 when all are well, 503 when not."""
    found = watch.look()
    parts = {part.id: {"ok": part.ok, "found": part.found} for part in found.parts}
    status = 200 if found.is_ready else 503
    return JsonResponse({"ready": found.is_ready, "parts": parts}, status=status, headers=NO_STORE)


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Give the figures to who shows the token or asks from a network that may. For others there is no such page."""
    if not (_shows_token(request) or _is_near(request)):
        return HttpResponseNotFound("There is no such page.\n", content_type="text/plain; charset=utf-8", headers=NO_STORE)
    return HttpResponse(exposition(), content_type=CONTENT_TYPE, headers=NO_STORE)


@require_safe
def doctor(request: HttpRequest) -> HttpResponse:
    """What `manage.py doctor` finds, for administrators: as this web process sees it."""
    person = person_of(request)
    if not (person.is_superuser or Right.ADMINISTER in rights_of(person)):
        raise NotAllowed("Your role does not open this page.", remedy="Ask an administrator how Purser is.")
    parts = sorted(examine(), key=lambda part: ("bad", "note", "fine").index(part.level))
    wrong = sum(not part.ok for part in parts)
    return render(request, "operations/doctor.html", {"parts": parts, "is_well": is_well(parts), "wrong": wrong})


def _shows_token(request: HttpRequest) -> bool:
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    token = settings.METRICS_TOKEN
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), token.encode())


def _is_near(request: HttpRequest) -> bool:
    """Say whether the peer itself is in an allowed network; what headers say of others is not asked."""
    try:
        peer = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
        networks = [ipaddress.ip_network(each, strict=False) for each in settings.METRICS_NETWORKS]
    except ValueError:
        return False
    return any(peer in network for network in networks)
