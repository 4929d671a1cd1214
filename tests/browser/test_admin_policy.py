"""Pages of the admin that brought a script of their own, or an icon that is not there."""

from typing import Any

from tests.factories.core import UserFactory
from tests.trust.pages import Page, complaints_of


def test_the_admin_runs_nothing_inline(chromium: Any, live_server: Any) -> None:
    person = UserFactory.create(is_staff=True, is_superuser=True)
    paths = ("/admin/", "/admin/core/", "/admin/django_celery_beat/periodictask/add/")
    pages = [Page(path, path, person) for path in paths]
    assert complaints_of(chromium, live_server.url, pages) == {}
