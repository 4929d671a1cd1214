"""A real Chromium against a real server: pages are read by axe, and any complaint of the content policy is a failure."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import axe_playwright_python
import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from core.models import User

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


def _executable() -> str:
    found = os.environ.get("PURSER_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail("Chromium is missing; CI never goes without it.")
    pytest.skip("Chromium is not installed: sudo apt install chromium")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    # Playwright's synchronous face runs an event loop in this thread, in which Django would refuse its database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    executable = _executable()
    with sync_playwright() as running:
        running.executable = executable  # type: ignore[attr-defined]
        yield running
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=playwright.executable, args=FLAGS)  # type: ignore[attr-defined]
    yield browser
    browser.close()


@dataclass
class Desk:
    """One person's browser window. Everything the console says in it is kept."""

    context: BrowserContext
    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open a page of Purser and return it; a server error fails."""
        response = self.page.goto(f"{self.base}{path}")
        assert response is not None
        assert response.status < 500, f"{path}: {response.status}"
        return self.page

    def check(self, name: str) -> None:
        """Fail where axe finds a violation, where the page scrolls sideways, or where the console complained."""
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
        told = [_told(violation) for violation in found["violations"]]
        assert told == [], f"{name}: {told}"
        wide = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide[0] <= wide[1], f"{name} scrolls sideways: {wide[0]} > {wide[1]}"
        assert self.complaints == [], f"{name}: {self.complaints}"
        if folder := os.environ.get("PURSER_PICTURES"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def _told(violation: dict[str, Any]) -> str:
    return f"{violation['id']}: {violation['help']} at {[node['target'] for node in violation['nodes']][:4]}"


@pytest.fixture
def desk(chromium: Browser, live_server: Any) -> Iterator[Any]:
    """Open a window for a person: `desk(user, size="narrow", scheme="dark")`."""
    contexts: list[BrowserContext] = []

    def seat(user: User | None = None, *, size: str = "wide", scheme: str = "light") -> Desk:
        context = chromium.new_context(
            viewport=cast("Any", SIZES[size]),
            color_scheme=cast("Any", scheme),
            reduced_motion="reduce",
            has_touch=size == "narrow",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        if user is not None:
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": _session(user), "url": live_server.url}])
        made = Desk(context, context.new_page(), live_server.url)
        made.page.on("console", lambda message: _keep(made, message))
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        return made

    yield seat
    for context in contexts:
        context.close()


def _keep(desk: Desk, message: ConsoleMessage) -> None:
    if message.type in {"error", "warning"} and "status of 4" not in message.text:
        desk.complaints.append(message.text)


def _session(user: User) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)
