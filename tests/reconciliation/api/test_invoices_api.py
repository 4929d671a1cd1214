"""Invoices, payments, suggestions and exceptions through the API."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Entry
from core.models import AuditRecord, Entity, Job, User
from core.services.jobs import run_waiting_jobs
from reconciliation.models import Allocation, CommitmentMatch, ExceptionItem, Invoice, Payment, StatusEvent, Suggestion
from tests.factories.reconciliation import Detail, an_invoice, approved_request, handle_events, pay
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.documents import ROW, Coding, spent
from tests.fixtures.imports import Importing

MODELS = (Invoice, Payment, Allocation, CommitmentMatch, Suggestion, ExceptionItem, StatusEvent, Entry, AuditRecord, Job)


@pytest.fixture
def finance(api: Callable[..., Any], controller: User) -> Any:
    return api(controller)


def counts() -> tuple[int, ...]:
    return tuple(model._default_manager.count() for model in MODELS)


def test_a_line_is_coded_and_taken_off(finance: Any, small_budget: SmallBudget, controller: User) -> None:
    invoice = an_invoice(small_budget.entity, controller)
    line = finance.get(f"invoices/{invoice.pk}").json()["lines"][0]
    address = f"invoice-lines/{line['id']}"
    choices = finance.get(f"{address}/choices").json()
    assert small_budget.account.pk in [account["id"] for account in choices["accounts"]]
    assert "2026-03" in choices["months"]
    body = {"account": small_budget.account.pk, "month": "2026-03"}

    before = counts()
    tried = finance.post(f"{address}/code?dry_run=true", body)
    assert (tried.status_code, tried.json()["account"]) == (200, small_budget.account.pk)
    refused = finance.post(f"{address}/code", body | {"account": 999_999})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "account")
    closed = finance.post(f"{address}/code", body | {"month": "2031-01"})
    assert (closed.status_code, closed.json()["code"]) == (409, "closed_period")
    assert finance.post(f"{address}/code", body, if_match='"old"').status_code == 412
    assert counts() == before

    coded = finance.post(f"{address}/code", body, idempotency_key="code")
    assert coded["ETag"] == finance.get(address)["ETag"]
    assert finance.post(f"{address}/code", body, idempotency_key="code")["Idempotency-Replayed"] == "true"
    assert finance.post(f"{address}/code", body).json()["code"] == "is_coded"
    assert [row["id"] for row in finance.get("invoices?coding=done").json()["results"]] == [invoice.pk]
    assert finance.post(f"{address}/uncode").json()["account"] is None


def test_a_line_is_matched_to_a_request_and_back(
    finance: Any, small_budget: SmallBudget, controller: User, requester: User, approver: User
) -> None:
    wanted = approved_request(account=small_budget.account, net="300.00", requester=requester, approver=approver)
    invoice = an_invoice(small_budget.entity, controller, net="300.00")
    address = f"invoice-lines/{invoice.lines.get().pk}"
    assert finance.post(f"{address}/match", {"request_line": wanted.pk + 1000}).status_code == 400
    matched = finance.post(f"{address}/match", {"request_line": wanted.pk})
    assert (matched.status_code, matched.json()["matches"][0]["liquidated"]) == (200, "300.00")
    match = matched.json()["matches"][0]["id"]
    assert finance.get(f"matches/{match}").json()["request"] == wanted.request.number
    assert finance.post(f"matches/{match}/undo").json()["undone_by"] == controller.name
    assert finance.post(f"matches/{match}/undo").status_code == 409
    assert finance.get(address).json()["matches"] == []


def test_an_invoice_is_voided_with_a_reason_and_a_held_one_cleared(
    finance: Any, small_budget: SmallBudget, controller: User
) -> None:
    first = an_invoice(small_budget.entity, controller, "003411")
    held = an_invoice(small_budget.entity, controller, "A3411", issued_on=date(2026, 12, 30))
    assert finance.get(f"invoices/{held.pk}").json()["suspected_of"] == first.pk
    assert finance.post(f"invoices/{held.pk}/clear").json()["suspected_of"] is None
    assert finance.post(f"invoices/{held.pk}/clear").json()["code"] == "wrong_state"
    assert finance.post(f"invoices/{first.pk}/void", {"reason": " "}).status_code == 400
    assert finance.post(f"invoices/{first.pk}/void", {"reason": "Sent twice"}).json()["document_state"] == "voided"


def test_a_payment_settles_an_invoice_and_back(finance: Any, small_budget: SmallBudget, controller: User) -> None:
    invoice = an_invoice(small_budget.entity, controller)
    [payment] = pay(small_budget.entity, controller, Detail("100.00", name="Somebody"))
    address = f"payments/{payment.pk}"
    before = counts()
    beyond = finance.post(f"{address}/allocate", {"invoice": invoice.pk, "amount": "100.01"})
    assert (beyond.status_code, beyond.json()["code"]) == (400, "beyond_payment")
    assert finance.post(f"{address}/allocate?dry_run=true", {"invoice": invoice.pk, "amount": "100"}).status_code == 200
    assert counts() == before
    done = finance.post(f"{address}/allocate", {"invoice": invoice.pk, "amount": "100.00"})
    assert (done.json()["match_state"], done.json()["open_amount"]) == ("matched", "0.00")
    allocation = done.json()["allocations"][0]["id"]
    assert finance.get(f"invoices/{invoice.pk}").json()["money_state"] == "paid"
    assert finance.post(f"allocations/{allocation}/undo").json()["undone_at"]
    assert finance.post(f"allocations/{allocation}/undo").json()["code"] == "already_undone"
    assert Invoice.objects.get().money_state == "open"


def test_suggestions_are_accepted_and_dismissed_once(finance: Any, small_budget: SmallBudget, controller: User) -> None:
    invoices = [an_invoice(small_budget.entity, controller, f"INV-{number}", net=f"{number}.00") for number in (310, 420)]
    payments = pay(small_budget.entity, controller, Detail("310.00"), Detail("420.00"))
    made = [
        Suggestion.objects.create(
            entity=small_budget.entity,
            kind="payment",
            payment=payment,
            invoice=invoice,
            amount=payment.amount,
            score=70,
            reasons=["Same amount."],
        )
        for payment, invoice in zip(payments, invoices, strict=True)
    ]
    rows = finance.get("suggestions?kind=payment").json()["results"]
    assert {row["id"] for row in rows} == {each.pk for each in made}
    assert finance.post(f"suggestions/{made[0].pk}/accept").json()["state"] == "accepted"
    assert Allocation.objects.get().amount == Decimal("310.00")
    assert finance.post(f"suggestions/{made[1].pk}/dismiss").json()["state"] == "dismissed"
    assert finance.post(f"suggestions/{made[1].pk}/accept").json()["code"] == "stale"
    assert finance.get("suggestions").json()["results"] == []


def test_an_exception_is_closed_with_its_note(finance: Any, small_budget: SmallBudget, controller: User) -> None:
    an_invoice(small_budget.entity, controller)
    (row,) = finance.get("exceptions?state=open&code=uncoded_invoice").json()["results"]
    assert finance.post(f"exceptions/{row['id']}/close", {"note": ""}).status_code == 400
    closed = finance.post(f"exceptions/{row['id']}/close", {"note": "Paid by another house."})
    assert closed.json()["closed_by"] == controller.name
    assert finance.get("exceptions?state=open").json()["results"] == []
    assert finance.post(f"exceptions/{row['id']}/close", {"note": "Again"}).json()["code"] == "wrong_state"


def test_everything_open_looks_for_its_counterpart(finance: Any, small_budget: SmallBudget, controller: User) -> None:
    invoice = an_invoice(small_budget.entity, controller, "INV-7001")
    pay(small_budget.entity, controller, Detail("100.00", remittance="Invoice INV-7001"))
    assert finance.post("matching/look", {"entity": "nowhere"}).status_code == 404
    answer = finance.post("matching/look", {})
    assert (answer.status_code, len(answer.json()["jobs"])) == (202, 1)
    run_waiting_jobs()
    handle_events()
    assert Invoice.objects.get(pk=invoice.pk).money_state == "paid"


def test_lists_are_filtered(finance: Any, small_budget: SmallBudget, controller: User) -> None:
    an_invoice(small_budget.entity, controller, "INV-1")
    pay(small_budget.entity, controller, Detail("5.00", name="Bank fees"))
    for query, count in (("q=INV1", 1), ("q=acme", 1), ("money_state=paid", 0), ("coding=open", 1), ("coding=done", 0)):
        assert len(finance.get(f"invoices?{query}").json()["results"]) == count
    for query, count in (("q=fees", 1), ("direction=in", 0), ("direction=out", 1), ("match_state=matched", 0)):
        assert len(finance.get(f"payments?{query}").json()["results"]) == count
    for wrong in ("invoices?coding=never", "payments?direction=up", "exceptions?state=half", "suggestions?invoice=x"):
        assert finance.get(wrong).status_code == 400


def test_who_does_not_reconcile_changes_nothing(
    api: Callable[..., Any], small_budget: SmallBudget, entity: Entity, controller: User, auditor: User, outsider: User,
    requester: User,
) -> None:  # fmt: skip
    invoice = an_invoice(entity, controller)
    [payment] = pay(entity, controller, Detail("70.00"))
    item, line = ExceptionItem.objects.order_by("id").first(), invoice.lines.get()
    assert item is not None
    reads = (f"invoices/{invoice.pk}", f"payments/{payment.pk}", f"exceptions/{item.pk}", f"invoice-lines/{line.pk}")
    writes = (
        (f"invoices/{invoice.pk}/void", {"reason": "Mine"}),
        (f"invoice-lines/{line.pk}/code", {"account": small_budget.account.pk, "month": "2026-03"}),
        (f"payments/{payment.pk}/allocate", {"invoice": invoice.pk, "amount": "70.00"}),
        (f"exceptions/{item.pk}/close", {"note": "Mine"}),
    )
    programs = [(api(auditor), 200, 403), (api(requester), 403, 403), (api(outsider), 404, 404)]
    before = counts()
    for program, read, write in programs:
        assert [program.get(address).status_code for address in reads] == [read] * len(reads)
        assert [program.post(address, body).status_code for address, body in writes] == [write] * len(writes)
    assert counts() == before


def test_queries_do_not_grow_with_invoices(
    finance: Any, small_budget: SmallBudget, controller: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(15):
        invoice = an_invoice(small_budget.entity, controller, f"INV-{number}", net=f"{100 + number}")
    pay(small_budget.entity, controller, *[Detail(f"{number}.00") for number in range(1, 16)])
    for address, most in (
        ("invoices", 20), ("payments", 20), ("exceptions", 20), ("suggestions", 20), (f"invoices/{invoice.pk}", 24),
    ):  # fmt: skip
        with django_assert_max_num_queries(most):
            assert finance.get(address).status_code == 200


def test_a_run_of_matching_says_first_what_it_would_match(finance: Any, small_budget: SmallBudget, controller: User) -> None:
    invoice = an_invoice(small_budget.entity, controller, "INV-9001", "120.00")
    [payment] = pay(small_budget.entity, controller, Detail("120.00", remittance="INV-9001"))
    tried = finance.post("matching/look?dry_run=true", {"entity": small_budget.entity.code}).json()
    assert tried["would_match"] == [
        {
            "invoice_id": invoice.pk,
            "invoice_number": "INV-9001",
            "payment_id": payment.pk,
            "request_number": "",
            "amount": "120.00",
            "currency": "USD",
        }
    ]
    assert not Job.objects.exists()
    assert finance.post("matching/look", {"entity": small_budget.entity.code}).json()["would_match"] == []


def test_a_row_that_is_spent_besides_an_invoice_is_said_to_be_it_and_released(
    finance: Any, invoice: Invoice, import_rows: Importing, code: Coding
) -> None:
    row = import_rows(ROW.replace("100.00", "90.00")).raw_rows.get()
    address, body = f"invoices/{invoice.pk}", {"row": row.pk}
    assert finance.post(f"{address}/confirm", body).json()["code"] == "not_coded"
    code(invoice)
    told = finance.get(address).json()
    assert [(each["row"], each["source_code"], each["amount"]) for each in told["counted_besides"]] == [
        (row.pk, "ledger", "90.00")
    ]
    before = counts()
    assert finance.post(f"{address}/confirm?dry_run=true", body).status_code == 200
    assert finance.post(f"{address}/confirm", {"row": row.pk + 1000}).json()["code"] == "wrong_state"
    assert (counts(), spent()) == (before, Decimal("190.00"))

    told = finance.post(f"{address}/confirm", body).json()
    assert (told["counted_besides"], [each["rule"] for each in told["confirmed_by"]]) == ([], ["person"])
    assert spent() == Decimal("100.00")
    told = finance.post(f"{address}/release", body).json()
    assert ([each["row"] for each in told["counted_besides"]], told["confirmed_by"]) == ([row.pk], [])
    assert finance.post(f"{address}/release", body).status_code == 409
    assert spent() == Decimal("190.00")
