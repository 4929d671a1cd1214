"""What holds for every door: the methods that it may answer at all, and what browsers and caches may do with its answers."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.cache import patch_vary_headers

from core.middleware import GetResponse

METHODS_OF_PAGES = ("GET", "HEAD", "POST")
API = "/api/"
# Nothing that was shown to a person is kept, so that the back button shows nothing after they signed out. What a view sets
# itself stands.
HEADERS = {
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class DoorMiddleware:
    """Hold every door to the same rules."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        patch_vary_headers(response, ["Cookie"])
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Refuse what no page answers; the API's views say for themselves what they know. No text of ours holds a NUL."""
        if "\x00" in request.path_info:
            raise Http404
        if request.method in METHODS_OF_PAGES or request.path.startswith(API):
            return None
        return HttpResponseNotAllowed(METHODS_OF_PAGES)
