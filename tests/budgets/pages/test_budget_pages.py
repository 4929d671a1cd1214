"""The budget pages: who sees what, figures that add up, findings where finance looks, bounded queries."""

import csv
import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from budgets.models import Balance, Budget, CostCentre, Journal
from budgets.rules import safe_yaml
from budgets.services.budgets import load_document
from budgets.services.ledger import reverse
from core.models import Entity, User
from tests.factories.budgets import move
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget

PLAN = Path(__file__).with_name("plan.yaml")


@pytest.fixture
def plan(entity: Entity, controller: User) -> Budget:
    document = safe_yaml.read(PLAN.read_bytes())
    return load_document(document=document, actor=controller, source_name="plan.yaml", entity_code=entity.code).budget


def shown(client: Client, user: User, path: str) -> str:
    client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def cells(html: str, label: str) -> list[str]:
    return re.findall(rf'<td[^>]*data-label="{label}"[^>]*>([^<]*)</td>', html)


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("\u2212", "-"))


PATHS = ["/budgets/PLAN/", "/budgets/PLAN/versions/1/", "/budgets/PLAN/entries/"]


@pytest.mark.parametrize("path", PATHS)
def test_readers_of_the_entity_see_a_budget_and_an_outsider_does_not(
    client: Client, plan: Budget, controller: User, auditor: User, executive: User, outsider: User, path: str
) -> None:
    for reader in (controller, auditor, executive):
        assert "Plan" in shown(client, reader, path)
    client.force_login(outsider)
    assert client.get(path).status_code == 404
    client.force_login(UserFactory.create())
    assert client.get(path).status_code == 403


def test_list_page_file_and_api_say_how_a_budget_stands(client: Client, small_budget: SmallBudget, controller: User) -> None:
    code = small_budget.budget.code
    whole = sum((row.allotted for row in Balance.objects.filter(account__budget=small_budget.budget)), Decimal(0))
    steps = [("Healthy", "healthy", Decimal(0)), ("Warning", "warning", whole * 3 / 4), ("Critical", "critical", whole / 5)]
    for word, status, more in [*steps, ("Exceeded", "exceeded", whole / 10)]:
        if more:
            move(small_budget.account, "spent", more, is_fact=True)
        assert word in shown(client, controller, "/budgets/")
        assert word in shown(client, controller, f"/budgets/{code}/")
        file = csv.DictReader(shown(client, controller, "/budgets/list.csv").lstrip("\ufeff").splitlines())
        assert [row["Status"] for row in file] == [status]
        assert client.get(f"/api/v1/budgets/{code}").json()["status"] == status


def test_a_journal_is_not_there_for_an_outsider(client: Client, plan: Budget, controller: User, outsider: User) -> None:
    journal = Journal.objects.get()
    html = shown(client, controller, f"/budgets/journals/{journal.pk}/")
    assert "Chain" in html
    assert '<a href="/budgets/PLAN/versions/1/">Plan, version 1</a>' in html
    client.force_login(outsider)
    assert client.get(f"/budgets/journals/{journal.pk}/").status_code == 404
    assert client.get("/budgets/journals/999999/").status_code == 404


def test_the_list_shows_only_what_one_may_see(
    client: Client, plan: Budget, small_budget: SmallBudget, controller: User, outsider: User
) -> None:
    html = shown(client, controller, "/budgets/")
    assert "PLAN" in html
    assert "SMALL" in html
    assert "1 finding" in html
    assert "No budget is in force within your reach." in shown(client, outsider, "/budgets/")


def test_over_allocation_is_said_with_its_figures_and_leads_to_the_lines(client: Client, plan: Budget, controller: User) -> None:
    html = shown(client, controller, "/budgets/PLAN/")
    assert "Over-allocated by 50.00 USD." in html
    assert 'href="/budgets/PLAN/versions/1/#internal"' in html
    version = shown(client, controller, "/budgets/PLAN/versions/1/")
    assert "50.00 over-allocated" in version
    assert 'id="internal"' in version


def test_the_lines_of_the_page_add_up_to_its_total(client: Client, plan: Budget, controller: User) -> None:
    available = [amount(text) for text in cells(shown(client, controller, "/budgets/PLAN/"), "Available")]
    total = available[-1]
    assert total == Decimal("1000.00")
    # Each category stands before its lines: every amount is there twice, as a group and as lines.
    assert sum(available[:-1]) == 2 * total


def test_the_plan_by_month_adds_up_both_ways(client: Client, plan: Budget, controller: User) -> None:
    html = shown(client, controller, "/budgets/PLAN/versions/1/")
    rows = [amount(text) for text in cells(html, "All")]
    assert sum(rows[:-1]) == rows[-1] == Decimal("1050.00")
    for name in ("Internal Resources", "External Vendors"):
        column = [amount(text) for text in cells(html, name)]
        assert sum(column[:-1]) == column[-1]
    assert "2\u00a0people \u00d7 2\u00a0sprints \u00d7 10\u00a0days a sprint \u00d7 10.00\u00a0a day" in html


def test_a_role_over_one_cost_centre_sees_its_part(client: Client, plan: Budget, entity: Entity) -> None:
    lead = UserFactory.create()
    assign(lead, "tech_lead", entity, cost_centre=CostCentre.objects.get(code="4130"))
    html = shown(client, lead, "/budgets/PLAN/")
    assert "You see your part." in html
    assert "Testers" in html
    assert "Developers" not in html
    assert "Over-allocated" not in html
    version = shown(client, lead, "/budgets/PLAN/versions/1/")
    assert "Testers" in version
    assert "Consultants" not in version
    assert "1,000.00" not in version
    entries = shown(client, lead, "/budgets/PLAN/entries/")
    assert "Testers" in entries
    assert "Developers" not in entries
    journal = shown(client, lead, f"/budgets/journals/{Journal.objects.get().pk}/")
    assert "outside your reach" in journal
    assert "Developers" not in journal


def test_entries_are_filtered_and_totalled(client: Client, small_budget: SmallBudget, controller: User) -> None:
    account = small_budget.account
    move(account, "spent", "120.00", actor=controller)
    move(account, "spent", "30.00", actor=controller)
    html = shown(client, controller, "/budgets/SMALL/entries/?bucket=spent&cost_centre=PLATFORM&category=software&month=2026-01")
    assert "2\u00a0entries of those chosen" in html
    assert "spent 150.00" in html
    assert "No entry matches." in shown(client, controller, "/budgets/SMALL/entries/?bucket=paid")
    assert "1 to 50 of 74" in shown(client, controller, "/budgets/SMALL/entries/")
    assert "spent, all pages" in shown(client, controller, "/budgets/SMALL/entries/?page=2").lower()


@pytest.mark.parametrize(
    "query", ["journal=abc", "month=2026-13", "bucket=odd", "category='%20OR%201=1", "page=-3", "cost_centre=%00"]
)
def test_a_filter_that_is_not_offered_breaks_nothing(
    client: Client, small_budget: SmallBudget, controller: User, query: str
) -> None:
    assert "Entries of Small budget" in shown(client, controller, f"/budgets/SMALL/entries/?{query}")


def test_a_journal_says_who_what_why_and_its_reversal(client: Client, small_budget: SmallBudget, controller: User) -> None:
    posted = move(small_budget.account, "spent", "120.00", actor=controller)
    back = reverse(journal_id=posted.id, key="undo", actor=controller, memo="Wrong line")
    html = shown(client, controller, f"/budgets/journals/{posted.id}/")
    assert "This journal was reversed." in html
    assert f'href="/budgets/journals/{back.id}/"' in html
    assert controller.name in html
    assert len(re.findall(r"[0-9a-f]{64}", html)) == 2
    assert "This journal reverses another." in shown(client, controller, f"/budgets/journals/{back.id}/")


def test_an_unknown_version_says_so(client: Client, plan: Budget, controller: User) -> None:
    client.force_login(controller)
    answer = client.get("/budgets/PLAN/versions/9/")
    assert answer.status_code == 404
    assert "has no version 9" in answer.content.decode()


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/budgets/", 11),
        ("/budgets/SMALL/", 22),
        ("/budgets/SMALL/versions/1/", 12),
        ("/budgets/SMALL/entries/", 16),
    ],
)
def test_a_page_asks_the_database_a_bounded_number_of_times(
    client: Client,
    small_budget: SmallBudget,
    controller: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    path: str,
    most: int,
) -> None:
    client.force_login(controller)
    client.get(path)
    with django_assert_max_num_queries(most):
        client.get(path)
