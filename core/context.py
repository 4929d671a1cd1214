"""What every page's shell needs: where one may go, who one is, what is unread, how it should look."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from core.access import rights_of
from core.appearance import COOKIES, html_class
from core.models import ActingSession, Notice, User
from core.rules.rights import Right

QUEUE_PAGES = frozenset(
    {"queue", "by-link", "stage", "decide", "ask", "answer-many", "hand-over", "one-more", "delegations", "pace"}
)
POLICY_PAGES = frozenset({"policies", "policy-load", "policy-keep", "policy-version", "waits", "history", "history-new"})
SEE_RIGHTS = frozenset({Right.ADMINISTER, Right.AUDIT})
SEE_RETENTION = SEE_RIGHTS | {Right.BUDGET}
# Label, address, the namespaces it stands for, and the rights of which one opens it.
PLACES: tuple[tuple[str, str, frozenset[str], frozenset[Right]], ...] = (
    ("Queue", "approvals:queue", QUEUE_PAGES, frozenset({Right.DECIDE})),
    ("Requests", "approvals:requests", frozenset({"approvals"}), frozenset({Right.REQUEST, Right.DECIDE, Right.AUDIT})),
    ("Budgets", "budgets:list", frozenset({"budgets"}), frozenset({Right.REQUEST, Right.BUDGET, Right.REPORT, Right.AUDIT})),
    ("Reconciliation", "reconciliation:home", frozenset({"reconciliation"}), frozenset({Right.RECONCILE, Right.AUDIT})),
    ("Reports", "reporting:list", frozenset({"reporting"}), frozenset({Right.REPORT, Right.AUDIT})),
    ("Policies", "approvals:policies", POLICY_PAGES, frozenset({Right.ADMINISTER, Right.AUDIT})),
    ("People", "core:people", frozenset({"people", "invite", "act-as"}), frozenset({Right.ADMINISTER})),
)


@dataclass(frozen=True)
class NavItem:
    """A place in the main navigation; `current` is the value of aria-current, blank elsewhere."""

    label: str
    url: str
    current: str


@dataclass(frozen=True)
class Choice:
    """A value of theme or density, and whether it is the one chosen."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Shell:
    """Everything that `templates/base.html` shows around a page."""

    html_class: str = ""
    themes: list[Choice] = field(default_factory=list)
    densities: list[Choice] = field(default_factory=list)
    nav: list[NavItem] = field(default_factory=list)
    person: User | None = None
    unread: int = 0
    zone: str = ""
    switch_url: str = ""
    mail_url: str = ""
    admin_url: str = ""
    acting: ActingSession | None = None
    doctor_url: str = ""
    rights_url: str = ""
    retention_url: str = ""
    trail_url: str = ""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give the template `shell`."""
    # An error may be answered before the sign-in was read; the shell then shows nobody.
    user = getattr(request, "user", None)
    looks: dict[str, Any] = {
        "html_class": html_class(request.COOKIES),
        "themes": _choices("theme", request),
        "densities": _choices("density", request),
    }
    if not isinstance(user, User) and not getattr(user, "is_authenticated", False):
        return {"shell": Shell(**looks)}
    assert user is not None
    return {"shell": Shell(**looks, **_demo_links(), **_personal(request, user))}


def _personal(request: HttpRequest, user: User) -> dict[str, Any]:
    return {
        "nav": nav_of(request, user),
        "person": user,
        "unread": Notice.objects.filter(person=user, read_at__isnull=True).count(),
        "zone": timezone.get_current_timezone_name(),
        "admin_url": _address("admin:index") if user.is_staff else "",
        "acting": getattr(request, "acting", None),
        "rights_url": _address("core:rights") if user.is_superuser or SEE_RIGHTS & rights_of(user) else "",
        "trail_url": _address("core:trail") if SEE_RIGHTS & rights_of(user) else "",
        "retention_url": _address("core:retention") if SEE_RETENTION & rights_of(user) else "",
        "doctor_url": _address("operations:doctor") if user.is_superuser or Right.ADMINISTER in rights_of(user) else "",
    }


def nav_of(request: HttpRequest, user: User) -> list[NavItem]:
    """Return the places that `user` may open; the one that holds this page is marked."""
    rights = rights_of(user) | ({Right.ADMINISTER} if user.is_superuser else frozenset())
    here = _place_of(request)
    return [
        NavItem(label, _address(name), _current(request, label, here, _address(name)))
        for label, name, _, wanted in PLACES
        if wanted & rights and _address(name)
    ]


def _place_of(request: HttpRequest) -> str:
    """Return the label of the place that this page belongs to: by its own name first, then by its room."""
    match = request.resolver_match
    if match is None:
        return ""
    names = (match.url_name or "", match.namespace)
    if match.view_name == "reporting:home":
        return ""
    found = (label for name in names for label, _, members, _ in PLACES if name in members)
    return next(found, "")


def _current(request: HttpRequest, label: str, here: str, address: str) -> str:
    if label != here:
        return ""
    return "page" if request.path == address else "true"


def _choices(name: str, request: HttpRequest) -> list[Choice]:
    offered = COOKIES[name]
    chosen = offered.chosen(request.COOKIES)
    return [Choice(value, value, value == chosen) for value in offered.values]


def _demo_links() -> dict[str, Any]:
    return {"switch_url": _address("core:switch"), "mail_url": _address("demo:mail")} if settings.DEMO else {}


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
