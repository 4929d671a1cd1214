"""An invoice above what the policy lets be bought without a request: a finding for finance, until its request is matched."""

from decimal import Decimal
from typing import Any

import pytest

from approvals.models import RequestLine
from approvals.services.policies import load_policy
from core.models import Entity, User
from reconciliation.models import ExceptionItem, Invoice, InvoiceLine
from reconciliation.services.coding import code_invoice_line
from reconciliation.services.commitments import match_to_request, unmatch
from reconciliation.services.invoices import void_invoice
from tests.factories.approvals import read_yaml
from tests.factories.reconciliation import MARCH, POLICY, an_invoice, approved_request, handle_events
from tests.fixtures.budgets import SmallBudget

GOLDEN = next(each for each in read_yaml("tests/golden/kafka_migration.yaml")["pre_approval"] if each["what"] == "any expense")


@pytest.fixture
def order(small_budget: SmallBudget, requester: User, approver: User) -> RequestLine:
    """An approved request of 30.00, of a policy that asks for one above 20.00."""
    found = approved_request(account=small_budget.account, net="30.00", requester=requester, approver=approver)
    load_policy(document=POLICY | {"requisition_over": 20}, entity=small_budget.entity, actor=None)
    return found


def recorded(entity: Entity, actor: User, net: str, number: str = "INV-1", **more: Any) -> Invoice:
    invoice = an_invoice(entity, actor, number, net, vendor_name="Nobody's vendor", **more)
    handle_events()
    return invoice


def found(invoice: Invoice) -> ExceptionItem | None:
    return ExceptionItem.objects.filter(code="no_requisition", key__startswith=f"invoice:{invoice.pk}:", closed_at=None).first()


def test_the_demos_policy_asks_for_a_requisition_above_what_the_source_says() -> None:
    assert GOLDEN["needs"] == ["requisition"]
    assert read_yaml("demo/policies/kafka.yaml")["requisition_over"] == GOLDEN["over"]


@pytest.mark.parametrize(("net", "is_found"), [("20.00", False), ("20.01", True)])
def test_above_the_bound_it_is_a_finding_that_names_the_rule(
    small_budget: SmallBudget, order: RequestLine, controller: User, net: str, is_found: bool
) -> None:
    item = found(recorded(small_budget.entity, controller, net))

    assert (item is not None) == is_found
    if item is not None:
        assert "20.01 USD without an approved request. Small approvals asks for one above 20.00 USD." in item.sentence
        assert item.owner is not None
        assert item.amount == Decimal("20.01")


def test_without_such_a_rule_nothing_is_found(small_budget: SmallBudget, controller: User) -> None:
    load_policy(document=POLICY, entity=small_budget.entity, actor=None)

    assert found(recorded(small_budget.entity, controller, "5000.00")) is None


def test_it_is_gone_once_the_request_is_matched_and_comes_back_when_that_is_undone(
    small_budget: SmallBudget, order: RequestLine, controller: User
) -> None:
    invoice = recorded(small_budget.entity, controller, "25.00")
    assert found(invoice) is not None

    match = match_to_request(invoice_line_id=invoice.lines.get().pk, request_line_id=order.pk, actor=controller)
    assert found(invoice) is None
    unmatch(match_id=match.pk, actor=controller)
    assert found(invoice) is not None


def test_what_finds_its_request_by_itself_is_never_a_finding(
    small_budget: SmallBudget, order: RequestLine, controller: User
) -> None:
    invoice = recorded(small_budget.entity, controller, "30.00", reference=order.request.number)

    assert invoice.lines.filter(matches__undone_at__isnull=True).exists()
    assert not ExceptionItem.objects.filter(code="no_requisition").exists()


def test_coding_it_by_hand_does_not_make_a_request(small_budget: SmallBudget, order: RequestLine, controller: User) -> None:
    invoice = recorded(small_budget.entity, controller, "25.00")
    line = InvoiceLine.objects.get(invoice=invoice)

    code_invoice_line(line_id=line.pk, account=small_budget.account, month=MARCH, actor=controller)

    assert found(invoice) is not None


def test_of_a_void_invoice_nothing_is_asked(small_budget: SmallBudget, order: RequestLine, controller: User) -> None:
    invoice = recorded(small_budget.entity, controller, "25.00")

    void_invoice(invoice_id=invoice.pk, actor=controller, reason="Wrong address.")

    assert found(invoice) is None


def test_a_credit_needs_no_request(small_budget: SmallBudget, order: RequestLine, controller: User) -> None:
    assert found(recorded(small_budget.entity, controller, "-500.00")) is None
