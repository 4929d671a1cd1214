"""What is coded, matched, settled, voided and fixed is shown before it is done, with the figures of the deed."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from budgets.models import Journal
from core.models import Job, User
from core.services.jobs import run_waiting_jobs
from reconciliation.models import Allocation, CommitmentMatch, Invoice, Payment, RawRow, Source, Suggestion
from tests.factories.budgets import move
from tests.factories.reconciliation import Detail, an_invoice, approved_request, handle_events, pay
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.imports import Importing
from tests.fixtures.trials import Trying, balances, moves_between

pytestmark = pytest.mark.usefixtures("small_budget")


@pytest.fixture
def finance(client: Client, controller: User) -> Client:
    client.force_login(controller)
    return client


@pytest.fixture
def invoice(small_budget: SmallBudget, controller: User) -> Invoice:
    return an_invoice(small_budget.entity, controller, "INV-9001", "120.00")


def address(name: str, *args: int) -> str:
    return reverse(f"reconciliation:{name}", args=args)


def test_a_line_is_coded_and_taken_off_as_was_shown(
    finance: Client, invoice: Invoice, small_budget: SmallBudget, trying: Trying
) -> None:
    line = invoice.lines.get()
    code = address("line-code", line.pk)
    shown = trying.then_done(finance, code, {"account": small_budget.account.pk, "month": "2026-03-01"})
    [moved] = shown.context["effects"].moved
    assert (moved.line, moved.bucket, moved.before, moved.after) == (small_budget.account.name, "spent", 0, Decimal("120.00"))
    trying.then_done(finance, address("line-uncode", line.pk))
    # What is not right yet comes back as it would without trying.
    trying.shown(finance, code, {"account": "", "month": "2031-01-01"}, status=422)


def test_where_the_line_moved_meanwhile_it_is_shown_anew_and_then_done(
    finance: Client, invoice: Invoice, small_budget: SmallBudget, trying: Trying
) -> None:
    code = address("line-code", invoice.lines.get().pk)
    shown = trying.shown(finance, code, {"account": small_budget.account.pk, "month": "2026-03-01"})
    move(small_budget.account, "spent", "5.00", month=date(2026, 3, 1), is_fact=True)
    journals = Journal.objects.count()
    again = trying.confirmed(finance, code, shown)
    assert again.status_code == 409
    assert "Something changed since you looked" in again.content.decode()
    assert [(each.before, each.after) for each in again.context["effects"].moved] == [(Decimal("5.00"), Decimal("125.00"))]
    assert Journal.objects.count() == journals
    assert trying.confirmed(finance, code, again).status_code == 302
    assert Journal.objects.count() == journals + 1


def test_a_match_is_made_and_undone_as_was_shown(
    finance: Client, invoice: Invoice, small_budget: SmallBudget, requester: User, approver: User, trying: Trying
) -> None:
    asked = approved_request(account=small_budget.account, net="200.00", requester=requester, approver=approver)
    shown = trying.then_done(finance, address("line-match", invoice.lines.get().pk), {"request_line": asked.pk})
    assert {(each.bucket, each.by) for each in shown.context["effects"].moved} == {("committed", -120), ("spent", 120)}
    trying.then_done(finance, address("match-undo", CommitmentMatch.objects.get().pk))
    assert not CommitmentMatch.objects.get().is_active


def test_an_invoice_is_voided_as_was_shown(finance: Client, invoice: Invoice, small_budget: SmallBudget, trying: Trying) -> None:
    void, line = address("invoice-void", invoice.pk), invoice.lines.get()
    finance.post(address("line-code", line.pk), {"account": small_budget.account.pk, "month": "2026-03-01"})
    # As long as it is spent somewhere, voiding it is refused, tried or not.
    trying.shown(finance, void, {"reason": "It was a proforma."}, status=422)
    finance.post(address("line-uncode", line.pk))
    shown = trying.then_done(finance, void, {"reason": "It was a proforma."})
    assert "Invoice INV-9001 is void." in shown.content.decode()
    assert Invoice.objects.get().document_state == "voided"


def test_a_payment_is_settled_and_taken_off_as_was_shown(
    finance: Client, invoice: Invoice, small_budget: SmallBudget, controller: User, trying: Trying
) -> None:
    finance.post(address("line-code", invoice.lines.get().pk), {"account": small_budget.account.pk, "month": "2026-03-01"})
    [payment] = pay(small_budget.entity, controller, Detail("120.00", name="Acme Clouds Ltd"))
    handle_events()
    shown = trying.then_done(finance, address("payment-allocate", payment.pk), {"invoice_number": "inv 9001", "amount": "20.00"})
    assert {(each.bucket, each.by) for each in shown.context["effects"].moved} == {("paid", 20)}
    trying.then_done(finance, address("allocation-undo", Allocation.objects.get().pk))


def test_a_suggestion_is_accepted_as_was_shown(
    finance: Client, invoice: Invoice, small_budget: SmallBudget, controller: User, trying: Trying
) -> None:
    pay(small_budget.entity, controller, Detail("120.00", name="Acme Clouds Ltd"))
    handle_events()
    accept = address("suggestion-accept", Suggestion.objects.get().pk)
    trying.then_done(finance, accept, {"next": "/reconciliation/suggestions/"})
    assert Invoice.objects.get().money_state == "paid"
    again = trying.shown(finance, accept, {"next": "/reconciliation/suggestions/"}, status=409)
    assert "It would be refused" in again.content.decode()


def test_what_a_run_would_match_is_listed_and_then_matched(
    finance: Client,
    invoice: Invoice,
    small_budget: SmallBudget,
    requester: User,
    approver: User,
    controller: User,
    trying: Trying,
) -> None:
    asked = approved_request(account=small_budget.account, net="80.00", requester=requester, approver=approver)
    answer = an_invoice(small_budget.entity, controller, "INV-9002", "80.00", reference=asked.request.number)
    [payment] = pay(small_budget.entity, controller, Detail("120.00", remittance="INV-9001"))
    # Before the events have matched them by themselves.
    shown = trying.shown(finance, address("look-for-matches"))
    told = {(each.invoice_number, each.payment_id, each.request_number, each.amount) for each in shown.context["rows"]}
    assert told == {
        (invoice.number, payment.pk, "", Decimal("120.00")),
        (answer.number, None, asked.request.number, Decimal("80.00")),
    }
    assert not Job.objects.filter(kind="match").exists()
    finance.post(address("look-for-matches"))
    run_waiting_jobs()
    assert {(each.payment_id, each.invoice.number) for each in Allocation.objects.all()} == {(payment.pk, invoice.number)}
    assert CommitmentMatch.objects.get().request_line_id == asked.pk


def test_rows_in_quarantine_are_mapped_as_was_shown(
    finance: Client, spend_source: Source, import_rows: Importing, trying: Trying
) -> None:
    rows = [f"2026-03-05,INV-{number},Acme Cloud,SaaS tools,PLATFORM,{number}.00" for number in (7, 8)]
    import_rows(*rows)
    row = RawRow.objects.filter(status="quarantined").order_by("number")[0]
    fix = address("import-row-fix", row.pk)
    shown = trying.then_done(finance, fix, {"category": "software", "alike": "on"})
    assert "2 rows were accepted." in shown.content.decode()
    assert sum(each.by for each in shown.context["effects"].moved) == 15
    refused = finance.post(fix, {"category": "software", "dry_run": "true"})
    assert refused.status_code in {409, 422}


def test_rows_are_left_out_as_was_shown(finance: Client, spend_source: Source, import_rows: Importing, trying: Trying) -> None:
    import_rows("2026-03-05,INV-7,Acme Cloud,SaaS tools,PLATFORM,7.00")
    row = RawRow.objects.get(status="quarantined")
    shown = trying.then_done(finance, address("import-row-ignore", row.pk), {"ignore-reason": "It is not ours."})
    assert "1 row is left out" in shown.content.decode()
    row.refresh_from_db()
    assert row.status == "ignored"


def test_waiting_rows_are_tried_again_as_was_shown(
    finance: Client, spend_source: Source, import_rows: Importing, trying: Trying
) -> None:
    import_rows("2026-03-05,INV-7,Acme Cloud,SaaS tools,PLATFORM,7.00")
    found = RawRow.objects.get(status="quarantined").import_file
    before = balances()
    shown = trying.then_done(finance, address("import-retry", found.pk))
    assert "the same rows wait for the same reasons" in shown.content.decode()
    assert moves_between(before, balances()) == {}


def test_who_only_looks_may_not_try(client: Client, invoice: Invoice, auditor: User) -> None:
    client.force_login(auditor)
    before = Journal.objects.count()
    assert client.post(address("line-uncode", invoice.lines.get().pk), {"dry_run": "true"}).status_code == 403
    assert client.post(address("look-for-matches"), {"dry_run": "true"}).status_code == 403
    assert Journal.objects.count() == before
    assert not Payment.objects.exists()
