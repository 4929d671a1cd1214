"""Pages of reporting: figures as in the selector, rights, queries."""

from typing import Any

import pytest
from django.test import Client

from core.models import Job, User
from core.services.jobs import run_job
from reporting.models import Pack
from reporting.rules.wording import money, signed
from reporting.selectors.variance import budget_against_actual
from reporting.services.packs import freeze_pack, render_pack
from tests.factories.core import assign
from tests.fixtures.reporting import Reported

PAGES = ("/reports/SMALL/", "/reports/SMALL/summary/", "/reports/SMALL/category/software/")
MONTH = "?month=2026-03"


@pytest.fixture
def pack(reported: Reported, controller: User, quick_pdf: None) -> Pack:
    made = freeze_pack(budget=reported.budget, month=reported.month, actor=controller)
    render_pack(pack=made, actor=controller)
    return made


def page(client: Client, user: User, address: str) -> str:
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200
    html: str = response.content.decode()
    return html


def test_the_report_shows_the_selector_s_figures(client: Client, reported: Reported, executive: User) -> None:
    html = page(client, executive, f"/reports/SMALL/{MONTH}")
    report = budget_against_actual(reported.budget, reported.month)
    for row in [report.total, *report.by_category, *report.by_cost_centre]:
        assert f">{money(row.figures.plan_to_date)}</td>" in html
        assert f">{signed(row.figures.variance)}</td>" in html
    assert "Software is past its threshold" in html
    assert "No threshold" in html
    assert "People: 48.00 too much." in html
    assert "Preliminary" in html
    assert "/budgets/SMALL/entries/?account=" in html


def test_the_one_page_has_five_numbers_and_the_reasons(client: Client, reported: Reported, executive: User) -> None:
    html = page(client, executive, f"/reports/SMALL/summary/{MONTH}")
    assert html.count('class="figure"') == 5
    assert "Software needs an answer" in html
    assert "passes the threshold of 800.00 by 100.00" in html


def test_a_category_opens_its_lines_and_entries(client: Client, reported: Reported, auditor: User) -> None:
    html = page(client, auditor, f"/reports/SMALL/category/software/{MONTH}")
    assert "Software is 900.00 over plan" in html
    assert html.count("/budgets/journals/") == 3
    assert "250.00" in html


def test_a_figure_leads_to_entries_that_add_up_to_it(client: Client, reported: Reported, controller: User) -> None:
    account = reported.small.account.pk
    html = page(client, controller, f"/budgets/SMALL/entries/?account={account}&until=2026-03&bucket=spent")
    assert "6,900.00" in html


@pytest.mark.parametrize("address", PAGES)
def test_strangers_find_nothing(client: Client, reported: Reported, outsider: User, address: str) -> None:
    client.force_login(outsider)
    assert client.get(address).status_code == 404


def test_a_part_of_a_budget_is_not_its_report(client: Client, reported: Reported, outsider: User) -> None:
    assign(outsider, "team_lead", reported.budget.entity, kind="approver", cost_centre=reported.small.cost_centres["PLATFORM"])
    client.force_login(outsider)
    assert client.get("/reports/SMALL/").status_code == 403
    assert "Small budget" not in page(client, outsider, "/reports/")


def test_packs_are_for_those_who_read_the_budget(client: Client, pack: Pack, executive: User, outsider: User) -> None:
    html = page(client, executive, f"/reports/packs/{pack.pk}/")
    assert "19,000.02" in html
    client.force_login(executive)
    file = client.get(f"/reports/packs/{pack.pk}/pdf/")
    assert file["Content-Type"] == "application/pdf"
    assert file.content == bytes(pack.file.content)
    client.force_login(outsider)
    for address in (f"/reports/packs/{pack.pk}/", f"/reports/packs/{pack.pk}/pdf/", "/reports/packs/999999/"):
        assert client.get(address).status_code == 404


def test_finance_issues_a_pack_and_sees_how_far_it_is(
    client: Client, reported: Reported, controller: User, quick_pdf: None
) -> None:
    client.force_login(controller)
    answer = client.post("/reports/SMALL/issue/", {"month": "2026-03"})
    job = Job.objects.get()
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"
    run_job(job.pk)
    assert "Issue the pack again" in page(client, controller, f"/reports/SMALL/{MONTH}")


def test_others_do_not_issue_packs(client: Client, reported: Reported, executive: User, outsider: User) -> None:
    for user, status in ((executive, 403), (outsider, 404)):
        client.force_login(user)
        assert client.post("/reports/SMALL/issue/", {"month": "2026-03"}).status_code == status
    assert Job.objects.count() == 0
    assert "Issue the pack" not in page(client, executive, f"/reports/SMALL/{MONTH}")


@pytest.mark.parametrize("month", ["2027-01", "2026-13", "x'"])
def test_a_wrong_month_is_said(client: Client, reported: Reported, executive: User, month: str) -> None:
    client.force_login(executive)
    assert client.get("/reports/SMALL/", {"month": month}).status_code == 400


@pytest.mark.parametrize(
    # Of these, five or six ask who looks: their session, whether somebody acts as them, their second factor, their rights.
    ("address", "most"),
    [("/", 29), ("/reports/", 22), (f"/reports/SMALL/{MONTH}", 29), (f"/reports/SMALL/summary/{MONTH}", 40)],
)
def test_pages_ask_little(
    client: Client, pack: Pack, controller: User, address: str, most: int, django_assert_max_num_queries: Any
) -> None:
    client.force_login(controller)
    with django_assert_max_num_queries(most):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("who", ["requester", "approver", "controller", "executive", "auditor", "administrator", "outsider"])
def test_everyone_has_a_first_page(client: Client, pack: Pack, who: str, request: pytest.FixtureRequest) -> None:
    html = page(client, request.getfixturevalue(who), "/")
    assert "Nothing waits for you" in html or "waits" in html
    assert ("Small budget" in html) is (who != "outsider")
