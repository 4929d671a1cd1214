"""The addresses of Purser."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("", include("config.operations.urls")),
    path("api/", include("config.api")),
    path("", include("core.urls")),
    path("", include("core.account_urls")),
    path("budgets/", include("budgets.urls")),
    path("", include("approvals.urls")),
    path("reconciliation/", include("reconciliation.urls")),
    path("", include("reporting.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("demo.urls")))

handler400 = "core.views.errors.bad_request"
handler403 = "core.views.errors.forbidden"
handler404 = "core.views.errors.not_found"
handler500 = "core.views.errors.server_error"
