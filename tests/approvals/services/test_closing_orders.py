"""Closing an approved request that nothing more comes of: what is left is free, what was invoiced stays; and opening it again."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from approvals.models import Request
from approvals.selectors.orders import order_of
from approvals.services.orders import close_request, move_request, open_again
from approvals.services.undoing import take_back
from budgets.models import Journal
from budgets.selectors.balances import account_figures
from budgets.selectors.check import check_ledger
from budgets.selectors.threads import parts_of_thread
from budgets.services.periods import close_period
from core import clock
from core.errors import InvalidInput, NoFunds, NotAllowed, WrongState
from core.models import AuditRecord, Notice, User
from core.services.outbox import drain
from reconciliation.services.commitments import match_to_request, unmatch
from tests.factories.approvals import MARCH, MONDAY, approve_all, submitted
from tests.factories.budgets import move
from tests.factories.core import UserFactory, assign
from tests.factories.orders import an_order
from tests.factories.reconciliation import an_invoice
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def order(kafka: House, controller: User) -> Request:
    return an_order(kafka, controller)


def stands(kafka: House) -> tuple[Decimal, Decimal, Decimal]:
    figures = account_figures([kafka.account.pk])[kafka.account.pk]
    return figures.reserved, figures.committed, figures.spent


def test_what_is_left_is_free_and_what_was_invoiced_stays(kafka: House, order: Request) -> None:
    before = stands(kafka)
    close_request(request_id=order.pk, reason="The vendor went out of business.", actor=kafka.engineer)
    assert stands(kafka) == (before[0], before[1] - 45, before[2])
    order.refresh_from_db()
    found = order_of(order)
    assert found is not None
    assert (order.state, found.left, len(found.closings)) == ("approved", 0, 1)
    assert found.closings[0].memo == "The vendor went out of business."
    record = AuditRecord.objects.get(verb="request.closed")
    assert (record.actor, record.before, record.after) == (
        kafka.engineer,
        {"committed": "45.00"},
        {"reason": "The vendor went out of business."},
    )
    assert check_ledger().is_whole


def test_opened_again_it_commits_what_closing_had_freed(kafka: House, order: Request) -> None:
    before = stands(kafka)
    for _ in range(2):
        close_request(request_id=order.pk, reason="Too early.", actor=kafka.engineer)
        open_again(request_id=order.pk, actor=kafka.engineer)
    assert stands(kafka) == before
    with pytest.raises(WrongState, match="was not closed"):
        open_again(request_id=order.pk, actor=kafka.engineer)


def test_what_something_else_holds_by_now_is_not_committed_again(kafka: House, order: Request) -> None:
    close_request(request_id=order.pk, reason="Done.", actor=kafka.engineer)
    figures = account_figures([kafka.account.pk])[kafka.account.pk]
    line = kafka.account
    with pytest.raises(NoFunds):
        move(line, "committed", str(figures.available + 1), month=MARCH, thread="order:9")
    move(line, "committed", str(figures.available), month=MARCH, thread="order:9", is_fact=True)
    with pytest.raises(WrongState) as refused:
        open_again(request_id=order.pk, actor=kafka.engineer)
    assert refused.value.code == "used"


def test_a_second_closing_has_nothing_left(kafka: House, order: Request) -> None:
    close_request(request_id=order.pk, reason="Done.", actor=kafka.engineer)
    with pytest.raises(WrongState, match="Nothing of this order is left"):
        close_request(request_id=order.pk, reason="Again.", actor=kafka.engineer)
    assert Journal.objects.filter(kind="release", settles__isnull=False, key__contains=":closed:").count() == 1


def test_who_asked_and_who_keeps_the_books_close_it_and_nobody_else(kafka: House, order: Request, controller: User) -> None:
    other = UserFactory.create()
    assign(other, "other-requester", kafka.entity, kind="requester")
    approver = UserFactory.create()
    assign(approver, "an-approver", kafka.entity)
    for person in (other, approver):
        with pytest.raises(NotAllowed):
            close_request(request_id=order.pk, reason="Mine.", actor=person)
    close_request(request_id=order.pk, reason="The year ends.", actor=controller)
    drain()
    notice = Notice.objects.get(kind="approvals.order_closed")
    assert notice.person == kafka.engineer
    assert f"{order.number} is closed" in notice.subject


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301, "a\x00b"])
def test_without_a_reason_it_stays_open(kafka: House, order: Request, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        close_request(request_id=order.pk, reason=reason, actor=kafka.engineer)
    assert list(refused.value.details) == ["reason"]
    assert not AuditRecord.objects.filter(verb="request.closed").exists()


def test_only_what_is_approved_is_closed(kafka: House) -> None:
    waiting = submitted(kafka.engineer, kafka.account, "10")
    with pytest.raises(WrongState, match="commits nothing"):
        close_request(request_id=waiting.pk, reason="No.", actor=kafka.engineer)


def test_an_undone_match_lets_the_closed_order_hold_what_it_gives_back(kafka: House, order: Request, controller: User) -> None:
    close_request(request_id=order.pk, reason="Done.", actor=kafka.engineer)
    match = order.lines.get().matches.get()
    unmatch(match_id=match.pk, actor=controller)
    found = order_of(order)
    assert found is not None
    assert found.left == Decimal(25)
    close_request(request_id=order.pk, reason="And the rest.", actor=kafka.engineer)
    assert stands(kafka)[1] == 0


def test_what_lies_in_a_closed_month_is_taken_back_in_the_present_one(kafka: House, order: Request, controller: User) -> None:
    close_period(entity=kafka.entity, month=MARCH, actor=controller)
    with clock.at(MONDAY + timedelta(days=40)):
        close_request(request_id=order.pk, reason="Done.", actor=kafka.engineer)
    entries = Journal.objects.get(key__contains=":closed:").entries.values_list("month", "bucket", "amount")
    assert list(entries) == [(date(2026, 4, 1), "committed", Decimal(-45))]


def test_moved_to_a_later_month_it_is_used_up_there(kafka: House, order: Request, controller: User) -> None:
    may, thread = date(2026, 5, 1), order.lines.get().thread
    move_request(request_id=order.pk, to_month=may, reason="Delivered in May.", actor=controller)
    assert {(each.month, each.amount) for each in parts_of_thread(thread)} == {(may, Decimal(45))}
    drain()
    assert "is held in May 2026 now" in Notice.objects.get(kind="approvals.order_moved").subject
    invoice = an_invoice(kafka.entity, controller, "INV-2", net="40.00")
    match = match_to_request(invoice_line_id=invoice.lines.get().pk, request_line_id=order.lines.get().pk, actor=controller)
    assert {(each.month, each.amount) for each in parts_of_thread(thread)} == {(may, Decimal(5))}
    unmatch(match_id=match.pk, actor=controller)
    assert {(each.month, each.amount) for each in parts_of_thread(thread)} == {(may, Decimal(45))}
    close_request(request_id=order.pk, reason="Never came.", actor=controller)
    assert parts_of_thread(thread) == []
    assert check_ledger().is_whole


def test_moved_twice_and_back_it_lies_where_it_was_said_last(kafka: House, order: Request, controller: User) -> None:
    for month in (date(2026, 6, 1), date(2026, 4, 1), date(2026, 6, 1)):
        move_request(request_id=order.pk, to_month=month, reason="Again.", actor=controller)
    assert {each.month for each in parts_of_thread(order.lines.get().thread)} == {date(2026, 6, 1)}
    with pytest.raises(WrongState, match="Nothing is held outside June 2026"):
        move_request(request_id=order.pk, to_month=date(2026, 6, 1), reason="There.", actor=controller)


def test_only_who_keeps_the_books_moves_it_and_for_a_reason(kafka: House, order: Request, controller: User) -> None:
    with pytest.raises(NotAllowed, match="keeps the books"):
        move_request(request_id=order.pk, to_month=date(2026, 5, 1), reason="Mine.", actor=kafka.engineer)
    with pytest.raises(InvalidInput):
        move_request(request_id=order.pk, to_month=date(2026, 5, 1), reason=" ", actor=controller)


@pytest.mark.parametrize("step", ["closed", "moved"])
def test_an_approval_is_not_taken_back_from_under_a_closed_or_moved_order(kafka: House, controller: User, step: str) -> None:
    request = submitted(kafka.engineer, kafka.account, "70")
    approve_all(request)
    request.refresh_from_db()
    before = stands(kafka)
    if step == "closed":
        close_request(request_id=request.pk, reason="Done.", actor=controller)
    else:
        move_request(request_id=request.pk, to_month=date(2026, 5, 1), reason="Later.", actor=controller)
    decision = request.decisions.latest("pk")
    assert decision.person is not None
    with pytest.raises(WrongState) as refused:
        take_back(decision_id=decision.pk, actor=decision.person)
    assert refused.value.code == "used"
    if step == "closed":
        open_again(request_id=request.pk, actor=controller)
    else:
        move_request(request_id=request.pk, to_month=MARCH, reason="Back.", actor=controller)
    assert stands(kafka) == before
