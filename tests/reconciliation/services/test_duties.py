"""Nobody settles what they approved: the service says who may, and the database holds it from both sides."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from approvals.models import RequestLine, Stage
from approvals.services.policies import load_policy
from core import clock
from core.errors import NotAllowed
from core.models import AuditRecord, OutboxEvent, User
from reconciliation.models import Allocation, CommitmentMatch, Invoice, Payment, StatusEvent, Suggestion
from reconciliation.services.answers import accept_suggestion
from reconciliation.services.commitments import match_to_request, unmatch
from reconciliation.services.matching import match_payments
from reconciliation.services.payments import allocate, undo_allocation
from tests.factories.approvals import MONDAY, draft, held, submitted
from tests.factories.core import UserFactory, assign
from tests.factories.delegations import approve, delegated
from tests.factories.emergencies import declared, terms
from tests.factories.reconciliation import POLICY, Detail, an_invoice, approved_request, pay
from tests.fixtures.budgets import SmallBudget

SAID = {"rule": "person", "why": "Chosen by a person."}


@pytest.fixture
def second(small_budget: SmallBudget) -> User:
    """Another of finance, who decides as well."""
    person: User = UserFactory.create(name="Second of finance")
    assign(person, "finance", small_budget.entity, kind="finance")
    assign(person, "program_director", small_budget.entity, kind="approver")
    return person


@pytest.fixture
def order(small_budget: SmallBudget, requester: User, second: User) -> RequestLine:
    """A line that the second of finance approved."""
    return approved_request(account=small_budget.account, net="100.00", requester=requester, approver=second)


@pytest.fixture
def invoice(small_budget: SmallBudget, controller: User) -> Invoice:
    return an_invoice(small_budget.entity, controller)


@pytest.fixture
def payment(small_budget: SmallBudget, controller: User) -> Payment:
    return pay(small_budget.entity, controller, Detail("100.00"))[0]


def settle(payment: Payment, invoice: Invoice, actor: User | None, **more: Any) -> Allocation:
    told = SAID | more
    return allocate(payment_id=payment.pk, invoice_id=invoice.pk, amount=Decimal("100.00"), actor=actor, **told)


def answer(invoice: Invoice, order: RequestLine, actor: User) -> CommitmentMatch:
    return match_to_request(invoice_line_id=invoice.lines.get().pk, request_line_id=order.pk, actor=actor)


def moved() -> tuple[int, ...]:
    models = (Allocation, CommitmentMatch, StatusEvent, AuditRecord, OutboxEvent)
    return tuple(model._default_manager.count() for model in models)


def refused(step: Any, *words: Any, **more: Any) -> NotAllowed:
    before = moved()
    with pytest.raises(NotAllowed, match="nobody settles what they approved") as caught:
        step(*words, **more)
    assert moved() == before
    assert caught.value.code == "approved_it"
    return caught.value


def test_who_approved_it_does_not_settle_it(
    order: RequestLine, invoice: Invoice, payment: Payment, second: User, controller: User
) -> None:
    answer(invoice, order, controller)

    refused(settle, payment, invoice, second)

    settle(payment, invoice, controller)
    assert Invoice.objects.get().money_state == "paid"


def test_nor_by_taking_a_suggestion(
    small_budget: SmallBudget, order: RequestLine, invoice: Invoice, payment: Payment, second: User, controller: User
) -> None:
    answer(invoice, order, controller)
    match_payments(entity=small_budget.entity, actor=None)
    suggestion = Suggestion.objects.get(kind="payment")

    refused(accept_suggestion, suggestion_id=suggestion.pk, actor=second)

    suggestion.refresh_from_db()
    assert suggestion.state == "open"
    accept_suggestion(suggestion_id=suggestion.pk, actor=controller)


def test_nor_does_what_they_settled_answer_it_afterwards(
    order: RequestLine, invoice: Invoice, payment: Payment, second: User, controller: User
) -> None:
    allocation = settle(payment, invoice, second)

    told = refused(answer, invoice, order, controller)

    assert "Second of finance settled invoice INV-1001" in str(told)
    undo_allocation(allocation_id=allocation.pk, actor=controller)
    match = answer(invoice, order, controller)
    refused(settle, payment, invoice, second)
    unmatch(match_id=match.pk, actor=controller)
    settle(payment, invoice, second)


def test_a_delegates_yes_counts_for_both(
    small_budget: SmallBudget, invoice: Invoice, payment: Payment, requester: User, controller: User, second: User, approver: User
) -> None:
    """The approver is away and the second of finance decides: neither settles it."""
    delegate: User = UserFactory.create(name="Delegate of finance")
    assign(delegate, "finance", small_budget.entity, kind="finance")
    order = _by_delegate(small_budget, requester, second, delegate)
    answer(invoice, order, controller)

    refused(settle, payment, invoice, delegate)
    refused(settle, payment, invoice, second)


def _by_delegate(small_budget: SmallBudget, requester: User, person: User, delegate: User) -> RequestLine:
    with clock.at(MONDAY):
        load_policy(document=POLICY, entity=small_budget.entity, actor=None)
        request = submitted(requester, small_budget.account, "100.00")
        stage = Stage.objects.get(request=request)
        stage.members.exclude(person=person).update(left_at=clock.now())
        if stage.owner_id != person.pk:
            Stage.objects.filter(pk=stage.pk).update(owner=person)
            stage.members.create(person=person, capacity="member")
        delegated(person, delegate, small_budget.entity)
        assert approve(stage, delegate).on_behalf_of == person
    return request.lines.get()


def test_whose_word_was_enough_in_an_emergency_does_not_settle_it(
    small_budget: SmallBudget, invoice: Invoice, payment: Payment, requester: User, controller: User, second: User
) -> None:
    load_policy(document=POLICY, entity=small_budget.entity, actor=None)
    terms(small_budget.entity, {requester.assignments.get().role.code: 500})
    emergency = declared(draft(requester, small_budget.account, "100.00"), second)
    answer(invoice, emergency.request.lines.get(), controller)

    refused(settle, payment, invoice, second)


def test_what_a_rule_settles_no_person_does(order: RequestLine, invoice: Invoice, payment: Payment, controller: User) -> None:
    answer(invoice, order, controller)
    settle(payment, invoice, None, rule="invoice_number", why="It names the invoice's number.")
    assert held(order.account)[1] == 0


def test_the_database_holds_it_from_both_sides(
    order: RequestLine, invoice: Invoice, payment: Payment, second: User, controller: User
) -> None:
    answer(invoice, order, controller)
    row = {"payment": payment, "invoice": invoice, "amount": Decimal(100), "made_at": clock.now(), **SAID}
    with pytest.raises(IntegrityError, match="Nobody settles what they approved"), transaction.atomic():
        Allocation.objects.create(made_by=second, **row)
    mine = Allocation.objects.create(made_by=controller, **row)
    with pytest.raises(IntegrityError, match="Nobody settles what they approved"), transaction.atomic():
        Allocation.objects.filter(pk=mine.pk).update(made_by=second)

    CommitmentMatch.objects.update(undone_at=clock.now(), undone_by=controller)
    Allocation.objects.filter(pk=mine.pk).update(made_by=second)
    with pytest.raises(IntegrityError, match="Nobody settles what they approved"), transaction.atomic():
        CommitmentMatch.objects.update(undone_at=None, undone_by=None)
