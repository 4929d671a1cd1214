"""The three addresses for machines, answered before sessions, hosts and walls: they must answer when those cannot."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from config.operations import views
from core import walls

GetResponse = Callable[[HttpRequest], HttpResponse]
EARLY: dict[str, GetResponse] = {"/-/live": views.live, "/-/ready": views.ready, "/metrics": views.metrics}


class OperationsMiddleware:
    """Answer `/-/live`, `/-/ready` and `/metrics` here; pass everything else on."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if early := EARLY.get(request.path_info):
            # They tell of the whole house, in counts that name nobody.
            with walls.system():
                return early(request)
        return self.get_response(request)
