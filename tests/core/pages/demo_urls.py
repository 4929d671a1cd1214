"""The addresses of a demo, for tests of what exists there only."""

from django.urls import include, path

from config.urls import handler403, handler404, handler500
from config.urls import urlpatterns as base
from core.urls import switch_patterns
from core.urls import urlpatterns as core_patterns

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("", include(([*core_patterns, *switch_patterns], "core"))),
    path("demo/", include("demo.urls")),
    *base,
]
