"""Holes in the wall, to see that they are seen. Each is what a hurried change might leave behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest import mock

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config import urls
from core import walls
from core.access import entities_of
from core.models import Job, User

UNDECLARED = "planted"


def urlconf() -> Any:
    """Return addresses with one more that nobody declared."""
    module = ModuleType("tests.doors.planted_urls")

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("Come in.")

    module.urlpatterns = [*urls.urlpatterns, path("planted/", view, name=UNDECLARED)]  # type: ignore[attr-defined]
    return module


@contextmanager
def scoping_lost() -> Iterator[None]:
    """Let whoever decides in a part see all requests of the entity: the database's walls stand between entities only."""

    def anywhere(user: User, *rights: Any, entity: str = "entity", **under: Any) -> Q:
        return Q(**{f"{entity}__in": entities_of(user)})

    with mock.patch("approvals.selectors.requests.in_reach", anywhere):
        yield


@contextmanager
def right_unchecked() -> Iterator[None]:
    """Let an act on the organization's books ask for a role there, and not how far it reaches."""

    def entities_for(user: User, *rights: Any) -> list[Any]:
        return list(entities_of(user))

    with mock.patch("reconciliation.selectors.reading.entities_for", entities_for):
        yield


@contextmanager
def wall_open() -> Iterator[None]:
    """Let a page read with the wall open, and forget to ask whose it is."""

    def access_job_by_id(user: User, job_id: int) -> Job:
        with walls.system():
            return Job.objects.select_related("entity", "actor").get(pk=job_id)

    with mock.patch("core.views.jobs.access_job_by_id", access_job_by_id):
        yield
