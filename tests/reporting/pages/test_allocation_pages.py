"""The allocation report's page and file, and the same for programs."""

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from budgets.services.spend_tags import ItemData, note_spend
from budgets.services.tag_terms import KeyData, state_tag_key
from core.models import User
from reporting.rules.allocation_report import TABS, View
from reporting.rules.wording import money
from reporting.selectors.allocation_reports import allocation_report
from tests.factories.budgets import JANUARY, move
from tests.factories.core import assign
from tests.fixtures.imports import Importing
from tests.fixtures.reporting import MARCH, Reported

PAGE = "/reports/allocation/"
FORMULA = "=1+1 Pens"


@pytest.fixture
def spent(reported: Reported, import_rows: Importing) -> Reported:
    """Eight vendors with a day each, one of whom is named like a formula, over what has no day."""
    rows = [f"2026-03-{day:02},N-{day},Vendor {day},software,PRODUCT,{day}.01" for day in range(1, 9)]
    import_rows(*rows)
    item = ItemData("t:1", reported.small.account.pk, MARCH, "ledger", "", FORMULA, tags={"department": FORMULA})
    note_spend(entity=reported.budget.entity, items=[item])
    move(reported.small.account, "spent", "2.22", month=MARCH, thread="t:1", is_fact=True)
    return reported


def shown(client: Client, user: User, query: str = "", page: str = PAGE) -> str:
    client.force_login(user)
    answer = client.get(f"{page}?{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("view", View)
def test_each_report_shows_what_it_is_held_against(client: Client, spent: Reported, executive: User, view: View) -> None:
    html = shown(client, executive, f"view={view}&month=2026-03")
    report = allocation_report(spent.budget.entity, view, MARCH)
    assert report.held.agrees
    assert f"{money(report.held.ledger)}" in html
    assert "adds up" in html
    assert "Preliminary" in html
    assert f'aria-current="true">{TABS[view]}</a>' in html
    assert html.count("view=") >= len(TABS)
    for table in report.tables:
        assert html.count(f">{money(table.total)}</td>") >= 1


def test_days_show_the_largest_services_and_the_others_together(client: Client, spent: Reported, executive: User) -> None:
    html = shown(client, executive, "month=2026-03")
    assert "Sun 1 Mar 2026" in html
    assert "Tue 31 Mar 2026" in html
    assert "No day known" in html
    assert re.search(r">\d others<", html)
    assert "Each of the 12 by itself" in html
    assert "36.08 came by imports with a day" in html


def test_a_cost_centre_s_month_opens_entries_that_add_up_to_it(client: Client, spent: Reported, auditor: User) -> None:
    html = shown(client, auditor, "view=centres&month=2026-03")
    found = re.search(r'href="(/budgets/SMALL/entries/\?cost_centre=PRODUCT&amp;month=2026-03&amp;bucket=spent)">36\.08<', html)
    assert found
    assert "36.08" in str(client.get(found[1].replace("&amp;", "&")).content.decode())


def test_what_lacks_a_tag_is_a_way_for_those_who_keep_the_books(
    client: Client, spent: Reported, controller: User, executive: User
) -> None:
    data = KeyData("Department", JANUARY, "text")
    state_tag_key(entity=spent.budget.entity, data=data, actor=controller)
    way = "/budgets/tags/lacking/?entity=acme&amp;month=2026-03&amp;key=department"
    assert way in shown(client, controller, "view=tags&month=2026-03")
    html = shown(client, executive, "view=tags&month=2026-03")
    assert way not in html
    assert "not tagged" in html
    assert "No spend bears the tag Project yet." in html
    assert "No spend bears the tag Department yet." not in html


@pytest.mark.parametrize("view", View)
def test_the_file_adds_up_and_is_no_formula(client: Client, spent: Reported, executive: User, view: View) -> None:
    text = shown(client, executive, f"view={view}&month=2026-03", page=f"{PAGE}csv/")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    report = allocation_report(spent.budget.entity, view, MARCH)
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
    if view == View.QUARTERS:
        assert sum(Decimal(row["Actual"]) for row in rows if row["Cost centre"] != "total") == report.held.ledger
        return
    assert (f"'{FORMULA}" in text) is (view != View.CENTRES)
    for table in report.tables:
        mine = [row for row in rows if row["By"] == table.name]
        assert sum(Decimal(row["Amount"]) for row in mine if row["Time"] != "total") == report.held.ledger
        assert Decimal(mine[-1]["Amount"]) == report.held.ledger


@pytest.mark.parametrize("page", [PAGE, f"{PAGE}csv/"])
def test_it_is_for_those_who_read_the_whole_organization(client: Client, spent: Reported, outsider: User, page: str) -> None:
    client.force_login(outsider)
    assert client.get(page, {"entity": "acme"}).status_code == 404
    assign(outsider, "team_lead", spent.budget.entity, kind="approver", cost_centre=spent.small.cost_centres["PLATFORM"])
    client.force_login(outsider)
    assert client.get(page, {"entity": "acme"}).status_code == 404


@pytest.mark.parametrize("query", ["view=moon", "month=2026-13", "month=x'", "month=0001-01", "month=9999-12"])
def test_what_cannot_be_shown_is_said(client: Client, spent: Reported, executive: User, query: str) -> None:
    client.force_login(executive)
    assert client.get(f"{PAGE}?{query}").status_code == 400


def test_the_list_of_reports_leads_there_and_an_empty_month_says_so(client: Client, spent: Reported, executive: User) -> None:
    assert f'href="{PAGE}"' in shown(client, executive, page="/reports/")
    assert "Nothing was spent in May 2024" in shown(client, executive, "month=2024-05")


@pytest.mark.parametrize(("view", "most"), [(View.SERVICES, 20), (View.TAGS, 25), (View.CENTRES, 25), (View.QUARTERS, 25)])
def test_pages_ask_little(
    client: Client, spent: Reported, controller: User, view: View, most: int, django_assert_max_num_queries: Any
) -> None:
    client.force_login(controller)
    with django_assert_max_num_queries(most):
        assert client.get(f"{PAGE}?view={view}&month=2026-03").status_code == 200


@pytest.mark.parametrize("view", View)
def test_programs_get_the_same_figures(api: Callable[..., Any], spent: Reported, executive: User, view: View) -> None:
    answer = api(executive).get(f"reports/allocation?entity=acme&view={view}&month=2026-03")
    assert answer.status_code == 200
    found, report = answer.json(), allocation_report(spent.budget.entity, view, MARCH)
    assert found["held"]["agrees"] is True
    assert found["held"]["ledger"] == f"{report.held.ledger:.2f}"
    assert [table["total"] for table in found["tables"]] == [f"{table.total:.2f}" for table in report.tables]
    assert [[part["total"] for part in table["parts"]] for table in found["tables"]] == [
        [f"{part.total:.2f}" for part in table.parts] for table in report.tables
    ]
    assert [each["whole"]["actual"] for each in found["quarters"]] == [f"{each.whole.actual:.2f}" for each in report.quarters]
    assert found["state"] == "preliminary"


def test_programs_are_refused_in_words(api: Callable[..., Any], spent: Reported, executive: User, outsider: User) -> None:
    assert api(executive).get("reports/allocation?view=moon").status_code == 400
    assert api(executive).get("reports/allocation?entity=moon").status_code == 404
    assert api(outsider).get("reports/allocation?entity=acme").status_code == 404
