"""Reports: what other systems' tests say of remaining money, of revenue beside expense, and of a budget of nothing."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from core import clock
from core.models import User
from reporting.rules import grouping
from reporting.rules.figures import total_of
from reporting.rules.grouping import Envelope
from tests.factories.reporting import figures
from tests.fixtures.reporting import Reported
from tests.reporting.rules.test_figures import account

# What differs from one answer to the next, whoever asks.
ONCE = re.compile(r'nonce="[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"|"X-CSRFToken": ?"[^"]*"')


@pytest.mark.parametrize(("spent", "remaining"), [(0, 120000), (50000, 70000)])
def test_of_120000_with_50000_spent_70000_remain_and_with_nothing_spent_120000(spent: int, remaining: int) -> None:
    assert figures(120000, spent).remaining == remaining


def test_revenue_150_and_expense_minus_50_with_130_and_minus_60_booked_are_100_against_70_at_the_root() -> None:
    revenue, expense = figures(150, 130), figures(-50, -60)
    root = total_of([revenue, expense])
    assert (root.plan_to_date, root.actual_to_date) == (100, 70)
    assert [row.achieved for row in (root, revenue, expense)] == [Decimal("70.00"), Decimal("86.67"), Decimal("120.00")]


def test_a_budget_of_zero_is_not_no_budget() -> None:
    """An envelope of nothing is a row of zeros; spend without an envelope has a row of its own, and both count in the total."""
    spent = account("/travel/", "/a/", plan=0, actual=12)
    rows = grouping.by_category([spent], [Envelope("it", "IT", "/it/", Decimal(0))])
    assert [(row.category, row.figures.plan_total, row.figures.actual_to_date) for row in rows] == [
        ("it", 0, 0),
        ("travel", 0, 12),
    ]
    assert [(row.has_budget, row.figures.achieved) for row in rows] == [(True, None), (False, None)]
    assert rows[0].threshold == 0
    assert rows[1].threshold is None
    assert grouping.whole("All", rows).figures.actual_to_date == 12


def test_it_does_not_take_in_itsecurity() -> None:
    envelopes = [Envelope("IT", "IT", "/IT/", None)]
    assert grouping.envelope_of("/IT/cloud/", envelopes) == envelopes[0]
    assert grouping.envelope_of("/ITSecurity/", envelopes) is None


@pytest.mark.parametrize("language", ["fa", "de"])
@pytest.mark.parametrize(
    "path",
    [
        "/reports/SMALL/?month=2026-03",
        "/reports/unified/?first=2026-01&last=2026-03",
        "/reports/unified/csv/?first=2026-01&last=2026-03",
        "/api/v1/unified?first=2026-01&last=2026-03",
    ],
)
def test_months_do_not_depend_on_the_readers_language(
    client: Client, settings: Any, reported: Reported, auditor: User, path: str, language: str
) -> None:
    """The page with its chart, the view with its chart, its file, and the same for programs: byte for byte."""
    # Without it nothing would ask for the language, and nothing could go wrong.
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    client.force_login(auditor)
    with translation.override(None), clock.at(datetime(2026, 4, 2, 10, 0, tzinfo=UTC)):
        said = [client.get(path, headers={"accept-language": each}) for each in ("en", language)]
    assert [answer.status_code for answer in said] == [200, 200]
    english, other = (ONCE.sub("", answer.content.decode()) for answer in said)
    assert "2026-03" in english or "Mar 2026" in english
    assert english == other
