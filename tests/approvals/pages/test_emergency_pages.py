"""Emergencies on their pages and through the API."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from approvals.models import Emergency, EmergencyTerms, Request
from approvals.services.debts import fire_debts
from core import clock
from core.models import User
from tests.factories.approvals import MONDAY, draft, everything
from tests.factories.core import UserFactory, assign
from tests.factories.emergencies import OUTAGE, debt_of, declared, terms
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def wanted(kafka: House) -> Request:
    assign(kafka.engineer, "project_manager", kafka.entity, kind="approver")
    terms(kafka.entity, {"project_manager": 25000})
    return draft(kafka.engineer, kafka.account, "1200")


@pytest.fixture
def administrator(kafka: House) -> User:
    person: User = UserFactory.create(name="Administrator")
    assign(person, "administrator", kafka.entity, kind="administrator")
    return person


def _said(director: User, **more: Any) -> dict[str, Any]:
    said = {"criterion": OUTAGE, "approver": director.pk, "spoken_at": "2026-03-02T09:50", "words": "By telephone: buy it."}
    return said | more


def test_it_is_declared_from_a_draft_and_answered_by_whoever_said_yes(
    client: Client, wanted: Request, kafka: House, director: User
) -> None:
    client.force_login(kafka.engineer)
    address = f"/requests/{wanted.number}/emergency/"
    assert address in client.get(f"/requests/{wanted.number}/").content.decode()
    assert "25,000.00 USD" in client.get(address).content.decode()
    missing = client.post(address, _said(director, words="", spoken_at="2026-03-01T09:00"))
    html = missing.content.decode()
    assert (missing.status_code, "Write what was said" in html, "2026-03-01T09:00" in html) == (422, True, True)
    old = client.post(address, _said(director, spoken_at="2026-03-01T09:00"))
    assert (old.status_code, "within the last 24 hours" in old.content.decode()) == (422, True)
    html = client.post(address, _said(director), follow=True).content.decode()
    assert f"{wanted.number} is committed." in html
    assert f"on the word of {director}" in client.get(f"/requests/{wanted.number}/").content.decode()
    assert client.get(address).status_code == 404
    client.force_login(director)
    emergency = Emergency.objects.get()
    answer = f"/emergencies/{wanted.number}/debts/{debt_of(emergency, 'written').pk}/"
    assert answer in client.get(f"/emergencies/{wanted.number}/").content.decode()
    refused = client.post(answer, {"outcome": "denied", "text": ""})
    assert (refused.status_code, "Say why" in refused.content.decode()) == (422, True)
    assert "Confirmed" in client.post(answer, {"outcome": "confirmed", "text": ""}, follow=True).content.decode()
    assert client.post(answer, {"outcome": "confirmed"}).status_code == 409


def test_what_is_owed_is_listed_with_its_age(client: Client, wanted: Request, kafka: House, director: User) -> None:
    declared(wanted, director)
    with clock.at(MONDAY + timedelta(hours=26, minutes=5)):
        fire_debts()
        client.force_login(kafka.people["finance"])
        html = client.get("/emergencies/").content.decode()
        assert "debts of emergencies" in html
        assert "Overdue 2\u00a0h 5\u00a0min" in html
        client.force_login(kafka.engineer)
        assert "You declare no emergency now." in client.get("/emergencies/").content.decode()
        another = draft(kafka.engineer, kafka.account, "10")
        page = client.post(f"/requests/{another.number}/emergency/", _said(director, spoken_at="2026-03-03T12:00"))
        assert (page.status_code, "is overdue" in page.content.decode()) == (403, True)


def test_who_does_not_see_the_request_sees_no_emergency(client: Client, wanted: Request, director: User, outsider: User) -> None:
    emergency, before = declared(wanted, director), everything()
    debt = debt_of(emergency, "written")
    client.force_login(outsider)
    assert client.get(f"/emergencies/{wanted.number}/").status_code == 404
    assert client.post(f"/emergencies/{wanted.number}/debts/{debt.pk}/", {"outcome": "confirmed"}).status_code == 404
    assert everything() == before


def test_an_administrator_states_what_counts(client: Client, kafka: House, administrator: User) -> None:
    client.force_login(administrator)
    role = kafka.people["tech_lead"].assignments.get().role
    spans = {"written_within": "24 hours", "review_within": "168 hours", "impact_within": "336 hours"}
    said = {
        "entity": kafka.entity.pk,
        "criteria": "Outage\nFire",
        f"limit-{role.pk}": "1,500",
        f"per-{role.pk}": "month",
        **spans,
    }
    wrong = client.post("/emergencies/terms/", said | {"written_within": "soon", f"limit-{role.pk}": "a lot"})
    html = wrong.content.decode()
    assert (wrong.status_code, "Fire" in html, "a lot" in html) == (422, True, True)
    page = client.post("/emergencies/terms/", said, follow=True)
    assert "These hold for" in page.content.decode()
    stated = EmergencyTerms.objects.get()
    assert (stated.criteria, stated.limits.get().amount, stated.limits.get().per) == (["Outage", "Fire"], Decimal(1500), "month")
    client.force_login(kafka.people["finance"])
    assert client.get("/emergencies/terms/").status_code == 403


def test_the_api_declares_lists_and_answers(api: Callable[..., Any], wanted: Request, kafka: House, director: User) -> None:
    program = api(kafka.engineer)
    said = {
        "request": wanted.number,
        "criterion": OUTAGE,
        "approver": director.email,
        "spoken_at": "2026-03-02T09:50:00Z",
        "words": "By telephone.",
    }
    tried = program.post("emergencies?dry_run=true", said)
    assert (tried.status_code, Emergency.objects.count()) == (201, 0)
    assert program.post("emergencies", said | {"criterion": "Because"}).status_code == 400
    made = program.post("emergencies", said)
    assert (made.status_code, [debt["kind"] for debt in made.json()["debts"]]) == (201, ["written", "review", "impact"])
    assert program.get(f"emergencies/{wanted.number}").json()["approver"] == director.email
    written = debt_of(Emergency.objects.get(), "written")
    assert program.post(f"debts/{written.pk}/pay", {"outcome": "confirmed"}).status_code == 403
    desk = api(director)
    assert [row["kind"] for row in desk.get("debts").json()["results"]] == ["written", "review", "impact"]
    assert desk.post(f"debts/{written.pk}/pay", {"outcome": "confirmed"}).json()["outcome"] == "confirmed"
