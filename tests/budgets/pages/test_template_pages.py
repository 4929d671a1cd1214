"""Templates: a plan is kept under a name, budgets begin from it in another time and size, and it is put away."""

import re
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from budgets.models import Budget, BudgetTemplate, BudgetVersion
from budgets.rules.safe_yaml import read
from budgets.selectors.documents import document_of
from budgets.services.budgets import load_document
from budgets.services.templates import keep_template, put_template_away
from core.errors import InvalidInput, WrongState
from core.models import AuditRecord, User
from tests.budgets.pages.test_plan_files import PLAN
from tests.fixtures.budgets import SmallBudget

INSERT = """
    INSERT INTO budgets_budgettemplate (entity_id, name, about, document, taken_from_id, kept_at)
    VALUES (%s, 'y', '', '{}', %s, now())
"""


@pytest.fixture
def version(small_budget: SmallBudget, controller: User) -> BudgetVersion:
    return load_document(document=read(PLAN.encode()), actor=controller).version


def test_a_plan_is_kept_and_a_budget_begins_from_it(client: Client, version: BudgetVersion, controller: User) -> None:
    client.force_login(controller)
    assert "Keep it as a template" in client.get("/budgets/PLAN/").content.decode()
    answer = client.post("/budgets/PLAN/template/", {"name": " Team  year ", "about": "For a product team."}, follow=True)
    kept = BudgetTemplate.objects.get()
    assert (kept.name, kept.document) == ("Team year", document_of(version))
    assert "For a product team." in answer.content.decode()
    terms = {"code": "TEAM-27", "name": "Team 2027", "starts_on": "2027-01", "share_pct": "110"}
    answer = client.post(f"/budgets/templates/{kept.pk}/begin/", terms)
    shown = re.search(r'name="shown" value="([^"]+)"', answer.content.decode())
    assert shown is not None
    assert not Budget.objects.filter(code="TEAM-27").exists()
    client.post("/budgets/load/confirm/", {"shown": shown[1]})
    begun = BudgetVersion.objects.get(budget__code="TEAM-27")
    assert begun.total == Decimal("550.00")
    assert (f"{begun.budget.starts_on:%Y-%m}", f"{begun.budget.ends_on:%Y-%m}") == ("2027-01", "2027-12")


def test_what_becomes_of_the_budget_does_not_change_the_template(version: BudgetVersion, controller: User) -> None:
    kept = keep_template(version=version, name="Year", actor=controller)
    before = kept.document
    changed = read(PLAN.replace('amount: "400.00"', 'amount: "300.00"').replace('total: "500.00"', 'total: "400.00"').encode())
    load_document(document=changed, actor=controller)
    kept.refresh_from_db()
    assert kept.document == before


def test_a_name_stands_for_one_template_until_it_is_put_away(client: Client, version: BudgetVersion, controller: User) -> None:
    kept = keep_template(version=version, name="Year", actor=controller)
    client.force_login(controller)
    answer = client.post("/budgets/PLAN/template/", {"name": "year", "about": "Typed before."})
    assert answer.status_code == 422
    assert "There is a template year already" in answer.content.decode()
    assert "Typed before." in answer.content.decode()
    for name in (" ", "x" * 101):
        with pytest.raises(InvalidInput):
            keep_template(version=version, name=name, actor=controller)
    client.post(f"/budgets/templates/{kept.pk}/put-away/")
    with pytest.raises(WrongState, match="put away already"):
        put_template_away(template_id=kept.pk, actor=controller)
    assert "No plan is kept as a template yet" in client.get("/budgets/templates/").content.decode()
    keep_template(version=version, name="Year", actor=controller)
    verbs = AuditRecord.objects.filter(verb__startswith="budget_template.").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["budget_template.kept", "budget_template.put_away", "budget_template.kept"]


def test_the_database_keeps_templates_as_they_were_kept(version: BudgetVersion, controller: User, outsider: User) -> None:
    kept = keep_template(version=version, name="Year", actor=controller)
    elsewhere = outsider.assignments.earliest("pk").entity
    for statement, values in (
        ("UPDATE budgets_budgettemplate SET document = '{}'", []),
        ("UPDATE budgets_budgettemplate SET name = 'x'", []),
        ("DELETE FROM budgets_budgettemplate", []),
        (
            INSERT,
            [elsewhere.pk, version.pk],
        ),
    ):
        with connection.cursor() as cursor, pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(statement, values)
    assert BudgetTemplate.objects.get().pk == kept.pk


def test_programs_keep_begin_and_put_away(client: Client, version: BudgetVersion, controller: User) -> None:
    client.force_login(controller)
    made = client.post("/api/v1/budget-templates", {"budget": "PLAN", "name": "Year"}, content_type="application/json")
    assert made.status_code == 201
    address = f"/api/v1/budget-templates/{made.json()['id']}"
    terms = {"code": "NEXT", "name": "Next", "starts_on": "2027-01", "share_pct": "200"}
    document = client.get(f"{address}/begin", terms).json()["document"]
    assert (document["budget"]["code"], document["budget"]["total"]) == ("NEXT", "1000.00")
    assert client.post("/api/v1/budgets", document, content_type="application/json").status_code == 201
    assert client.post(f"{address}/put-away", content_type="application/json").json()["put_away_at"] is not None
