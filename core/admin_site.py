"""The admin's own doors: it has no sign-in besides the one there is, and says who may not come in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from core.errors import NotAllowed
from core.views.appearance import safe_next


class PurserAdminSite(AdminSite):
    """Opens to people marked for it who signed in as everybody does."""

    site_header = "Purser, set up"
    site_title = "Purser"
    index_title = "Master data"
    enable_nav_sidebar = False

    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send a stranger to the sign-in; a form of the admin's own would go past the second factor and the lock."""
        if not request.user.is_authenticated:
            return redirect_to_login(safe_next(request, self._home()))
        self._check(request)
        return redirect(safe_next(request, self._home()))

    def password_change(  # type: ignore[override]  # it leads away, where Django shows a page
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send on to the page of one's account: the admin's own would go past what is asked there."""
        return redirect("account_change_password")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Tell whoever is signed in and may not come in."""
        inner: Callable[..., HttpResponse] = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated:
                self._check(request)
            return inner(request, *args, **kwargs)

        return guarded

    def _home(self) -> str:
        return reverse("admin:index")

    def _check(self, request: HttpRequest) -> None:
        if not self.has_permission(request):
            raise NotAllowed("The admin is not open to you.", remedy="Ask an administrator to mark you for it, if you need it.")
