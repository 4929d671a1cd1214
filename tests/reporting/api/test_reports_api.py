"""Reports and packs through the API: the figures of the pages, the bytes that were issued."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from budgets.models import CostCentre
from core.models import Job, User
from core.services.jobs import run_waiting_jobs
from reporting.models import Pack
from reporting.selectors.variance import budget_against_actual
from reporting.services.packs import freeze_pack
from tests.factories.core import UserFactory, assign
from tests.fixtures.reporting import Reported


@pytest.fixture
def finance(api: Callable[..., Any], controller: User) -> Any:
    return api(controller)


def test_a_report_has_the_figures_of_the_page(finance: Any, reported: Reported) -> None:
    answer = finance.get("reports/SMALL?month=2026-03")
    assert answer.status_code == 200
    found, report = answer.json(), budget_against_actual(reported.budget, reported.month)
    assert found["total"]["figures"]["variance"] == f"{report.total.figures.variance:.2f}"
    assert [(row["category"], row["status"], row["figures"]["actual_to_date"]) for row in found["by_category"]] == [
        (row.category, row.status, f"{row.figures.actual_to_date:.2f}") for row in report.by_category
    ]
    assert len(found["months"]) == 12
    assert found["findings"][0]["code"] == "over_allocated"
    assert finance.get("reports/SMALL?month=2026-03", **{"If-None-Match": answer["ETag"]}).status_code == 304
    for wrong, status in (("month=never", 400), ("month=2031-01", 400), ("other=1", 400)):
        assert finance.get(f"reports/SMALL?{wrong}").status_code == status


def test_a_category_and_one_page_are_shown(finance: Any, reported: Reported) -> None:
    found = finance.get("reports/SMALL/categories/software?month=2026-03").json()
    assert found["category"]["figures"]["actual_to_date"] == "6900.00"
    assert sum(float(promise["amount"]) for promise in found["promises"]) == 300
    assert found["entries"]
    assert finance.get("reports/SMALL/categories/nothing").status_code == 404
    page = finance.get("reports/SMALL/summary?month=2026-03").json()
    assert len(page["numbers"]) <= 5
    assert page["reasons"][0]["category"] == "software"
    assert "no exception is open" in page["still_open"]


def test_standings_are_listed(finance: Any, api: Callable[..., Any], outsider: User, reported: Reported) -> None:
    (row,) = finance.get("reports?entity=acme").json()["results"]
    assert (row["budget"], row["status"] in {"red", "unset"}) == ("SMALL", True)
    assert api(outsider).get("reports").json()["results"] == []


def test_a_pack_is_issued_and_handed_out(finance: Any, reported: Reported, quick_pdf: None) -> None:
    before = Job.objects.count()
    assert finance.post("reports/SMALL/issue?dry_run=true", {"month": "2026-03"}).status_code == 202
    assert finance.post("reports/SMALL/issue", {"month": "2031-03"}).json()["code"] == "month_outside_budget"
    assert finance.post("reports/SMALL/issue", {"month": "2026-03"}, if_match='"old"').status_code == 412
    assert Job.objects.count() == before
    seen = finance.get("reports/SMALL")["ETag"]
    assert finance.post("reports/SMALL/issue?dry_run=true", {"month": "2026-03"}, if_match=seen).status_code == 202
    first, again = (finance.post("reports/SMALL/issue", {"month": "2026-03"}, idempotency_key="p") for _ in range(2))
    assert (first.status_code, first.json()) == (202, again.json())
    run_waiting_jobs()
    (row,) = finance.get("packs?budget=SMALL&month=2026-03&is_final=false").json()["results"]
    pack = finance.get(f"packs/{row['id']}").json()
    assert pack == row
    data = b"".join(finance.get(f"packs/{row['id']}/data").streaming_content)
    assert hashlib.sha256(data).hexdigest() == pack["snapshot_sha256"]
    pdf = finance.get(f"packs/{row['id']}/pdf")
    assert hashlib.sha256(b"".join(pdf.streaming_content)).hexdigest() == pack["pdf_sha256"]
    assert pdf["ETag"] == f'"{pack["pdf_sha256"]}"'


def test_a_pack_without_its_pdf_says_so(finance: Any, reported: Reported, controller: User) -> None:
    pack = freeze_pack(budget=reported.budget, month=reported.month, actor=controller)
    assert finance.get(f"packs/{pack.pk}").json()["pdf_sha256"] is None
    assert finance.get(f"packs/{pack.pk}/pdf").json()["code"] == "missing"


def test_who_reads_a_part_or_nothing_issues_nothing(
    api: Callable[..., Any], reported: Reported, controller: User, auditor: User, outsider: User
) -> None:
    pack = freeze_pack(budget=reported.budget, month=reported.month, actor=controller)
    part = UserFactory.create(name="Lead", email="lead@example.org")
    centre = CostCentre.objects.get(entity=reported.budget.entity, code="PLATFORM")
    assign(part, "team_lead", reported.budget.entity, kind="finance", cost_centre=centre)
    programs = [(api(auditor), 200, 200, 403), (api(outsider), 404, 404, 404), (api(part), 403, 404, 403)]
    before = (Job.objects.count(), Pack.objects.count())
    for program, report, packs, issue in programs:
        assert program.get("reports/SMALL").status_code == report
        assert program.get(f"packs/{pack.pk}/data").status_code == packs
        assert program.post("reports/SMALL/issue", {"month": "2026-03"}).status_code == issue
    assert (Job.objects.count(), Pack.objects.count()) == before


def test_queries_of_a_report_stay_few(finance: Any, reported: Reported, django_assert_max_num_queries: Any) -> None:
    for address, most in (("reports", 22), ("reports/SMALL?month=2026-03", 32), ("packs", 18)):
        with django_assert_max_num_queries(most):
            assert finance.get(address).status_code == 200
