"""The main job through the services: request, approval, invoice, match, payment; and each undo undoes just that."""

from decimal import Decimal

import pytest

from approvals.models import RequestLine
from budgets.selectors.balances import Figures, account_figures
from core.models import User
from reconciliation.models import Allocation, CommitmentMatch, ExceptionItem, Invoice
from reconciliation.services.commitments import unmatch
from reconciliation.services.payments import undo_allocation
from tests.factories.reconciliation import Detail, Entry, an_invoice, approved_request, camt, handle_events, take_statement
from tests.fixtures.budgets import SmallBudget

ALLOTTED = Decimal("12000.00")


def figures(small_budget: SmallBudget) -> Figures:
    return account_figures([small_budget.account.pk])[small_budget.account.pk]


def money(reserved: str = "0", committed: str = "0", spent: str = "0", paid: str = "0") -> Figures:
    return Figures(ALLOTTED, *(Decimal(amount) for amount in (reserved, committed, spent, paid)))


@pytest.fixture
def request_line(small_budget: SmallBudget, requester: User, approver: User) -> RequestLine:
    return approved_request(
        account=small_budget.account, net="300.00", requester=requester, approver=approver, vendor=small_budget.vendor
    )


def test_a_payment_settles_an_approved_request(small_budget: SmallBudget, request_line: RequestLine, controller: User) -> None:
    assert figures(small_budget) == money(committed="300.00")

    invoice = an_invoice(small_budget.entity, controller, "INV-7001", "300.00", reference=request_line.request.number)
    handle_events()
    assert figures(small_budget) == money(spent="300.00")

    remittance = "Invoice INV-7001, thank you"
    take_statement(small_budget.entity, controller, camt(Entry([Detail("300.00", remittance=remittance)])))
    handle_events()

    invoice = Invoice.objects.get(pk=invoice.pk)
    assert (invoice.document_state, invoice.match_state, invoice.money_state) == ("validated", "matched", "paid")
    assert figures(small_budget) == money(spent="300.00", paid="300.00")
    assert not ExceptionItem.objects.filter(closed_at__isnull=True).exists()


def test_each_undo_undoes_just_that(small_budget: SmallBudget, request_line: RequestLine, controller: User) -> None:
    test_a_payment_settles_an_approved_request(small_budget, request_line, controller)

    undo_allocation(allocation_id=Allocation.objects.get().pk, actor=controller)
    assert figures(small_budget) == money(spent="300.00")
    assert Invoice.objects.get().money_state == "open"

    unmatch(match_id=CommitmentMatch.objects.get().pk, actor=controller)
    assert figures(small_budget) == money(committed="300.00")
    assert Invoice.objects.get().match_state == "unmatched"
