"""A chargeback's statement as a PDF: made once for what it says, and again when it says something else."""

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from budgets.services.statements import accept_statement
from core.models import AuditRecord, Job
from core.services.jobs import run_waiting_jobs
from reporting.models import StatementFile
from reporting.services.statements import render_statement, statement_html
from tests.factories.chargebacks import Charged


def test_the_same_words_are_the_same_file(charged: Charged) -> None:
    statement = charged.sent().statements.select_related("run", "receiver", "manager").get(receiver=charged.product)
    first = render_statement(statement=statement, actor=charged.controller)
    assert bytes(first.content).startswith(b"%PDF-")
    assert render_statement(statement=statement, actor=charged.controller) == first
    accept_statement(statement_id=statement.pk, actor=charged.product_lead)
    statement.refresh_from_db()
    assert render_statement(statement=statement, actor=None) != first
    assert AuditRecord.objects.filter(verb="statement.rendered").count() == 2


def test_what_a_person_typed_is_text_on_paper(charged: Charged) -> None:
    statement = charged.sent().statements.get(receiver=charged.product)
    charged.product.name = "<script>alert(1)</script>"
    charged.product.save(update_fields=["name"])
    statement.refresh_from_db()
    assert "<script>" not in statement_html(statement)


def test_the_paper_says_that_it_may_change_until_it_is_posted_and_its_month_closed(charged: Charged) -> None:
    run = charged.sent()
    said = statement_html(run.statements.get(receiver=charged.product))
    assert f"Preliminary, as of {run.drawn_at:%Y-%m-%d %H:%M} UTC, when it was drawn up; newest entry" in said
    assert "Final once it is posted and its month closed." in said


def test_it_is_made_by_a_job_and_found_on_the_statements_page(client: Client, charged: Charged) -> None:
    statement = charged.sent().statements.get(receiver=charged.product)
    client.force_login(charged.product_lead)
    assert client.get(reverse("reporting:statement-pdf", args=[statement.pk])).status_code == 400
    client.post(reverse("reporting:statement-make", args=[statement.pk]))
    assert run_waiting_jobs() == 1
    assert Job.objects.get().result_url == reverse("reporting:statement-pdf", args=[statement.pk])
    answer = client.get(reverse("reporting:statement-pdf", args=[statement.pk]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert ">PDF</a>" in client.get(reverse("budgets:statement", args=[statement.pk])).content.decode()
    client.force_login(charged.data_lead)
    assert client.get(reverse("reporting:statement-pdf", args=[statement.pk])).status_code == 404
    assert client.post(reverse("reporting:statement-make", args=[statement.pk])).status_code == 404


def test_a_file_stays_as_it_was_made(charged: Charged) -> None:
    statement = charged.sent().statements.get(receiver=charged.product)
    render_statement(statement=statement, actor=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        StatementFile.objects.update(pages=9)
