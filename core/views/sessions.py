"""Signing in and out; in a demo, taking a role with one click."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import NotFound
from core.forms import SignInForm
from core.models import User
from core.selectors.personas import Persona, demo_person, personas
from core.views.appearance import safe_next

BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for e-mail and password. Whoever is signed in goes on."""
    if request.user.is_authenticated and request.method != "POST":
        return HttpResponseRedirect(safe_next(request))
    form = SignInForm(request.POST or None, request=request, initial={"next": safe_next(request)})
    if request.method == "POST" and form.is_valid() and form.user is not None:
        login(request, form.user)
        return HttpResponseRedirect(safe_next(request))
    context = {"form": form, "personas": _offered(), "next": safe_next(request)}
    return render(request, "core/sign_in.html", context, status=422 if form.is_bound else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
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
