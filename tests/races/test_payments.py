"""The same statement, payment, invoice or commitment twice at once: the damage without the lock, then the cure."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.models import Sum

from approvals.models import Request, RequestLine
from core.errors import InvalidInput, Refusal, WrongState
from core.models import User
from reconciliation.models import Allocation, BankAccount, BankEntry, Invoice, Payment, Statement
from reconciliation.services import commitments, folds, invoices, payments, statements
from reconciliation.services.commitments import match_to_request
from reconciliation.services.invoices import record_invoice
from reconciliation.services.payments import allocate
from tests.factories.reconciliation import (
    Detail,
    Entry,
    an_invoice,
    approved_request,
    camt,
    handle_events,
    invoice_data,
    pay,
    take_statement,
)
from tests.fixtures.budgets import SmallBudget
from tests.reconciliation.services.test_road import figures, money

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*steps: Callable[[], Any]) -> list[Any]:
    """Run each step in a thread of its own, all from one barrier; return what each gave or raised."""
    barrier = threading.Barrier(len(steps))
    outcomes: list[Any] = [None] * len(steps)

    def run(index: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            outcomes[index] = steps[index]()
        except (Refusal, IntegrityError) as error:
            outcomes[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(steps))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=40)
    return outcomes


def errors(outcomes: list[Any]) -> list[type]:
    return [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]


def both_have_read(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function`, after which nobody goes on before both have their answer."""
    met = threading.Barrier(2)

    def read(*args: Any, **kwargs: Any) -> Any:
        answer = function(*args, **kwargs)
        met.wait(timeout=20)
        return answer

    return read


@pytest.fixture
def statement(small_budget: SmallBudget, controller: User) -> Callable[[], Any]:
    """The import of one statement, on an account that is known by an earlier one."""
    take_statement(small_budget.entity, controller, camt(identification="STMT-0"))
    content = camt(Entry([Detail("100.00", remittance="INV-1001")]), identification="STMT-1")
    return lambda: take_statement(small_budget.entity, controller, content)


def test_a_statement_twice_at_once_without_the_lock_runs_into_the_wall(
    statement: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "lock_bank_account", both_have_read(lambda pk: BankAccount.objects.get(pk=pk)))
    outcomes = at_once(statement, statement)
    assert errors(outcomes) == [IntegrityError]
    assert Payment.objects.count() == 1


def test_the_same_payment_imported_twice_at_once_is_one(
    statement: Callable[[], Any], small_budget: SmallBudget, controller: User
) -> None:
    invoice = an_invoice(small_budget.entity, controller)
    outcomes = at_once(statement, statement)
    handle_events()
    assert sorted(outcome.is_new for outcome in outcomes) == [False, True]
    assert (Statement.objects.count(), BankEntry.objects.count(), Payment.objects.count()) == (2, 1, 1)
    assert Allocation.objects.get().amount == Decimal("100.00")
    invoice.refresh_from_db()
    assert invoice.money_state == "paid"


@pytest.fixture
def spendings(small_budget: SmallBudget, controller: User) -> list[Callable[[], Any]]:
    """One payment of 100.00, given in full to two invoices."""
    [payment] = pay(small_budget.entity, controller, Detail("100.00"))
    owed = [an_invoice(small_budget.entity, controller, number, vendor_name=number) for number in ("INV-1001", "INV-2002")]

    def give(invoice: Invoice) -> Callable[[], Allocation]:
        told: dict[str, Any] = {"actor": controller, "rule": "person", "why": "Chosen."}
        return lambda: allocate(payment_id=payment.pk, invoice_id=invoice.pk, amount=Decimal("100.00"), **told)

    return [give(invoice) for invoice in owed]


def test_a_payment_given_twice_at_once_without_the_lock_is_spent_twice(
    spendings: list[Callable[[], Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments, "lock_payment", both_have_read(lambda pk: Payment.objects.select_related("entity").get(pk=pk)))
    monkeypatch.setattr(folds, "_active_sum", both_have_read(folds._active_sum))
    assert errors(at_once(*spendings)) == []
    assert Allocation.objects.aggregate(sum=Sum("amount"))["sum"] == 2 * Payment.objects.get().amount


def test_a_payment_given_twice_at_once_is_given_once(spendings: list[Callable[[], Any]]) -> None:
    assert errors(at_once(*spendings)) == [InvalidInput]
    assert Allocation.objects.count() == 1
    assert Payment.objects.get().open_amount == 0
    assert sorted(Invoice.objects.values_list("money_state", flat=True)) == ["open", "paid"]


@pytest.fixture
def billings(small_budget: SmallBudget, requester: User, approver: User, controller: User) -> list[Callable[[], Any]]:
    """A commitment of 30.00, and two invoices of 30.00 that answer it."""
    order = approved_request(account=small_budget.account, net="30.00", requester=requester, approver=approver)
    owed = [an_invoice(small_budget.entity, controller, name, "30.00", vendor_name=name) for name in ("INV-1", "INV-2")]
    lines = [invoice.lines.get() for invoice in owed]

    def answer(line_id: int) -> Callable[[], Any]:
        return lambda: match_to_request(invoice_line_id=line_id, request_line_id=order.pk, actor=controller)

    return [answer(line.pk) for line in lines]


def test_a_commitment_answered_twice_at_once_without_the_lock_runs_into_the_wall(
    billings: list[Callable[[], Any]], small_budget: SmallBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commitments, "lock_request", lambda pk: Request.objects.select_related("entity").get(pk=pk))
    monkeypatch.setattr(commitments, "remaining_commitment", both_have_read(commitments.remaining_commitment))
    assert errors(at_once(*billings)) == [WrongState]
    assert figures(small_budget) == money(spent="30.00")


def test_a_commitment_answered_twice_at_once_goes_once(billings: list[Callable[[], Any]], small_budget: SmallBudget) -> None:
    matches = at_once(*billings)
    assert errors(matches) == []
    assert sorted(match.liquidated for match in matches) == [Decimal("0.00"), Decimal("30.00")]
    assert figures(small_budget) == money(spent="60.00")
    assert commitments.remaining_commitment(RequestLine.objects.get()) == 0


@pytest.fixture
def deliveries(small_budget: SmallBudget, controller: User) -> Callable[[], Any]:
    """One invoice, as two imports bring it."""
    return lambda: record_invoice(entity=small_budget.entity, data=invoice_data(), actor=controller)


def test_an_invoice_twice_at_once_without_the_lock_runs_into_the_wall(
    deliveries: Callable[[], Any], small_budget: SmallBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invoices, "lock_vendor", lambda pk: small_budget.vendor)
    monkeypatch.setattr(invoices, "_papers_like", both_have_read(invoices._papers_like))
    assert errors(at_once(deliveries, deliveries)) == [IntegrityError]
    assert Invoice.objects.count() == 1


def test_an_invoice_twice_at_once_is_one(deliveries: Callable[[], Any]) -> None:
    outcomes = at_once(deliveries, deliveries)
    assert sorted(outcome.is_new for outcome in outcomes) == [False, True]
    assert Invoice.objects.count() == 1
