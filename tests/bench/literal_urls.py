"""Purser's addresses, and one that renders a template with a context that was kept: the ceiling that P6 holds pages against."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from config.urls import urlpatterns as addresses

KEPT: dict[str, Any] = {}


def literal(request: HttpRequest) -> HttpResponse:
    """Render what was kept."""
    return render(request, KEPT["template"], KEPT["context"])


urlpatterns = [path("literal/", literal), *addresses]
