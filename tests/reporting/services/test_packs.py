"""Packs: frozen once, rendered from the snapshot, issued again only where something changed."""

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pypdf
import pytest
from django.db import DatabaseError, connection, transaction

from core.errors import InvalidInput
from core.models import AuditRecord, Job, User
from core.services.jobs import run_job
from reporting.models import Pack, PackFile
from reporting.rendering import pack_html, pack_view
from reporting.rules import snapshots
from reporting.rules.wording import money, signed
from reporting.selectors.variance import budget_against_actual
from reporting.services.issuing import start_pack
from reporting.services.packs import freeze_pack, render_pack
from tests.factories.budgets import move
from tests.fixtures.reporting import Reported


@pytest.fixture
def issued(reported: Reported, controller: User) -> Pack:
    return freeze_pack(budget=reported.budget, month=reported.month, actor=controller)


def test_a_pack_holds_the_figures_of_the_report_and_the_ledger_s_anchor(reported: Reported, issued: Pack) -> None:
    report = budget_against_actual(reported.budget, reported.month)
    frozen = pack_view(issued)
    assert frozen.report.total == report.total
    assert frozen.report.by_category == report.by_category
    assert frozen.report.months == report.months
    assert issued.snapshot_sha256 == snapshots.digest(issued.snapshot)
    heads = {head["account_id"]: head for head in issued.document["figures"]["anchor"]["heads"]}
    account = reported.small.account
    account.refresh_from_db()
    assert heads[account.pk]["hash"] == bytes(account.head).hex()
    assert heads[account.pk]["seq"] == account.seq
    assert issued.last_journal == max(head["journal_id"] for head in heads.values())
    assert AuditRecord.objects.filter(verb="pack.issued", subject_id=str(issued.pk)).count() == 1


def test_the_same_figures_are_the_same_issue(reported: Reported, issued: Pack, controller: User) -> None:
    again = freeze_pack(budget=reported.budget, month=reported.month, actor=controller)
    assert again == issued
    assert Pack.objects.count() == 1


def test_a_reissue_says_what_changed_and_why(reported: Reported, issued: Pack, controller: User) -> None:
    move(reported.small.account, "spent", "40.00", month=date(2026, 2, 1), is_fact=True)
    second = freeze_pack(budget=reported.budget, month=reported.month, actor=controller, note="A late invoice")
    assert (second.issue, second.reissue_of, second.note) == (2, issued, "A late invoice")
    assert {"where": "Software", "sentence": "Actual to date is 6,940.00, was 6,900.00 (+40.00)."} in second.document["issue"][
        "changes"
    ]
    html = pack_html(second)
    assert "What changed since issue 1" in html
    assert issued.snapshot == Pack.objects.get(pk=issued.pk).snapshot


def test_a_pack_is_written_once(issued: Pack) -> None:
    for statement in ("UPDATE reporting_pack SET snapshot = '{}'", "DELETE FROM reporting_pack"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Pack.objects.get(pk=issued.pk).snapshot == issued.snapshot


def test_a_month_outside_the_budget_issues_nothing(reported: Reported, controller: User) -> None:
    with pytest.raises(InvalidInput):
        freeze_pack(budget=reported.budget, month=date(2027, 1, 1), actor=controller)
    assert Pack.objects.count() == 0


def test_rendering_reads_no_figure_from_the_database(issued: Pack, django_assert_num_queries: Any) -> None:
    fresh = Pack.objects.select_related("budget").get(pk=issued.pk)
    with django_assert_num_queries(0):
        html = pack_html(fresh)
    for row in pack_view(fresh).report.by_category:
        assert money(row.figures.actual_to_date) in html
        assert signed(row.figures.variance) in html
    assert "People: 48.00 too much." in html
    assert money(Decimal("19000.02")) in html


def test_the_pdf_carries_its_data_and_is_kept_as_issued(issued: Pack, controller: User) -> None:
    file = render_pack(pack=issued, actor=controller)
    reader = pypdf.PdfReader(io.BytesIO(bytes(file.content)))
    assert len(reader.pages) == file.pages
    ((name, contents),) = reader.attachments.items()
    assert name == "SMALL-2026-03-issue-1.json"
    assert contents[0] == issued.snapshot.encode()
    text = "".join(page.extract_text() for page in reader.pages)
    assert "19,000.02" in text
    assert render_pack(pack=issued, actor=controller) == file
    assert PackFile.objects.count() == 1


def test_the_worker_issues_a_pack_and_leads_to_it(reported: Reported, controller: User, quick_pdf: None) -> None:
    job = start_pack(budget=reported.budget, month=reported.month, actor=controller)
    done = run_job(job.pk)
    assert done.state == Job.State.DONE
    pack = Pack.objects.get()
    assert done.result_url == f"/reports/packs/{pack.pk}/"
    assert pack.issued_by == controller
    assert done.result is not None
    assert done.result["sha256"] == pack.file.sha256
