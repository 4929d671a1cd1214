"""The day of spend that no imported row bears: of invoices entered by hand, coded, answering a request, and taken back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from budgets.services.chargeback_posting import post_chargeback
from budgets.services.statements import accept_statement
from core import clock
from core.models import User
from reconciliation.services.coding import code_invoice_line, uncode_invoice_line
from reconciliation.services.commitments import match_to_request, unmatch
from reporting.rules.allocation_report import Line, View
from reporting.selectors.allocation_reports import AllocationReport, allocation_report
from tests.factories.budgets import JANUARY, move
from tests.factories.chargebacks import Charged
from tests.factories.reconciliation import ISSUED, MARCH, an_invoice, approved_request
from tests.fixtures.budgets import SmallBudget

DAY = f"{ISSUED:%Y-%m-%d}"


@pytest.fixture
def report(small_budget: SmallBudget) -> Callable[[], AllocationReport]:
    return lambda: allocation_report(small_budget.entity, View.SERVICES, MARCH)


def moved(report: AllocationReport) -> dict[str, Decimal]:
    assert report.held.agrees
    lines: list[Line] = [line for table in report.tables for line in table.lines if line.total]
    return {line.span.key: line.total for line in lines}


def test_an_invoice_entered_by_hand_counts_on_its_date(
    small_budget: SmallBudget, controller: User, report: Callable[[], AllocationReport]
) -> None:
    line = an_invoice(small_budget.entity, controller, net="20.00").lines.get()
    code_invoice_line(line_id=line.pk, account=small_budget.account, month=MARCH, actor=controller)
    found = report()
    assert moved(found) == {DAY: Decimal(20)}
    assert (found.held.imported, found.held.entered, found.held.undated) == (0, Decimal(20), 0)
    assert [part.name for part in found.tables[0].parts] == ["Acme Cloud · Licences"]
    uncode_invoice_line(line_id=line.pk, actor=controller)
    assert moved(report()) == {}
    assert report().held.ledger == 0


def test_an_invoice_that_answers_a_request_counts_on_its_date(
    small_budget: SmallBudget, controller: User, requester: User, approver: User, report: Callable[[], AllocationReport]
) -> None:
    order = approved_request(account=small_budget.account, net="30.00", requester=requester, approver=approver)
    line = an_invoice(small_budget.entity, controller, net="20.00").lines.get()
    match = match_to_request(invoice_line_id=line.pk, request_line_id=order.pk, actor=controller)
    assert moved(report()) == {DAY: Decimal(20)}
    assert report().held.entered == Decimal(20)
    unmatch(match_id=match.pk, actor=controller)
    found = report()
    assert sum(moved(found).values()) == found.held.ledger == 0


def test_what_was_spent_before_stands_by_itself_without_a_day(
    small_budget: SmallBudget, report: Callable[[], AllocationReport]
) -> None:
    move(small_budget.account, "spent", "7.00", month=MARCH, kind="opening", is_fact=True)
    found = report()
    assert moved(found) == {"undated": Decimal(7)}
    assert [part.name for part in found.tables[0].parts] == ["opening balance"]
    assert found.held.undated == Decimal(7)


def test_a_running_month_says_what_it_comes_to_at_the_rate_of_late(
    small_budget: SmallBudget, controller: User, report: Callable[[], AllocationReport], read_as_auditor: Callable[[str], str]
) -> None:
    line = an_invoice(small_budget.entity, controller, net="20.00").lines.get()
    code_invoice_line(line_id=line.pk, account=small_budget.account, month=MARCH, actor=controller)
    assert report().outlook is None
    with clock.at(datetime(ISSUED.year, ISSUED.month, ISSUED.day, 12, tzinfo=UTC) + timedelta(days=10)):
        outlook = report().outlook
        page = read_as_auditor(f"/reports/allocation/?entity={small_budget.entity.code}&month=2026-03")
    assert outlook is not None
    assert (outlook.since, outlook.days, outlook.per_day) == (ISSUED, 10, Decimal(2))
    left = 31 - (ISSUED.day + 10) + 1
    assert outlook.month_end == Decimal(20) + 2 * left
    assert f"{outlook.month_end:,.2f}" in page
    assert "At the rate of the last" in page


def test_a_chargeback_moves_cost_centres_and_no_service(charged: Charged) -> None:
    run = charged.sent()
    for statement in run.statements.select_related("manager"):
        accept_statement(statement_id=statement.pk, actor=statement.manager)
    before = allocation_report(charged.entity, View.SERVICES, JANUARY)
    post_chargeback(run_id=run.pk, actor=charged.controller)
    after = allocation_report(charged.entity, View.SERVICES, JANUARY)
    assert after.held.agrees
    assert after.tables == before.tables
    assert after.held.ledger == Decimal("100.09")
    centres = allocation_report(charged.entity, View.CENTRES, JANUARY)
    assert centres.held.agrees
    assert "Platform" not in [part.name for part in centres.tables[0].parts]
    assert centres.tables[0].total == Decimal("100.09")
