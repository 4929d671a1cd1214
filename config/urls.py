"""The addresses of Purser."""

from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

ROOMS = [("", "core"), ("budgets/", "budgets"), ("", "approvals"), ("reconciliation/", "reconciliation"), ("", "reporting")]

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    *(path(prefix, include(f"{room}.urls")) for prefix, room in ROOMS if find_spec(f"{room}.urls")),
]
if settings.DEMO and find_spec("demo.urls"):
    urlpatterns.append(path("demo/", include("demo.urls")))

handler400 = "core.views.errors.bad_request"
handler403 = "core.views.errors.forbidden"
handler404 = "core.views.errors.not_found"
handler500 = "core.views.errors.server_error"
