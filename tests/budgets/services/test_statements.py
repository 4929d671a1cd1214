"""Statements: accepted, disputed, reminded of, and disputes resolved."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from budgets.models import ChargebackDispute, ChargebackStatement
from budgets.selectors.chargeback_figures import figures_of_chargebacks
from budgets.selectors.statements import figures_of, managers_of
from budgets.services.chargeback_posting import post_chargeback
from budgets.services.statements import Shift, accept_statement, ask_another, dispute_statement, resolve_dispute
from budgets.services.watching import watch_chargebacks
from core import clock
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import AuditRecord, Notice
from core.services.outbox import drain
from tests.factories.budgets import move
from tests.factories.chargebacks import Charged
from tests.factories.core import UserFactory, assign


@pytest.fixture
def statement(charged: Charged) -> ChargebackStatement:
    """Product's, which waits for its lead's answer."""
    return charged.sent().statements.select_related("run", "receiver", "manager").get(receiver=charged.product)


def disputed(charged: Charged, statement: ChargebackStatement) -> ChargebackDispute:
    return dispute_statement(
        statement_id=statement.pk, actor=charged.product_lead, words="Half of it is data's.", amount=Decimal(20)
    )


def test_the_nearest_who_decides_is_asked_and_nobody_who_keeps_the_books(charged: Charged) -> None:
    director = UserFactory.create(name="Director")
    assign(director, "director", charged.entity)
    assert managers_of(charged.entity, charged.product) == [charged.product_lead, director]


def test_a_statement_says_plan_own_spend_and_variance(charged: Charged, statement: ChargebackStatement) -> None:
    figures = figures_of(statement)
    assert (figures.amount, figures.plan, figures.own) == (Decimal("60.05"), Decimal(1000), 0)
    assert figures.variance == Decimal("-939.95")
    assert (figures.estimate, figures.months, figures.opportunities) == (Decimal("60.05"), 1, [])


def test_it_says_what_rose_by_more_than_a_tenth_and_what_next_month_may_come_to(charged: Charged) -> None:
    for month, amount in ((2, "60.00"), (3, "90.00")):
        first, thread = date(2026, month, 1), f"raw-row:2{month}"
        move(charged.small.account, "spent", amount, month=first, thread=thread, is_fact=True)
    said = []
    for month in (1, 2, 3):
        statement = charged.sent(date(2026, month, 1)).statements.get(receiver=charged.product)
        said.append(figures_of(statement))
        with clock.at(statement.due_at):
            post_chargeback(run_id=statement.run_id, actor=charged.controller)
    _, second, third = said
    assert (second.amount, second.opportunities) == (Decimal("36.00"), [])
    assert (third.amount, [line.name for line in third.opportunities]) == (Decimal("54.00"), ["Platform"])
    # The mean of 60.05, 36.00 and 54.00.
    assert (third.estimate, third.months) == (Decimal("50.02"), 3)


def test_only_whom_it_is_put_to_answers(charged: Charged, statement: ChargebackStatement) -> None:
    for person in (charged.data_lead, charged.controller):
        with pytest.raises(NotAllowed, match="not put to you"):
            accept_statement(statement_id=statement.pk, actor=person)
        with pytest.raises(NotAllowed):
            dispute_statement(statement_id=statement.pk, actor=person, words="No")
    accept_statement(statement_id=statement.pk, actor=charged.product_lead)
    with pytest.raises(WrongState, match="accepted"):
        accept_statement(statement_id=statement.pk, actor=charged.product_lead)
    assert AuditRecord.objects.filter(verb="statement.accepted").count() == 1


def test_a_dispute_holds_the_posting_until_it_is_refused_with_a_reason(charged: Charged, statement: ChargebackStatement) -> None:
    dispute = disputed(charged, statement)
    assert dispute.owner == charged.controller
    with clock.at(dispute.due_at), pytest.raises(WrongState, match="Product disputes what they bear"):
        post_chargeback(run_id=statement.run_id, actor=charged.controller)
    with pytest.raises(InvalidInput):
        resolve_dispute(dispute_id=dispute.pk, actor=charged.controller, answer=" ")
    with pytest.raises(NotAllowed):
        resolve_dispute(dispute_id=dispute.pk, actor=charged.product_lead, answer="Done")
    resolve_dispute(dispute_id=dispute.pk, actor=charged.controller, answer="The meter says so.")
    statement.refresh_from_db()
    assert statement.state == "settled"
    with pytest.raises(WrongState, match="resolved"):
        resolve_dispute(dispute_id=dispute.pk, actor=charged.controller, answer="Again")
    with clock.at(dispute.due_at):
        post_chargeback(run_id=statement.run_id, actor=charged.controller)


def test_a_dispute_that_is_adjusted_asks_both_sides_again(charged: Charged, statement: ChargebackStatement) -> None:
    other = statement.run.statements.get(receiver=charged.data)
    accept_statement(statement_id=other.pk, actor=charged.data_lead)
    dispute = disputed(charged, statement)
    shift = Shift("platform", charged.data, Decimal("20.05"), "resource_shift")
    resolve_dispute(dispute_id=dispute.pk, actor=charged.controller, answer="Two people moved.", shift=shift)
    statement.refresh_from_db()
    other.refresh_from_db()
    assert (statement.state, other.state) == ("sent", "sent")
    assert figures_of(statement).amount == Decimal("40.00")
    assert figures_of(other).amount == Decimal("60.09")
    assert statement.run.adjustments.get().dispute == dispute


def test_an_answer_is_wanted_in_five_working_days_and_reminded_of_after_three(charged: Charged) -> None:
    """From a Monday at nine to the next: the weekend does not count."""
    zone = ZoneInfo(charged.entity.time_zone)
    with clock.at(datetime(2026, 3, 2, 9, tzinfo=zone)):
        statement = charged.sent().statements.get(receiver=charged.product)
        dispute = disputed(charged, statement)
    for each in (statement, dispute):
        assert each.remind_at == datetime(2026, 3, 5, 9, tzinfo=zone)
        assert each.due_at == datetime(2026, 3, 9, 9, tzinfo=zone)


def test_clocks_remind_and_escalate(charged: Charged, statement: ChargebackStatement) -> None:
    dispute = disputed(charged, statement)
    with clock.at(dispute.remind_at):
        assert watch_chargebacks() == 2
        assert watch_chargebacks() == 0
    with clock.at(dispute.due_at):
        assert watch_chargebacks() == 1
        drain()
    dispute.refresh_from_db()
    assert dispute.escalated_at == dispute.due_at
    kinds = set(Notice.objects.values_list("person__name", "kind"))
    assert ("Data lead", "budgets.statement_reminded") in kinds
    assert (charged.controller.name, "budgets.statement_dispute_escalated") in kinds
    assert ("Product lead", "budgets.statement_dispute_escalated") in kinds


def test_finance_puts_a_statement_before_somebody_else_who_decides_there(
    charged: Charged, statement: ChargebackStatement
) -> None:
    director = UserFactory.create(name="Director")
    assign(director, "director", charged.entity)
    with pytest.raises(NotAllowed):
        ask_another(statement_id=statement.pk, actor=charged.product_lead, manager=director)
    with pytest.raises(InvalidInput):
        ask_another(statement_id=statement.pk, actor=charged.controller, manager=charged.data_lead)
    ask_another(statement_id=statement.pk, actor=charged.controller, manager=director)
    accept_statement(statement_id=statement.pk, actor=director)


def test_each_audience_is_told_its_part_of_what_was_posted(charged: Charged, statement: ChargebackStatement) -> None:
    director, chief = UserFactory.create(name="Platform lead"), UserFactory.create(name="Chief")
    assign(director, "platform_lead", charged.entity, cost_centre=charged.platform)
    assign(chief, "chief", charged.entity, kind="executive")
    for each in statement.run.statements.select_related("manager"):
        accept_statement(statement_id=each.pk, actor=each.manager)
    post_chargeback(run_id=statement.run_id, actor=charged.controller)
    drain()
    told = {
        notice.person.name: (notice.subject, notice.body, notice.url)
        for notice in Notice.objects.filter(kind__in=["budgets.chargeback_posted", "budgets.statement_posted"])
    }
    shares = "Platform: 100.09 of 100.09 USD goes on.\n  Data: 40.04, 40 %\n  Product: 60.05, 60 %"
    assert told["Product lead"][0].endswith("60.05 USD is charged to your budget")
    assert told[charged.controller.name] == (
        "Chargeback of January 2026, pool by pool",
        shares,
        f"/budgets/chargeback/runs/{statement.run_id}/",
    )
    assert told["Platform lead"][:2] == ("Chargeback of January 2026: who used Platform, and how much", shares)
    assert told["Chief"][:2] == (
        "Chargeback of January 2026: 100.09 USD to 2 cost centres",
        "2 of 2 statements were accepted by those who bear them.",
    )
    drain()
    assert Notice.objects.filter(kind="budgets.chargeback_posted").count() == 3


def test_accuracy_acceptance_and_days_are_figures(charged: Charged, statement: ChargebackStatement) -> None:
    accept_statement(statement_id=statement.run.statements.get(receiver=charged.data).pk, actor=charged.data_lead)
    dispute = disputed(charged, statement)
    with clock.at(dispute.remind_at):
        resolve_dispute(dispute_id=dispute.pk, actor=charged.controller, answer="The meter says so.")
        figures = figures_of_chargebacks(charged.entity, since=statement.run.month)
    assert figures.accuracy_pct == 100
    assert (figures.statements, figures.accepted, figures.acceptance_pct) == (2, 1, 50)
    assert (figures.disputes, figures.open_disputes) == (1, 0)
    assert figures.mean_days is not None
    assert figures.mean_days >= 3
