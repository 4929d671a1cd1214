"""The gate before everything else, where an organization requires a second factor of those who administer or reconcile."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.errors import NotAllowed
from core.middleware import answer_refusal
from core.models import User
from core.selectors.people import needs_second_factor

# Where a factor is set up, who one is shown again, and the way out.
OPEN = ("/account/second-factor/", "/account/again/", "/sign-out/", "/appearance/", "/people/act-as/stop/", "/-/", "/static/")
WORDS = "Your role needs a second factor. Set one up here; then everything opens."


class SecondFactorMiddleware:
    """Lead whoever must have a second factor and has none to where it is set up; refuse everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if hasattr(request, "acting") or request.path.startswith(OPEN) or not self._lacks_one(request):
            return self.get_response(request)
        if request.method in {"GET", "HEAD"} and not request.path.startswith("/api/"):
            messages.warning(request, WORDS)
            return HttpResponseRedirect(reverse("mfa_index"))
        refusal = NotAllowed("Your role needs a second factor.", remedy="Set one up under Your account, Second factors.")
        return answer_refusal(request, refusal)

    def _lacks_one(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and needs_second_factor(request.user)
