"""One's own account: who one is, how one signs in, and where one is signed in."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST, require_safe

from core.access import may
from core.forms import ProfileForm
from core.models import User
from core.posted import posted
from core.rules.devices import device_of
from core.rules.rights import Right
from core.selectors.people import has_second_factor
from core.services import master_data, sessions
from core.views.people import person_of


@dataclass(frozen=True)
class SessionRow:
    """One sign-in: on what, from where, since when, last used, and whether it is the one that asks."""

    session: UserSession
    device: str
    current: bool


def account(request: HttpRequest) -> HttpResponse:
    """Show one's account, with the ways to all that belongs to it; a POST saves name and zone."""
    person = User.objects.get(pk=person_of(request).pk)
    form = ProfileForm(posted(request), instance=person)
    if request.method == "POST" and form.is_valid():
        master_data.save_recorded(subject=form.instance, actor=person_of(request))
        request.session.pop("entity_zone", None)
        messages.success(request, "Saved.")
        return redirect("core:account")
    passkeys = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN).count()
    context = {
        "form": form,
        "has_factor": has_second_factor(person),
        "passkeys": passkeys,
        "session_count": len(_sessions_of(request, person)),
        "tokens_url": _address("core:tokens"),
        "delegations_url": _address("approvals:delegations") if may(person, Right.DECIDE) else "",
    }
    return render(request, "core/account.html", context, status=422 if form.is_bound else 200)


@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    """List where one is signed in."""
    return render(request, "core/sessions.html", {"rows": _sessions_of(request, person_of(request))})


@require_POST
def session_end(request: HttpRequest) -> HttpResponse:
    """End one session by its number, or all but the one that asks. The one that asks is ended by signing out."""
    person, key = person_of(request), request.session.session_key or ""
    only = request.POST.get("session", "")
    number = int(only) if only.isdecimal() and len(only) < 19 else None
    ended = 0 if only and number is None else sessions.end_sessions(person=person, actor=person, only=number, besides=key)
    words = {0: "There was nothing to end.", 1: "One session ended."}.get(ended, f"{ended} sessions ended.")
    messages.success(request, words)
    return redirect("core:sessions")


def _sessions_of(request: HttpRequest, person: User) -> list[SessionRow]:
    rows = UserSession.objects.purge_and_list(person)
    rows.sort(key=lambda row: row.last_seen_at, reverse=True)
    return [SessionRow(row, device_of(row.user_agent), row.session_key == request.session.session_key) for row in rows]


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
