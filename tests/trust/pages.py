"""Every page that a GET opens, found by following links as each persona, and opened in a real Chromium."""

import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.test import Client
from django.test.testcases import LiveServerThread
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from playwright.sync_api import Browser, sync_playwright

from core.models import User

LINK = re.compile(r'(?:href|hx-get|src)="(/[^"#?]*)')
NOT_PAGES = ("/static/", "/sign-out/", "/api/", "/-/", "/metrics")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
# A violation is said twice: by the browser, and by this listener, which the policy itself does not hold.
LISTEN = "addEventListener('securitypolicyviolation', e => console.error('policy', e.violatedDirective, e.blockedURI, e.sample))"
STRICT = {"default-src 'none'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'", "form-action 'self'"}


@dataclass(frozen=True)
class Page:
    """A page by the name of its address, and as whom it opens; None is a stranger."""

    name: str
    path: str
    person: User | None


@dataclass
class Found:
    """The pages that opened, by name, and the names that did not to anybody."""

    pages: dict[str, Page] = field(default_factory=dict)
    unopened: list[str] = field(default_factory=list)


def find_pages(people: Iterable[User | None], *, starts: Iterable[str] = (), without: tuple[str, ...] = ()) -> Found:
    """Follow links as each person from every address that needs nothing filled in; keep one page for each name.

    What begins with one of `without` is left alone.
    """
    found, names = Found(), dict(_addresses())
    for person in people:
        client = Client()
        if person is not None:
            client.cookies[settings.SESSION_COOKIE_NAME] = session_of(person)
        _follow(client, person, [*names.values(), *starts], found, NOT_PAGES + without)
    found.unopened = sorted(set(_names()) - set(found.pages))
    return found


def _follow(client: Client, person: User | None, starts: Iterable[str], found: Found, closed: tuple[str, ...]) -> None:
    waiting, seen = [path for path in starts if path], set[str]()
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith(closed) or _name_of(path) in found.pages:
            continue
        seen.add(path)
        answer = client.get(path)
        if answer.status_code == 302:
            waiting.append(answer["Location"].partition("?")[0])
        if answer.status_code != 200 or "text/html" not in answer["Content-Type"] or answer.streaming:
            continue
        text = answer.content.decode()
        if "<html" in text:
            found.pages[_name_of(path)] = Page(_name_of(path), path, person)
        waiting.extend(LINK.findall(text))


def _name_of(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""


def _patterns(patterns: list[URLPattern | URLResolver], route: str = "/", space: str = "") -> Iterator[tuple[str, str]]:
    for each in patterns:
        whole = route + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns, whole, f"{space}{each.namespace}:" if each.namespace else space)
        elif each.name:
            yield f"{space}{each.name}", whole


def _addresses() -> Iterator[tuple[str, str]]:
    return ((name, route) for name, route in _patterns(get_resolver().url_patterns) if not set(route) & set("<^("))


def _names() -> Iterator[str]:
    return (name for name, route in _patterns(get_resolver().url_patterns) if not route.startswith(NOT_PAGES))


def session_of(person: User) -> str:
    """Return the key of a session of somebody who signed in and has just said again who they are."""
    store = SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    store["account_authentication_methods_user"] = str(person.pk)
    store.create()
    return str(store.session_key)


def is_strict(policy: str) -> bool:
    """Say whether a policy lets no inline script or style and nothing from elsewhere run."""
    parts = {part.strip() for part in policy.split(";")}
    return parts >= STRICT and "unsafe" not in policy and "http" not in policy and "*" not in policy


@contextmanager
def served() -> Iterator[str]:
    """Serve Purser from threads of this process, on its database; give the address."""
    server: Any = LiveServerThread("127.0.0.1", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.terminate()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give the machine's own Chromium."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        raise RuntimeError("Chromium is not installed: sudo apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()
        # Playwright runs an event loop in this thread, and inside of it Django keeps a connection of its own.
        connections.close_all()


def complaints_of(browser: Browser, base: str, pages: Iterable[Page]) -> dict[str, list[str]]:
    """Open each page and return what the policy or the console said of it, by its name; what is silent is left out."""
    complaints: dict[str, list[str]] = {}
    windows: dict[int | None, Any] = {}
    for each in pages:
        key = each.person.pk if each.person else None
        window = windows.get(key) or windows.setdefault(key, _window(browser, base, each.person))
        if said := _open(window, base, each):
            complaints[each.name] = said
    for window in windows.values():
        window.close()
    return complaints


def _window(browser: Browser, base: str, person: User | None) -> Any:
    window = browser.new_context()
    window.add_init_script(LISTEN)
    if person is not None:
        window.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session_of(person), "url": base}])
    return window


def _open(window: Any, base: str, page: Page) -> list[str]:
    said: list[str] = []
    tab = window.new_page()
    tab.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    tab.on("pageerror", lambda error: said.append(str(error)))
    answer = tab.goto(f"{base}{page.path}", wait_until="networkidle" if page.name.count(":job") == 0 else "load")
    if answer is None or answer.status >= 400:
        said.append(f"answered {answer.status if answer else 'nothing'}")
    elif not is_strict(answer.headers.get("content-security-policy", "")):
        said.append("its policy is not strict")
    tab.close()
    return said
