"""The shell around every page: where one may go, what is unread, how it looks, what the policy allows."""

import re
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, override_settings

from core.models import User
from core.services.notices import notify
from tests.factories.core import UserFactory

STATIC = Path(settings.BASE_DIR) / "static"


def page(client: Client, user: User, path: str = "/notices/") -> str:
    client.force_login(user)
    return client.get(path).content.decode()


def places(html: str) -> set[str]:
    nav = re.search(r"<nav class=\"nav\".*?</nav>", html, re.DOTALL)
    return set(re.findall(r"<a [^>]*>([^<]+)</a>", nav.group())) if nav else set()


def test_the_navigation_follows_the_rights(client: Client, controller: User, auditor: User, requester: User) -> None:
    assert places(page(client, controller)) == {"Queue", "Requests", "Budgets", "Reconciliation", "Reports", "Policies"}
    assert places(page(client, auditor)) == {"Requests", "Budgets", "Reconciliation", "Reports", "Policies"}
    assert places(page(client, requester)) == {"Queue", "Requests", "Budgets", "Reports"}


def test_a_person_without_a_role_sees_no_places(client: Client, db: None) -> None:
    assert places(page(client, UserFactory.create())) == set()


def test_the_place_that_holds_the_page_is_marked(client: Client, controller: User) -> None:
    assert '<a href="/budgets/" aria-current="page">Budgets</a>' in page(client, controller, "/budgets/")


def test_the_shell_says_who_one_is_and_what_is_unread(client: Client, controller: User) -> None:
    notify(person=controller, kind="test", subject="Look", key="one")
    html = page(client, controller)
    assert controller.name in html
    assert '<span class="strong">1<span class="vh"> unread</span></span>' in html


def test_times_are_shown_in_the_zone_of_the_person_else_of_the_entity(client: Client, controller: User) -> None:
    controller.assignments.get().entity.__class__.objects.update(time_zone="Europe/Amsterdam")
    assert "Times in Europe/Amsterdam" in page(client, controller)
    controller.time_zone = "America/New_York"
    controller.save(update_fields=["time_zone"])
    assert "Times in America/New_York" in page(client, controller)
    controller.time_zone = "Nowhere/Land"
    controller.save(update_fields=["time_zone"])
    assert "Times in UTC" in page(client, controller)


def test_theme_and_density_are_kept_in_cookies_and_said_on_html(client: Client, db: None) -> None:
    assert '<html lang="en">' in client.get("/sign-in/").content.decode()
    answer = client.post("/appearance/", {"theme": "dark", "next": "/sign-in/"})
    assert answer["Location"] == "/sign-in/"
    client.post("/appearance/", {"density": "compact"})
    assert '<html lang="en" class="theme-dark density-compact">' in client.get("/sign-in/").content.decode()
    client.post("/appearance/", {"theme": "system"})
    assert '<html lang="en" class="density-compact">' in client.get("/sign-in/").content.decode()


def test_a_look_that_is_not_offered_is_ignored(client: Client, db: None) -> None:
    assert not client.post("/appearance/", {"theme": '"><b>'}).cookies
    client.cookies["purser_theme"] = '"><script>'
    assert '<html lang="en">' in client.get("/sign-in/").content.decode()


@pytest.mark.parametrize("path", ["/sign-in/", "/notices/", "/nowhere/"])
def test_no_page_needs_what_the_policy_forbids(client: Client, controller: User, path: str) -> None:
    client.force_login(controller)
    answer = client.get(path)
    html = answer.content.decode()
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)


def test_the_weight_of_a_page_in_style_and_script_is_bounded() -> None:
    """A page loads purser.css, purser.js, htmx unless it says not, and at most one sheet and one module of its own."""
    sheets = {path.name: path.stat().st_size for path in STATIC.glob("*.css")}
    assert sheets.pop("purser.css") + max(sheets.values()) <= 40_000
    for template in (settings.BASE_DIR / "templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert text.count('rel="stylesheet"') <= (1 if "{% extends" in text else 2), template
    own = {path.name: path.stat().st_size for path in STATIC.glob("js/*.js")}
    htmx, everywhere = (STATIC / "vendor/htmx.min.js").stat().st_size, own.pop("purser.js")
    pages = [text for path in (settings.BASE_DIR / "templates").rglob("*.html") if "js/" in (text := path.read_text("utf-8"))]
    for name, size in own.items():
        loading = [text for text in pages if f"js/{name}'" in text]
        without = all("{% block htmx %}{% endblock %}" in text for text in loading)
        assert loading, f"No page loads {name}."
        assert everywhere + size + (0 if without else htmx) <= 60_000, name


def test_what_is_vendored_is_what_its_readme_says() -> None:
    digest = sha256((STATIC / "vendor/htmx.min.js").read_bytes()).hexdigest()
    assert digest in (STATIC / "vendor/README.md").read_text()


def test_an_error_of_ours_says_so_without_the_database(controller: User) -> None:
    from core.views.errors import server_error

    html = server_error(None).content.decode()  # type: ignore[arg-type]
    assert "Something went wrong on our side" in html


@override_settings(DEBUG=False)
def test_a_page_that_is_not_there_says_what_to_do(client: Client, controller: User) -> None:
    client.force_login(controller)
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "Check the address" in answer.content.decode()
    assert answer["X-Request-ID"] in answer.content.decode()


def test_a_form_without_its_token_says_what_to_do(controller: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(controller)
    answer = client.post("/notices/read/")
    assert answer.status_code == 403
    assert "load the page again" in answer.content.decode()
