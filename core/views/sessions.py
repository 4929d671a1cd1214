"""Signing in and out; in a demo, taking a role with one click."""

from typing import Any

from allauth.account.internal.flows.logout import logout
from allauth.account.views import LoginView
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import NotFound
from core.models import User
from core.selectors.personas import Persona, demo_person, personas
from core.views.appearance import safe_next

BACKEND = settings.AUTHENTICATION_BACKENDS[0]


class SignInView(LoginView):  # type: ignore[misc]
    """Ask for e-mail and password, a passkey, or the organization's own sign-in. Whoever is signed in goes on."""

    http_method_names = ("get", "head", "post")
    template_name = "account/login.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        """Say what is wrong, as every form of Purser does: with 422."""
        answer: HttpResponse = self.render_to_response(self.get_context_data(form=form), status=422)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what only a demo offers, and the organization's own sign-in where there is one."""
        oidc = settings.OIDC_NAME if settings.OIDC_ISSUER else ""
        own = {"personas": _offered(), "next": safe_next(self.request), "oidc_name": oidc}
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | own


sign_in = SignInView.as_view()


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, or a sign-in that stands half done."""
    logout(request, show_message=False)
    return redirect("core:sign-in")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def switch(request: HttpRequest) -> HttpResponse:
    """Show the roles of the demo; a POST takes one. There is no such page outside a demo."""
    if not settings.DEMO:
        raise NotFound("There is no such page.")
    if request.method != "POST":
        return render(request, "core/switch.html", {"personas": _offered(), "next": safe_next(request)})
    person: User = demo_person(request.POST.get("person", ""))
    login(request, person, backend=BACKEND)
    return HttpResponseRedirect(safe_next(request))


def _offered() -> list[Persona]:
    return personas() if settings.DEMO else []
