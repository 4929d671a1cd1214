"""The addresses for programs, room by room."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from approvals.api import urls as approvals
from budgets.api import urls as budgets
from core.api import urls as core
from core.api.description import schema
from core.views.api_page import operations
from core.views.errors import no_endpoint
from reconciliation.api import urls as reconciliation
from reporting.api import urls as reporting

rooms = (core, budgets, approvals, reconciliation, reporting)
v1 = [pattern for room in rooms for pattern in room.router.urls]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", operations, name="api"),
    path("v1/schema", schema, name="schema"),
    path("v1/", include((v1, "api"))),
    path("", include(([*budgets.plain.urls, *approvals.plain.urls], "plain"))),
    re_path("^.", no_endpoint),
]
