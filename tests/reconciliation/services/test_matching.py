"""Payments find their invoices by themselves only beyond doubt; the rest is suggested with reasons, never applied."""

from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from core.errors import InvalidInput, Stale
from core.models import User
from reconciliation.models import Allocation, ExceptionItem, Invoice, Payment, StatusEvent, Suggestion
from reconciliation.rules import states
from reconciliation.services.answers import accept_suggestion, dismiss_suggestion
from reconciliation.services.exceptions import close_exception, raise_exception
from reconciliation.services.matching import match_payments
from tests.factories.reconciliation import Detail, an_invoice, handle_events, pay
from tests.fixtures.budgets import SmallBudget


def pairs() -> set[tuple[str, str]]:
    """Return what was applied: (invoice number, rule)."""
    return set(Allocation.objects.filter(undone_at__isnull=True).values_list("invoice__number", "rule"))


@pytest.mark.parametrize(
    ("detail", "rule"),
    [
        (Detail("100.00", end_to_end_id="INV-1001"), "end_to_end_id"),
        (Detail("100.00", end_to_end_id="RF18539007547034"), "end_to_end_id"),
        (Detail("100.00", reference="RF18 5390 0754 7034"), "structured_reference"),
        (Detail("100.00", remittance="Your invoice inv 1001 of March"), "invoice_number"),
        (Detail("100.00", name="", iban="", remittance="INV1001"), "invoice_number"),
    ],
)
def test_an_exact_reference_with_the_exact_amount_is_applied(
    detail: Detail, rule: str, small_budget: SmallBudget, controller: User
) -> None:
    an_invoice(small_budget.entity, controller, payment_reference="RF18539007547034")
    pay(small_budget.entity, controller, detail)
    handle_events()
    assert pairs() == {("INV-1001", rule)}
    assert Allocation.objects.get().why.endswith("No other payment or invoice fits.")


def test_a_reference_without_the_amount_only_suggests(small_budget: SmallBudget, controller: User) -> None:
    an_invoice(small_budget.entity, controller)
    pay(small_budget.entity, controller, Detail("60.00", remittance="INV-1001"))
    handle_events()
    assert pairs() == set()
    suggestion = Suggestion.objects.get()
    assert suggestion.amount == Decimal("60.00")
    accept_suggestion(suggestion_id=suggestion.pk, actor=controller)
    assert Invoice.objects.get().money_state == "partly_paid"


def test_fuzzy_names_only_suggest(small_budget: SmallBudget, controller: User) -> None:
    an_invoice(small_budget.entity, controller, vendor_name="OAKWORTH PARISH COUNCIL")
    pay(small_budget.entity, controller, Detail("100.00", name="HAWORTH PARISH COUNCIL"))
    handle_events()
    assert pairs() == set()
    assert any("names are alike" in reason for reason in Suggestion.objects.get().reasons)
    assert ExceptionItem.objects.filter(code="unmatched_payment", closed_at__isnull=True).count() == 1


def test_two_payments_for_one_invoice_are_left_to_a_person(small_budget: SmallBudget, controller: User) -> None:
    an_invoice(small_budget.entity, controller)
    pay(small_budget.entity, controller, Detail("100.00", remittance="INV-1001"), Detail("100.00", remittance="INV-1001"))
    handle_events()
    assert pairs() == set()
    assert Suggestion.objects.filter(state="open").count() == 2


def test_a_rival_of_an_earlier_statement_counts(small_budget: SmallBudget, controller: User) -> None:
    pay(small_budget.entity, controller, Detail("100.00", remittance="INV-1001"))
    an_invoice(small_budget.entity, controller)
    [later] = pay(small_budget.entity, controller, Detail("100.00", remittance="INV-1001"))
    match_payments(entity=small_budget.entity, actor=None, payment_ids=[later.pk])
    assert pairs() == set()


def test_one_number_of_two_vendors_is_left_to_a_person(small_budget: SmallBudget, controller: User) -> None:
    an_invoice(small_budget.entity, controller)
    an_invoice(small_budget.entity, controller, vendor_name="Another Cloud")
    pay(small_budget.entity, controller, Detail("100.00", remittance="INV-1001"))
    handle_events()
    assert pairs() == set()


def test_end_to_end_ids_repeat(small_budget: SmallBudget, controller: User) -> None:
    """One id on three payments points at three invoices by their amounts, and at none by itself."""
    for number, net in (("INV-1001", "10.00"), ("INV-1002", "20.00")):
        an_invoice(small_budget.entity, controller, number, net, payment_reference="RUN-2026-03")
    pay(small_budget.entity, controller, *[Detail(amount, end_to_end_id="RUN-2026-03") for amount in ("10.00", "20.00", "30.00")])
    handle_events()
    assert pairs() == {("INV-1001", "end_to_end_id"), ("INV-1002", "end_to_end_id")}
    assert Payment.objects.get(open_amount__gt=0).amount == Decimal("30.00")


def test_a_payment_before_its_invoice_is_found_when_it_comes(small_budget: SmallBudget, controller: User) -> None:
    pay(small_budget.entity, controller, Detail("100.00", remittance="INV-1001"))
    handle_events()
    item = ExceptionItem.objects.get(code="unmatched_payment")
    an_invoice(small_budget.entity, controller)
    handle_events()
    item.refresh_from_db()
    assert pairs() == {("INV-1001", "invoice_number")}
    assert item.closed_at is not None


def test_a_held_or_void_invoice_is_not_paid_by_itself(small_budget: SmallBudget, controller: User) -> None:
    an_invoice(small_budget.entity, controller, "003411", "123.45")
    an_invoice(small_budget.entity, controller, "A3411", "123.45")
    pay(small_budget.entity, controller, Detail("123.45", remittance="A3411"))
    handle_events()
    assert pairs() == set()


def test_matching_twice_changes_nothing(small_budget: SmallBudget, controller: User) -> None:
    an_invoice(small_budget.entity, controller)
    pay(small_budget.entity, controller, Detail("100.00", name="Acme Clouds"), Detail("7.00", name="A bank"))
    handle_events()
    before = (Suggestion.objects.count(), ExceptionItem.objects.count(), StatusEvent.objects.count())
    run = match_payments(entity=small_budget.entity, actor=None)
    assert (run.applied, run.suggested, run.unmatched) == (0, 1, 1)
    assert (Suggestion.objects.count(), ExceptionItem.objects.count(), StatusEvent.objects.count()) == before


def test_a_dismissed_suggestion_stays_dismissed(small_budget: SmallBudget, controller: User) -> None:
    an_invoice(small_budget.entity, controller)
    pay(small_budget.entity, controller, Detail("100.00", name="Acme Clouds"))
    handle_events()
    suggestion = Suggestion.objects.get()
    dismiss_suggestion(suggestion_id=suggestion.pk, actor=controller)
    match_payments(entity=small_budget.entity, actor=None)
    suggestion.refresh_from_db()
    assert suggestion.state == "dismissed"
    with pytest.raises(Stale):
        accept_suggestion(suggestion_id=suggestion.pk, actor=controller)
    assert pairs() == set()


def test_an_exception_that_a_person_closed_is_not_raised_again(small_budget: SmallBudget, controller: User) -> None:
    pay(small_budget.entity, controller, Detail("7.00", name="A bank"))
    handle_events()
    item = ExceptionItem.objects.get()
    with pytest.raises(InvalidInput):
        close_exception(item_id=item.pk, actor=controller, note=" ")
    close_exception(item_id=item.pk, actor=controller, note="A bank fee.")
    match_payments(entity=small_budget.entity, actor=None)
    assert ExceptionItem.objects.get().closing_note == "A bank fee."


def test_one_open_exception_a_key_and_its_figures_follow(small_budget: SmallBudget, controller: User) -> None:
    told: dict[str, Any] = {
        "entity": small_budget.entity,
        "code": "unexplained",
        "subject": small_budget.budget,
        "key": "bill:1",
        "currency": "USD",
    }
    first = raise_exception(**told, sentence="7.36 is unexplained.", remedy="Ask.", amount=Decimal("7.36"))
    again = raise_exception(**told, sentence="0.22 is unexplained.", remedy="Ask.", amount=Decimal("0.22"), owner=controller)
    assert first.pk == again.pk
    assert ExceptionItem.objects.get().amount == Decimal("0.22")


def test_money_that_merely_came_in_raises_nothing(small_budget: SmallBudget, controller: User) -> None:
    pay(small_budget.entity, controller, Detail("-500.00", name="A customer"))
    handle_events()
    assert not ExceptionItem.objects.exists()


def test_kept_states_are_what_the_folds_say(small_budget: SmallBudget, controller: User) -> None:
    an_invoice(small_budget.entity, controller)
    an_invoice(small_budget.entity, controller, "INV-1002", "40.00")
    pay(small_budget.entity, controller, Detail("100.00", remittance="INV-1001"), Detail("9.00"))
    handle_events()
    for invoice in Invoice.objects.all():
        said = [states.Said(event.code, event.at, event.pk) for event in invoice.events.all()]
        paid = invoice.allocations.filter(undone_at__isnull=True).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        assert invoice.document_state == states.document_state(said)
        assert (invoice.paid, invoice.money_state) == (paid, states.money_state(gross=invoice.gross, paid=paid))
    for payment in Payment.objects.all():
        allocated = payment.allocations.filter(undone_at__isnull=True).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        assert payment.match_state == states.share_state(whole=payment.amount, part=allocated)
        assert payment.state == states.payment_state([states.Said(e.code, e.at, e.pk) for e in payment.events.all()])
