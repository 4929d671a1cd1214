"""People, for those who administer: who is here, who is shut out, whom to invite, and seeing Purser as they do."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.acting import SESSION_KEY
from core.errors import InvalidInput, NotAllowed
from core.forms import AcceptForm, ActForm, FirstAdministratorForm, InvitedRoles, InviteForm
from core.models import User
from core.posted import posted
from core.selectors.people import (
    access_person_by_id,
    administered_entities,
    is_administrator,
    open_invitations,
    people_of,
)
from core.services import acting, first_administrator, invitations, lockout
from core.services.invitations import WantedRole
from core.viewer import SESSION_KEY as ZONE
from core.views.people import person_of
from core.views.signing import sign_in_new

GET_POST = ["GET", "HEAD", "POST"]


def _administrator(request: HttpRequest) -> User:
    person = person_of(request)
    if not is_administrator(person):
        raise NotAllowed("Only an administrator looks after people.", remedy="Ask an administrator.")
    return person


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """List the people whom the administrator looks after, and the invitations that are open."""
    administrator = _administrator(request)
    context = {"rows": people_of(administrator), "invitations": open_invitations(administrator), "now": clock.now()}
    return render(request, "core/people.html", context)


@require_http_methods(GET_POST)
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody, with the roles that they will hold."""
    administrator = _administrator(request)
    data = posted(request)
    form = InviteForm(data)
    roles = InvitedRoles(data, form_kwargs={"entities": administered_entities(administrator)})
    if request.method == "POST" and form.is_valid() and roles.is_valid():
        chosen = [one.cleaned_data for one in roles if one.cleaned_data.get("role")]
        wanted = [WantedRole(one["role"], one["entity"], one["cost_centre"]) for one in chosen]
        try:
            invitations.invite(**form.cleaned_data, roles=wanted, actor=administrator)
        except InvalidInput as refusal:
            form.add_error("email" if "email" in refusal.details else None, str(refusal))
        else:
            messages.success(request, f"The invitation is on its way to {form.cleaned_data['email']}.")
            return redirect("core:people")
    return render(request, "core/invite.html", {"form": form, "roles": roles}, status=422 if form.is_bound else 200)


@require_POST
def invitation_again(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Send an invitation again."""
    invitation = invitations.send_again(invitation_id=invitation_id, actor=_administrator(request))
    messages.success(request, f"A new link is on its way to {invitation.email}; the one before does not work any more.")
    return redirect("core:people")


@require_POST
def invitation_withdraw(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Withdraw an invitation."""
    invitation = invitations.withdraw(invitation_id=invitation_id, actor=_administrator(request))
    messages.success(request, f"The invitation of {invitation.email} is withdrawn; its link does not work any more.")
    return redirect("core:people")


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(GET_POST)
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Let whoever was invited make their account. A GET changes nothing: scanners of mail follow links too."""
    found = invitations.invitation_of(token)
    form = AcceptForm(posted(request), initial={"name": found.name}, email=found.email)
    if request.method == "POST" and form.is_valid():
        name, password = form.cleaned_data["name"], form.cleaned_data["password"] or None
        person = invitations.accept(token=token, name=name, password=password)
        return sign_in_new(request, person, onwards="/" if password else "mfa_add_webauthn")
    return render(request, "core/invitation.html", {"form": form, "invitation": found}, status=422 if form.is_bound else 200)


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(GET_POST)
def first(request: HttpRequest, token: str) -> HttpResponse:
    """Let the holder of the one-time link become the first administrator."""
    first_administrator.first_link_of(token)
    form = FirstAdministratorForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            person = first_administrator.use_first_link(token=token, **form.cleaned_data)
        except InvalidInput as refusal:
            form.add_error("email", str(refusal))
        else:
            return sign_in_new(request, person, onwards="core:account")
    return render(request, "core/first_administrator.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
def lift_lock(request: HttpRequest, person_id: int) -> HttpResponse:
    """Open a shut account again."""
    administrator = _administrator(request)
    person = access_person_by_id(administrator, person_id).person
    lockout.lift_lock(person=person, actor=administrator)
    messages.success(request, f"{person.name} may sign in again.")
    return redirect("core:people")


@require_http_methods(GET_POST)
def act_as(request: HttpRequest, person_id: int) -> HttpResponse:
    """Ask why, then let the administrator see Purser as this person does."""
    administrator = _administrator(request)
    row = access_person_by_id(administrator, person_id)
    form = ActForm(posted(request))
    if request.method == "POST" and form.is_valid():
        begun = acting.begin_acting(administrator=administrator, person_id=row.person.pk, reason=form.cleaned_data["reason"])
        request.session[SESSION_KEY] = begun.pk
        request.session.pop(ZONE, None)
        return redirect("/")
    return render(request, "core/act_as.html", {"form": form, "row": row}, status=422 if form.is_bound else 200)


@require_POST
def act_stop(request: HttpRequest) -> HttpResponse:
    """Be oneself again."""
    if isinstance(key := request.session.pop(SESSION_KEY, None), int):
        acting.end_acting(acting_id=key, actor=person_of(request))
        request.session.pop(ZONE, None)
    return redirect("core:people")
