"""Signing in somebody whose account was made this moment."""

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from core.models import User


def sign_in_new(request: HttpRequest, person: User, *, onwards: str) -> HttpResponse:
    """Sign `person` in and lead them to `onwards`. Whoever was signed in before in this browser is not any more.

    The link that they followed has just shown who they are, so their first passkey asks for no other proof.
    """
    request.session.flush()
    login = Login(user=person, redirect_url=resolve_url(onwards))
    record_authentication(request, person, method="code", reauthenticated=True, email=person.email)
    response: HttpResponse = perform_login(request, login)
    return response if isinstance(response, HttpResponseRedirect) else HttpResponseRedirect("/")
