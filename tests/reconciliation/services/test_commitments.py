"""Coding and matching come in either order; an undo takes back exactly one step; a closed month is respected."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from approvals.models import RequestLine
from approvals.services.spend import key_of
from approvals.services.undoing import take_back
from budgets.models import Journal
from budgets.selectors.balances import thread_balance
from budgets.selectors.journal_states import State, journal_state
from budgets.services.periods import close_period
from core import clock
from core.errors import NotFound, WrongState
from core.models import User
from reconciliation.models import CommitmentMatch, ExceptionItem, Invoice, InvoiceLine, Suggestion
from reconciliation.services.answers import accept_suggestion
from reconciliation.services.coding import code_invoice_line, uncode_invoice_line
from reconciliation.services.commitments import match_to_request, remaining_commitment, unmatch
from tests.factories.reconciliation import MARCH, an_invoice, approved_request, handle_events
from tests.fixtures.budgets import SmallBudget
from tests.reconciliation.services.test_road import figures, money


@pytest.fixture
def order(small_budget: SmallBudget, requester: User, approver: User) -> RequestLine:
    """An approved request of 30.00."""
    return approved_request(account=small_budget.account, net="30.00", requester=requester, approver=approver)


def line_of(small_budget: SmallBudget, controller: User, net: str, number: str = "INV-1") -> InvoiceLine:
    return an_invoice(small_budget.entity, controller, number, net).lines.get()


def test_an_orders_invoice_liquidates_a_part(small_budget: SmallBudget, order: RequestLine, controller: User) -> None:
    line = line_of(small_budget, controller, "20.00")
    match = match_to_request(invoice_line_id=line.pk, request_line_id=order.pk, actor=controller)
    assert figures(small_budget) == money(committed="10.00", spent="20.00")
    assert match.journal is not None
    assert match.journal.entries.count() == 2
    assert remaining_commitment(order) == Decimal("10.00")
    assert Invoice.objects.get().match_state == "matched"


@pytest.mark.parametrize("coded_first", [True, False])
def test_the_order_of_coding_and_matching_does_not_matter(
    coded_first: bool, small_budget: SmallBudget, order: RequestLine, controller: User
) -> None:
    line = line_of(small_budget, controller, "20.00")
    if coded_first:
        code_invoice_line(line_id=line.pk, account=small_budget.account, month=MARCH, actor=controller)
        assert figures(small_budget) == money(committed="30.00", spent="20.00")
    match = match_to_request(invoice_line_id=line.pk, request_line_id=order.pk, actor=controller)
    assert figures(small_budget) == money(committed="10.00", spent="20.00")

    unmatch(match_id=match.pk, actor=controller)
    assert figures(small_budget) == money(committed="30.00", spent="20.00" if coded_first else "0")
    line.refresh_from_db()
    assert line.is_coded == coded_first


def test_a_matched_line_is_not_uncoded_before_its_match(small_budget: SmallBudget, order: RequestLine, controller: User) -> None:
    line = line_of(small_budget, controller, "20.00")
    match_to_request(invoice_line_id=line.pk, request_line_id=order.pk, actor=controller)
    before = Journal.objects.count()
    with pytest.raises(WrongState, match="matched to a request"):
        uncode_invoice_line(line_id=line.pk, actor=controller)
    assert Journal.objects.count() == before


def test_unmatching_removes_exactly_one(small_budget: SmallBudget, order: RequestLine, controller: User) -> None:
    lines = [line_of(small_budget, controller, net, number) for net, number in (("12.00", "INV-1"), ("8.00", "INV-2"))]
    matches = [match_to_request(invoice_line_id=line.pk, request_line_id=order.pk, actor=controller) for line in lines]
    unmatch(match_id=matches[0].pk, actor=controller)
    assert figures(small_budget) == money(committed="22.00", spent="8.00")
    with pytest.raises(WrongState, match="undone before"):
        unmatch(match_id=matches[0].pk, actor=controller)
    assert list(CommitmentMatch.objects.filter(undone_at__isnull=True)) == [matches[1]]
    match_to_request(invoice_line_id=lines[0].pk, request_line_id=order.pk, actor=controller)
    assert figures(small_budget) == money(committed="10.00", spent="20.00")


def test_what_is_above_the_commitment_is_spent_beyond_it_and_said(
    small_budget: SmallBudget, order: RequestLine, controller: User
) -> None:
    line = line_of(small_budget, controller, "45.00")
    match = match_to_request(invoice_line_id=line.pk, request_line_id=order.pk, actor=controller)
    assert figures(small_budget) == money(spent="45.00")
    item = ExceptionItem.objects.get(code="over_commitment")
    assert (item.amount, item.closed_at) == (Decimal("15.00"), None)
    assert "costs 45.00 and 30.00 was left" in item.sentence

    unmatch(match_id=match.pk, actor=controller)
    item.refresh_from_db()
    assert item.closed_at is not None
    assert figures(small_budget) == money(committed="30.00")


def test_a_credit_gives_commitment_back(small_budget: SmallBudget, order: RequestLine, controller: User) -> None:
    match_to_request(invoice_line_id=line_of(small_budget, controller, "30.00").pk, request_line_id=order.pk, actor=controller)
    credit = line_of(small_budget, controller, "-5.00", "CN-1")
    match_to_request(invoice_line_id=credit.pk, request_line_id=order.pk, actor=controller)
    assert figures(small_budget) == money(committed="5.00", spent="25.00")


def test_the_requests_commitment_is_pending_until_invoices_have_used_it_up(
    small_budget: SmallBudget, order: RequestLine, controller: User
) -> None:
    commitment = Journal.objects.get(key=key_of(order.request, "commit"))

    def stand() -> tuple[State, Decimal]:
        found = journal_state(commitment)
        return found.state, found.left

    first, second = (line_of(small_budget, controller, net, number) for net, number in (("20.00", "INV-1"), ("10.00", "INV-2")))
    assert stand() == (State.PENDING, Decimal("30.00"))
    match = match_to_request(invoice_line_id=first.pk, request_line_id=order.pk, actor=controller)
    assert stand() == (State.PART, Decimal("10.00"))
    match_to_request(invoice_line_id=second.pk, request_line_id=order.pk, actor=controller)
    assert stand() == (State.POSTED, Decimal("0.00"))
    credit = line_of(small_budget, controller, "-5.00", "CN-1")
    match_to_request(invoice_line_id=credit.pk, request_line_id=order.pk, actor=controller)
    assert stand() == (State.PART, Decimal("5.00"))
    unmatch(match_id=match.pk, actor=controller)
    assert stand() == (State.PART, Decimal("25.00"))


def test_a_commitment_of_a_closed_month_goes_in_the_month_of_the_spend(
    small_budget: SmallBudget, order: RequestLine, controller: User
) -> None:
    line = line_of(small_budget, controller, "30.00")
    close_period(entity=small_budget.entity, month=MARCH, actor=controller)
    code_invoice_line(line_id=line.pk, account=small_budget.account, month=MARCH.replace(month=4), actor=controller)
    match = match_to_request(invoice_line_id=line.pk, request_line_id=order.pk, actor=controller)
    assert match.journal is not None
    assert {entry.month for entry in match.journal.entries.all()} == {MARCH.replace(month=4)}
    assert figures(small_budget) == money(spent="30.00")
    assert thread_balance([order.thread])[order.thread]["committed"] == 0


def test_another_budget_line_is_refused_and_moves_nothing(
    small_budget: SmallBudget, order: RequestLine, controller: User
) -> None:
    line = line_of(small_budget, controller, "20.00")
    other = small_budget.accounts["PRODUCT", "people"]
    code_invoice_line(line_id=line.pk, account=other, month=MARCH, actor=controller)
    before = Journal.objects.count()
    with pytest.raises(WrongState, match="another budget line"):
        match_to_request(invoice_line_id=line.pk, request_line_id=order.pk, actor=controller)
    assert (Journal.objects.count(), CommitmentMatch.objects.count()) == (before, 0)


def test_a_line_is_matched_once(small_budget: SmallBudget, order: RequestLine, controller: User) -> None:
    line = line_of(small_budget, controller, "20.00")
    match_to_request(invoice_line_id=line.pk, request_line_id=order.pk, actor=controller)
    with pytest.raises(WrongState, match="matched already"):
        match_to_request(invoice_line_id=line.pk, request_line_id=order.pk, actor=controller)
    with pytest.raises(NotFound):
        match_to_request(invoice_line_id=line.pk, request_line_id=0, actor=controller)


def test_same_vendor_and_exact_amount_match_by_themselves_only_when_unique(
    small_budget: SmallBudget, requester: User, approver: User, controller: User
) -> None:
    asked: dict[str, Any] = {"requester": requester, "approver": approver, "vendor": small_budget.vendor}
    only = approved_request(account=small_budget.account, net="70.00", **asked)
    twins = [approved_request(account=small_budget.account, net="50.00", **asked) for _ in range(2)]
    an_invoice(small_budget.entity, controller, "INV-70", "70.00")
    doubtful = an_invoice(small_budget.entity, controller, "INV-50", "50.00")
    handle_events()

    [match] = CommitmentMatch.objects.all()
    assert (match.request_line, match.rule, match.made_by) == (only, "vendor_and_amount", None)
    assert set(Suggestion.objects.filter(state="open").values_list("request_line_id", flat=True)) == {line.pk for line in twins}

    chosen = Suggestion.objects.get(request_line=twins[1])
    accept_suggestion(suggestion_id=chosen.pk, actor=controller)
    assert Invoice.objects.get(pk=doubtful.pk).match_state == "matched"
    assert not Suggestion.objects.filter(state="open").exists()


def test_a_request_approved_later_finds_its_invoice(
    small_budget: SmallBudget, requester: User, approver: User, controller: User
) -> None:
    an_invoice(small_budget.entity, controller, "INV-70", "70.00")
    handle_events()
    approved_request(
        account=small_budget.account, net="70.00", requester=requester, approver=approver, vendor=small_budget.vendor
    )
    # Nobody hears of the approval before it can no longer be taken back.
    handle_events()
    assert figures(small_budget) == money(committed="70.00")
    with clock.at(clock.now() + timedelta(minutes=2)):
        handle_events()
    assert figures(small_budget) == money(spent="70.00")


def test_an_approval_is_not_taken_back_once_an_invoice_is_matched_and_is_once_the_match_is_undone(
    small_budget: SmallBudget, requester: User, approver: User, controller: User
) -> None:
    line = an_invoice(small_budget.entity, controller, "INV-71", "70.00").lines.get()
    wanted = approved_request(
        account=small_budget.account, net="70.00", requester=requester, approver=approver, vendor=small_budget.vendor
    )
    match = match_to_request(invoice_line_id=line.pk, request_line_id=wanted.pk, actor=controller)
    decision = wanted.request.decisions.get()
    with pytest.raises(WrongState, match="booked on the commitment"), transaction.atomic():
        take_back(decision_id=decision.pk, actor=approver)
    assert figures(small_budget) == money(spent="70.00")

    unmatch(match_id=match.pk, actor=controller)
    take_back(decision_id=decision.pk, actor=approver)
    assert figures(small_budget) == money(reserved="70.00")
