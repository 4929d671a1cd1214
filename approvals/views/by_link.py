"""Deciding from a mail: its link shows what is asked, and only a form sent from there decides."""

import hashlib
from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from approvals.forms import DecisionForm
from approvals.selectors.links import Lead, lead_of, link_of
from approvals.services.links import decide_by_link, gone
from approvals.views.offers import done_word
from approvals.views.panel import panel_for
from core import clock, walls
from core.api.errors import TooMany
from core.errors import InvalidInput, NotFound, Refusal
from core.models import User
from core.services.calls import calls_so_far, count_call

KIND = "links"


@dataclass(frozen=True)
class Visit:
    """Whoever opened a link that holds: as whom they look, whether they had signed in, and where the link leads."""

    person: User
    signed_in: bool
    lead: Lead

    @property
    def may_decide(self) -> bool:
        """Whether an answer is taken from here as things are."""
        return self.signed_in or self.lead.alone


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Show what a link asks to decide; a POST decides. A GET changes nothing: programs that look through mail follow links.

    404: it leads nowhere, whatever the reason; 422: something is missing; 409: it changed, or the money is not there.
    """
    visit = _visit(request, secret)
    with walls.looking_as(visit.person):
        if request.method != "POST":
            return _page(request, visit)
        form = DecisionForm(request.POST)
        if not form.is_valid():
            words = " ".join(str(error) for name, errors in form.errors.items() if name != "comment" for error in errors)
            return _page(request, visit, status=422, decision=form, decision_error=words)
        try:
            decision = decide_by_link(secret=secret, actor=visit.person, signed_in=visit.signed_in, **form.cleaned_data)
        except NotFound:
            _count_miss(request)
            raise
        except InvalidInput as refusal:
            for name, sentence in refusal.details.items():
                form.add_error(name if name in form.fields else None, str(sentence))
            return _page(request, visit, status=422, decision=form, refusal=None if refusal.details else refusal)
        except Refusal as refusal:
            return _page(request, visit, status=refusal.status, decision=form, refusal=refusal)
    return _done(request, visit, done_word(decision))


def _visit(request: HttpRequest, secret: str) -> Visit:
    """Return who opened the link, and where it leads. Raises NotFound, and TooMany for whoever tries many."""
    _refuse_many(request)
    with walls.system():
        link = link_of(secret)
        person = request.user if isinstance(request.user, User) else None
        if link is not None and (person is None or person.pk == link.person_id):
            lead = lead_of(link, now=clock.now())
            if lead is not None:
                return Visit(link.person, person is not None, lead)
    _count_miss(request)
    raise gone()


def _refuse_many(request: HttpRequest) -> None:
    now = clock.now()
    if calls_so_far(caller=_caller(request), kind=KIND, now=now) >= settings.LINK_MISSES_A_MINUTE:
        raise TooMany(retry_after=60 - int(now.timestamp()) % 60)


def _count_miss(request: HttpRequest) -> None:
    count_call(caller=_caller(request), kind=KIND, now=clock.now())


def _caller(request: HttpRequest) -> str:
    address = str(get_adapter().get_client_ip(request))
    return f"address-{hashlib.sha256(address.encode()).hexdigest()[:32]}"


def _page(request: HttpRequest, visit: Visit, *, status: int = 200, **more: Any) -> HttpResponse:
    lead = visit.lead
    context: dict[str, Any] = {"lead": lead, "stage": lead.stage, "request_": lead.stage.request, "visit": visit}
    if visit.may_decide:
        context |= {"panel": panel_for(lead.stage, visit.person, query=""), "decision": DecisionForm()}
    response = render(request, "approvals/by_link.html", context | more, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _done(request: HttpRequest, visit: Visit, verb: str) -> HttpResponse:
    asked = visit.lead.stage.request
    words = f"{asked.number} {asked.title[:80]} is {verb} by you."
    if visit.signed_in:
        messages.success(request, words)
        return redirect("approvals:queue")
    return render(request, "approvals/by_link_done.html", {"words": words})
