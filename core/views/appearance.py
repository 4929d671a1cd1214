"""The theme and the density of rows, kept in cookies, so that they hold before anybody signs in and need no script."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from core.appearance import COOKIES

ONE_YEAR = 365 * 24 * 3600


def safe_next(request: HttpRequest, fallback: str = "/") -> str:
    """Return the address to go on to, if it is one of ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return target if ours else fallback


@login_not_required
@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme or density; a value that is not offered is ignored."""
    response = HttpResponseRedirect(safe_next(request))
    for name, cookie in COOKIES.items():
        if (chosen := request.POST.get(name)) in cookie.values:
            response.set_cookie(
                cookie.key, str(chosen), max_age=ONE_YEAR, samesite="Lax", secure=request.is_secure(), httponly=True
            )
    return response
