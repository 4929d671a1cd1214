"""The audit trail on its page, as CSV and by program: of one's own organization, by part, person, day and deed."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from budgets.services.milestones import set_milestone
from budgets.services.projections import PartData, ProjectionData, state_projection
from core.models import AuditRecord, User
from core.selectors.trail import changes_of
from core.services import audit
from core.trail import topic_of
from tests.fixtures.budgets import SmallBudget

VERB = re.compile(r'verb="([a-z_]+\.[a-z_]+)"')
ROOMS = ("core", "budgets", "approvals", "reconciliation", "reporting")


@pytest.fixture
def trail(small_budget: SmallBudget, controller: User) -> SmallBudget:
    """A projection was stated, and a milestone set."""
    data = ProjectionData("Cloud", date(2026, 6, 1), 3, Decimal(15), [PartData("AWS", Decimal(300))])
    state_projection(entity=small_budget.entity, data=data, actor=controller)
    set_milestone(budget=small_budget.budget, code="begin", name="Begin", due_on=date(2026, 7, 1), actor=controller)
    return small_budget


def shown(client: Client, **query: str) -> str:
    answer = client.get("/trail/", query)
    assert answer.status_code == 200
    return str(answer.content.decode()).replace("\xa0", " ")


def test_an_auditor_finds_what_was_done_by_part_person_day_and_deed(
    client: Client, trail: SmallBudget, auditor: User, controller: User
) -> None:
    client.force_login(auditor)
    html = shown(client)
    assert "Projection stated" in html
    assert "Milestone set" in html
    html = shown(client, topic="optimization")
    assert "Projection stated" in html
    assert "Milestone set" not in html
    assert "Milestone set" in shown(client, topic="planning", q="milestone set", person=str(controller.pk))
    assert "Nothing that matches" in shown(client, until="2001-01-01")
    assert "Projection stated" in shown(client, q=str(AuditRecord.objects.get(verb="projection.stated").subject_id))
    sheet = b"".join(client.get("/trail/csv/", {"topic": "optimization"})).decode("utf-8-sig")
    assert sheet.count("projection.stated") == 1
    assert "milestone" not in sheet


def test_others_trails_are_not_there(client: Client, trail: SmallBudget, outsider: User, requester: User) -> None:
    client.force_login(requester)
    assert client.get("/trail/").status_code == 403
    client.force_login(outsider)
    assert client.get("/trail/", {"entity": trail.entity.code}).status_code == 404
    assert "Projection stated" not in shown(client)


def test_programs_read_the_same(client: Client, trail: SmallBudget, auditor: User) -> None:
    client.force_login(auditor)
    found = client.get("/api/v1/audit-records", {"topic": "optimization", "entity": trail.entity.code}).json()["results"]
    assert [each["verb"] for each in found] == ["projection.stated"]


def test_what_somebody_drafts_is_theirs(client: Client, trail: SmallBudget, auditor: User) -> None:
    audit.record(actor=auditor, verb="request.saved", subject=trail.budget, entity=trail.entity, after={"title": "A secret"})
    client.force_login(auditor)
    assert "A secret" not in shown(client)
    assert client.get("/api/v1/audit-records", {"verb": "request.saved"}).json()["results"] == []


def test_what_a_formula_would_be_is_text_in_the_sheet(client: Client, trail: SmallBudget, auditor: User) -> None:
    audit.record(actor=auditor, verb="band.stated", subject=trail.budget, entity=trail.entity, after={"note": "=1+1"})
    auditor.name = "=cmd()"
    auditor.save(update_fields=["name"])
    client.force_login(auditor)
    sheet = b"".join(client.get("/trail/csv/", {"q": "band stated"})).decode("utf-8-sig")
    assert ",=cmd()" not in sheet
    assert "note: – → =1+1" in sheet


def test_only_what_differs_is_told() -> None:
    before, after = {"a": 1, "b": [1, 2], "gone": "x"}, {"a": 1, "b": [1], "is_open": True}
    deep = {"months": {"2026-03": "1.00"}, "digest": "ab" * 32}
    assert [now for _, _, now in changes_of({}, deep)] == ["2026-03 1.00", "abababababab…"]
    assert list(changes_of(before, after)) == [("b", "1, 2", "1"), ("gone", "x", ""), ("is open", "", "yes")]
    assert next(iter(changes_of(None, {"text": "y" * 500})))[2] == f"{'y' * 160}…"


def test_every_deed_belongs_to_a_part_of_the_trail() -> None:
    root = Path(settings.BASE_DIR)
    verbs = {verb for room in ROOMS for path in (root / room).rglob("*.py") for verb in VERB.findall(path.read_text())}
    assert len(verbs) > 100
    assert sorted(verb for verb in verbs if topic_of(verb) is None) == []
