"""The pages of reconciliation: who opens them, what they show, what each form does or refuses."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from budgets.models import Journal
from core.models import User
from core.templatetags.figures import short_day
from reconciliation.models import Allocation, CommitmentMatch, ExceptionItem, Invoice, Payment, Suggestion
from tests.factories.core import EntityFactory, UserFactory, assign
from tests.factories.reconciliation import Detail, an_invoice, approved_request, handle_events, pay
from tests.fixtures.budgets import SmallBudget

LISTS = ["home", "invoices", "payments", "suggestions", "exceptions"]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(name: str, *args: int) -> str:
    return reverse(f"reconciliation:{name}", args=args)


@pytest.fixture
def invoice(small_budget: SmallBudget, controller: User) -> Invoice:
    return an_invoice(small_budget.entity, controller, "INV-9001", "120.00")


@pytest.fixture
def payment(small_budget: SmallBudget, controller: User, invoice: Invoice) -> Payment:
    [found] = pay(small_budget.entity, controller, Detail("120.00", name="Acme Clouds Ltd"))
    handle_events()
    return found


@pytest.mark.parametrize("name", LISTS)
def test_finance_and_auditor_read_every_list(name: str, payment: Payment, controller: User, auditor: User) -> None:
    for person in (controller, auditor):
        assert signed_in(person).get(address(name)).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_a_project_manager_does_not(name: str, payment: Payment, requester: User) -> None:
    assert signed_in(requester).get(address(name)).status_code == 403


@pytest.mark.parametrize("name", LISTS)
def test_empty_lists_say_what_comes(name: str, small_budget: SmallBudget, controller: User) -> None:
    page = signed_in(controller).get(address(name)).content.decode()
    assert 'class="empty"' in page


def test_another_organization_sees_nothing(invoice: Invoice, payment: Payment) -> None:
    stranger = UserFactory.create()
    assign(stranger, "finance", EntityFactory.create(), kind="finance")
    client = signed_in(stranger)
    assert client.get(address("invoice", invoice.pk)).status_code == 404
    assert client.get(address("payment", payment.pk)).status_code == 404
    assert "INV-9001" not in client.get(address("invoices")).content.decode()
    assert client.post(address("line-uncode", invoice.lines.get().pk)).status_code == 404


def test_finance_codes_a_line_and_takes_it_off(invoice: Invoice, small_budget: SmallBudget, controller: User) -> None:
    client, line = signed_in(controller), invoice.lines.get()
    told = {"account": small_budget.account.pk, "month": "2026-03-01"}
    assert client.post(address("line-code", line.pk), told).status_code == 302
    line.refresh_from_db()
    assert line.account == small_budget.account

    page = client.get(address("invoice", invoice.pk)).content.decode()
    assert small_budget.account.name in page
    assert client.post(address("line-uncode", line.pk)).status_code == 302
    line.refresh_from_db()
    assert line.account is None


def test_an_auditor_changes_nothing(invoice: Invoice, payment: Payment, small_budget: SmallBudget, auditor: User) -> None:
    client, line = signed_in(auditor), invoice.lines.get()
    before = Journal.objects.count()
    told = {"account": small_budget.account.pk, "month": "2026-03-01"}
    assert client.post(address("line-code", line.pk), told).status_code == 403
    assert client.post(address("suggestion-accept", Suggestion.objects.get().pk)).status_code == 403
    assert client.post(address("exception-close", ExceptionItem.objects.all()[0].pk), {"note": "no"}).status_code == 403
    assert "Put on" not in client.get(address("invoice", invoice.pk)).content.decode()
    assert Journal.objects.count() == before
    assert not Allocation.objects.exists()


def test_a_wrong_choice_is_shown_beside_its_field(invoice: Invoice, small_budget: SmallBudget, controller: User) -> None:
    client, line = signed_in(controller), invoice.lines.get()
    before = Journal.objects.count()
    answer = client.post(address("line-code", line.pk), {"account": "", "month": "2031-01-01"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert Journal.objects.count() == before


def test_finance_matches_a_line_and_undoes_it(
    small_budget: SmallBudget, invoice: Invoice, requester: User, approver: User, controller: User
) -> None:
    request_line = approved_request(account=small_budget.account, net="200.00", requester=requester, approver=approver)
    client = signed_in(controller)
    page = client.get(address("invoice", invoice.pk)).content.decode()
    assert f"{request_line.request.number} line 1, Licences: 200.00 left" in page
    assert client.post(address("line-match", invoice.lines.get().pk), {"request_line": request_line.pk}).status_code == 302
    page = client.get(address("invoice", invoice.pk)).content.decode()
    assert "80.00 of the commitment is left" in page
    match = CommitmentMatch.objects.get()
    assert client.post(address("match-undo", match.pk)).status_code == 302
    match.refresh_from_db()
    assert not match.is_active


def test_a_suggestion_is_accepted_with_both_sides_shown(payment: Payment, invoice: Invoice, controller: User) -> None:
    client = signed_in(controller)
    page = client.get(address("suggestions")).content.decode()
    assert "Acme Clouds Ltd" in page
    assert "The amount is the same." in page
    assert client.post(address("suggestion-accept", Suggestion.objects.get().pk)).status_code == 302
    assert Invoice.objects.get(pk=invoice.pk).money_state == "paid"
    page = client.get(address("payment", payment.pk)).content.decode()
    assert "accepted by a person" in page


def test_a_dismissed_suggestion_is_gone(payment: Payment, controller: User) -> None:
    client = signed_in(controller)
    assert client.post(address("suggestion-dismiss", Suggestion.objects.get().pk)).status_code == 302
    assert "No suggestion waits" in client.get(address("suggestions")).content.decode()


def test_a_payment_is_settled_by_number_and_taken_off(payment: Payment, invoice: Invoice, controller: User) -> None:
    client = signed_in(controller)
    told = {"invoice_number": "inv 9001", "amount": "20.00"}
    assert client.post(address("payment-allocate", payment.pk), told).status_code == 302
    assert Invoice.objects.get(pk=invoice.pk).open_amount == Decimal("100.00")
    assert client.post(address("allocation-undo", Allocation.objects.get().pk)).status_code == 302
    assert Invoice.objects.get(pk=invoice.pk).open_amount == Decimal("120.00")


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"invoice_number": "INV-9001", "amount": "NaN"}, "is not an amount"),
        ({"invoice_number": "INV-9001", "amount": "1e400"}, "is not an amount"),
        ({"invoice_number": "INV-9001", "amount": "0"}, "is zero"),
        ({"invoice_number": "INV-9001", "amount": "120.01"}, "At most 120.00 is left"),
        ({"invoice_number": "XYZ", "amount": "1"}, "No open invoice has this number"),
    ],
)
def test_bad_input_is_said_and_settles_nothing(told: dict[str, str], says: str, payment: Payment, controller: User) -> None:
    answer = signed_in(controller).post(address("payment-allocate", payment.pk), told)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert told["invoice_number"] in answer.content.decode()
    assert not Allocation.objects.exists()


def test_an_exception_is_closed_with_a_reason_only(payment: Payment, controller: User) -> None:
    item = ExceptionItem.objects.get(code="unmatched_payment")
    client = signed_in(controller)
    client.post(address("exception-close", item.pk), {"note": " "})
    item.refresh_from_db()
    assert item.closed_at is None
    client.post(address("exception-close", item.pk), {"note": "A bank fee."})
    item.refresh_from_db()
    assert (item.closed_by, item.closing_note) == (controller, "A bank fee.")
    assert "A bank fee." in client.get(address("exceptions"), {"state": "closed"}).content.decode()


def test_an_invoice_is_voided_with_a_reason(invoice: Invoice, controller: User) -> None:
    client = signed_in(controller)
    assert client.post(address("invoice-void", invoice.pk), {"reason": ""}).status_code == 422
    assert client.post(address("invoice-void", invoice.pk), {"reason": "Sent to us by mistake."}).status_code == 302
    assert Invoice.objects.get(pk=invoice.pk).document_state == "voided"


def test_a_void_invoice_leaves_no_suggestion(invoice: Invoice, payment: Payment, controller: User) -> None:
    client = signed_in(controller)
    assert "What may belong to it" in client.get(address("invoice", invoice.pk)).content.decode()
    client.post(address("invoice-void", invoice.pk), {"reason": "Sent to us by mistake."})
    assert "What may belong to it" not in client.get(address("invoice", invoice.pk)).content.decode()
    assert Suggestion.objects.get().state == "lapsed"


def test_a_booking_stands_on_the_bank_s_day_in_every_zone(payment: Payment, controller: User) -> None:
    controller.time_zone = "America/New_York"
    controller.save()
    page = signed_in(controller).get(address("payment", payment.pk)).content.decode()
    assert f'<span class="when">{short_day(payment.booked_on)}</span>' in page


def test_the_list_is_filtered_by_state(invoice: Invoice, controller: User) -> None:
    client = signed_in(controller)
    assert "INV-9001" in client.get(address("invoices"), {"q": "inv-9", "coding": "open"}).content.decode()
    assert "No invoice matches" in client.get(address("invoices"), {"money_state": "paid"}).content.decode()


def test_finance_looks_for_matches_as_a_job(payment: Payment, controller: User) -> None:
    answer = signed_in(controller).post(address("look-for-matches"))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/jobs/")


def test_the_first_page_leads_to_what_an_exception_is_about(invoice: Invoice, controller: User) -> None:
    handle_events()
    item = ExceptionItem.objects.get(subject_type="reconciliation.invoice", subject_id=str(invoice.pk))
    html = signed_in(controller).get("/").content.decode()
    assert item.sentence in html
    assert address("invoice", invoice.pk) in html


def test_an_auditor_is_not_asked_to_answer(payment: Payment, auditor: User, controller: User) -> None:
    for person, is_asked in ((controller, True), (auditor, False)):
        page = signed_in(person).get(address("home")).content.decode()
        assert ("Answer the" in page) is is_asked
