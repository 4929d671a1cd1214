"""What a running month comes to at the rate of late, with the spend posted: by the report, on its page, and for programs."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape

import pytest

from budgets.models import FundsAccount
from budgets.selectors.check import check_ledger
from core import clock
from core.models import User
from reconciliation.services.coding import code_invoice_line
from reporting.rules.allocation_report import View
from reporting.selectors.allocation_reports import allocation_report
from tests.factories.budgets import JANUARY, open_year
from tests.factories.reconciliation import an_invoice
from tests.fixtures.api import Api
from tests.fixtures.budgets import SmallBudget

TWENTIETH = datetime(2026, 1, 20, 12, tzinfo=UTC)
LAST_MONTH = date(2025, 12, 1)
# 14 spent in December, the first of it on the 14th, and 19 in January.
SPENT = ((date(2025, 12, 14), "10.00"), (date(2025, 12, 29), "4.00"), (date(2026, 1, 5), "12.50"), (date(2026, 1, 19), "6.50"))


@pytest.fixture
def spent(small_budget: SmallBudget, controller: User) -> FundsAccount:
    """Each amount as a coded invoice, posted in the month of its date."""
    open_year(small_budget.entity, first=LAST_MONTH, last=LAST_MONTH)
    for number, (day, net) in enumerate(SPENT):
        line = an_invoice(small_budget.entity, controller, f"INV-{number}", net, issued_on=day).lines.get()
        code_invoice_line(line_id=line.pk, account=small_budget.account, month=day.replace(day=1), actor=controller)
    return small_budget.account


def test_the_report_reckons_it_from_what_is_posted(spent: FundsAccount) -> None:
    with clock.at(TWENTIETH):
        outlook = allocation_report(spent.entity, View.SERVICES, JANUARY).outlook
        assert allocation_report(spent.entity, View.SERVICES, LAST_MONTH).outlook is None
    assert outlook is not None
    assert (outlook.since, outlook.days, outlook.days_left) == (date(2025, 12, 14), 37, 12)
    assert (outlook.spent, outlook.month_end) == (Decimal(19), Decimal("29.70"))
    assert check_ledger().is_whole


def test_the_page_says_it(spent: FundsAccount, read_as_auditor: Callable[[str], str]) -> None:
    with clock.at(TWENTIETH):
        page = read_as_auditor(f"/reports/allocation/?entity={spent.entity.code}&month=2026-01")
    said = " ".join(unescape(re.sub(r"<[^>]+>", "", page)).split())
    assert (
        "At the rate of the last 37 days the month comes to 29.70 USD: 19.00 so far, and 0.89 a day for 12 days to come." in said
    )


def test_a_program_reads_it(spent: FundsAccount, auditor: User, api: Callable[..., Api]) -> None:
    program = api(auditor)
    with clock.at(TWENTIETH):
        outlook = program.get(f"reports/allocation?entity={spent.entity.code}&month=2026-01").json()["outlook"]
    assert outlook.pop("per_day").startswith("0.8918")
    assert outlook == {"month_end": "29.70", "spent": "19.00", "since": "2025-12-14", "days": 37, "days_left": 12}
