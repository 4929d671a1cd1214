"""The second wall: with every selector's own scoping taken away, pages still show nothing of a foreign entity."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from approvals.models import Request
from budgets.models import Control
from core import access, walls
from core.models import Entity, User
from core.rules.rights import Right
from reconciliation.models import ImportFile, Invoice, Payment
from reporting.models import Pack
from reporting.services.packs import freeze_pack
from tests.factories.reconciliation import Detail, an_invoice, approved_request, pay
from tests.fixtures.imports import Importing
from tests.fixtures.reporting import Reported

LISTS = {
    "approvals:requests": ("?whose=scope", "Platform licences"),
    "budgets:list": ("", "Small budget"),
    "reconciliation:invoices": ("", "INV-1"),
    "reconciliation:payments": ("", "120.00"),
    "reconciliation:imports": ("", "spend.csv"),
    "reporting:list": ("", "Small budget"),
    "reporting:packs": ("", "Small budget"),
}
DETAILS: dict[str, Callable[[], str]] = {
    "request": lambda: reverse("approvals:request", args=[Request.objects.get().number]),
    "budget": lambda: reverse("budgets:budget", args=["SMALL"]),
    "entries": lambda: reverse("budgets:entries", args=["SMALL"]),
    "control": lambda: reverse("budgets:control", args=[Control.objects.earliest("pk").pk]),
    "invoice": lambda: reverse("reconciliation:invoice", args=[Invoice.objects.get().pk]),
    "payment": lambda: reverse("reconciliation:payment", args=[Payment.objects.get().pk]),
    "import": lambda: reverse("reconciliation:import", args=[ImportFile.objects.get().pk]),
    "report": lambda: reverse("reporting:budget", args=["SMALL"]),
    "pack": lambda: reverse("reporting:pack", args=[Pack.objects.get().pk]),
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(reported: Reported, import_rows: Importing, controller: User, requester: User, approver: User) -> None:
    """Acme's books, with one of each."""
    small = reported.small
    import_rows("2026-03-05,A-1,Acme Cloud,software,PLATFORM,10.00")
    approved_request(account=small.account, net="300.00", requester=requester, approver=approver, vendor=small.vendor)
    an_invoice(small.entity, controller, "INV-1", "120.00")
    pay(small.entity, controller, Detail("120.00"))
    freeze_pack(budget=reported.budget, month=reported.month, actor=controller)


@pytest.fixture
def stranger(client: Client, outsider: User, books: None, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Sign in somebody of another entity for whom every selector opens every entity."""
    elsewhere = Entity.objects.get(code="elsewhere")
    everywhere = [access.Grant(entity.pk, access.WHOLE, "finance", frozenset(Right)) for entity in Entity.objects.all()]
    client.force_login(outsider)
    own = walls.reach_of(outsider)
    assert own == f"{{{elsewhere.pk}}}"
    monkeypatch.setattr(walls, "reach_of", lambda user: own)
    for module in ("core.access", "core.reach"):
        monkeypatch.setattr(f"{module}.grants_of", lambda user: everywhere)
    return client


@pytest.fixture
def without_wall(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walls, "reach_of", lambda user: walls.ALL)


@pytest.mark.parametrize("name", LISTS)
def test_lists_show_nothing_of_a_foreign_entity(name: str, stranger: Client) -> None:
    query, text = LISTS[name]
    page = stranger.get(reverse(name) + query)
    assert page.status_code == 200
    assert text not in page.content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_without_the_wall_they_would(name: str, stranger: Client, without_wall: None) -> None:
    query, text = LISTS[name]
    assert text in stranger.get(reverse(name) + query).content.decode()


@pytest.mark.parametrize("name", DETAILS)
def test_a_foreign_object_is_not_found(name: str, stranger: Client) -> None:
    assert stranger.get(DETAILS[name]()).status_code == 404


@pytest.mark.parametrize("name", DETAILS)
def test_without_the_wall_it_would_be_shown(name: str, stranger: Client, without_wall: None) -> None:
    assert stranger.get(DETAILS[name]()).status_code == 200
