"""A month by department and by project: on the chargeback's page, on a statement's, and by a program."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from budgets.services.chargeback_posting import post_chargeback
from core.models import User
from tests.budgets.api.test_chargebacks_api import Program
from tests.factories.golden_allocation import Bill, bill
from tests.fixtures.budgets import SmallBudget


@pytest.fixture
def billed(small_budget: SmallBudget, controller: User) -> Bill:
    return bill(small_budget, controller)


def page(client: Client, name: str, *args: object) -> str:
    response = client.get(reverse(f"budgets:{name}", args=args))
    assert response.status_code == 200, name
    return re.sub(r"\s+", " ", response.content.decode())


def amounts(shown: str) -> list[str]:
    """The amounts of the table of shares within shares, in its order."""
    table = shown.split("Shares within shares")[1].split("</table>")[0]
    return re.findall(r'data-label="By the rules">([0-9.,]+)<', table)


def test_the_page_shows_each_share_with_its_parts(client: Client, billed: Bill) -> None:
    client.force_login(billed.controller)
    departments, projects = billed.drawn("departments"), billed.drawn("projects")
    assert amounts(page(client, "chargeback", departments.pk)) == [
        "220.18", "125.82", "62.91", "31.45",
        "62.91", "31.45", "22.02", "9.44",
        "31.45", "15.73", "9.43", "6.29",
    ]  # fmt: skip
    shown = page(client, "chargeback", projects.pk)
    assert amounts(shown) == [
        "188.72", "94.36", "62.91", "31.45",
        "78.64", "47.18", "31.46",
        "31.45", "18.87", "12.58",
        "15.73", "9.44", "6.29",
    ]  # fmt: skip
    assert "The same month by other rules" in shown
    assert "By department, run 1" in shown
    listed = page(client, "chargebacks")
    assert "By department, version 1" in listed
    assert "By project, version 1" in listed
    assert "its spend is moved by one of them, the others are for looking at" in listed


def test_what_is_not_moved_by_it_says_so_and_cannot_be_posted(client: Client, billed: Bill) -> None:
    departments, projects = billed.accepted("departments"), billed.accepted("projects")
    statement = projects.statements.get(receiver__code="CORE-PLATFORM-API-INFRASTRUCTURE")
    client.force_login(billed.controller)
    assert "For looking at" not in page(client, "chargeback", projects.pk)
    assert "For looking at" not in page(client, "statement", statement.pk)
    post_chargeback(run_id=departments.pk, actor=billed.controller)
    shown = page(client, "chargeback", projects.pk)
    assert "For looking at: the spend of January 2026 is moved by" in shown
    assert "run 1, by By department" in shown
    assert "Post it" not in shown
    assert "For looking at" not in page(client, "chargeback", departments.pk)
    refused = client.post(reverse("budgets:chargeback-post", args=[projects.pk]))
    assert refused.status_code == 409
    assert "and it is moved once" in refused.content.decode()
    client.force_login(billed.head)
    told = page(client, "statement", statement.pk)
    assert "Nothing is charged by this statement" in told
    assert "94.36" in told
    assert "30 %, within the 60 % of CORE-PLATFORM" in told


def test_a_program_reads_both_ways_with_their_parts(billed: Bill) -> None:
    finance = Program(billed.controller)
    departments, projects = billed.accepted("departments"), billed.accepted("projects")
    listed = finance.get("chargebacks")["results"]
    assert {row["rules_code"]: row["state"] for row in listed} == {"departments": "review", "projects": "review"}
    post_chargeback(run_id=departments.pk, actor=billed.controller)
    said = finance.get(f"chargebacks/{projects.pk}/borne")
    assert said["moved_by"] == departments.pk
    new = [row for row in said["levels"] if "NEW-FEATURE" in {row["to"], row["within"]}]
    assert [(row["within"], row["pct"], row["amount"]) for row in new] == [
        ("", "25", "78.64"),
        ("NEW-FEATURE", "15", "47.18"),
        ("NEW-FEATURE", "10", "31.46"),
    ]
    assert finance.post(f"chargebacks/{projects.pk}/post", status=409)["code"] == "moved_by_other_rules"
    statement = projects.statements.get(receiver__code="CORE-PLATFORM-API-INFRASTRUCTURE")
    figures = Program(billed.head).get(f"chargeback-statements/{statement.pk}/figures")
    assert (figures["amount"], figures["moved_by"]) == ("94.36", departments.pk)
    posted = departments.statements.earliest("pk")
    assert Program(billed.head).get(f"chargeback-statements/{posted.pk}/figures")["moved_by"] is None
