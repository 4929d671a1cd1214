"""The demo's year, told in full: every state has something to show, and the ledger is clean after it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command

from approvals.models import Debt, Emergency, Request, Stage
from budgets.models import Budget, Period
from core.models import Job, OutboxEvent
from core.services.notices import BundleBegun
from demo.telling import tell
from reconciliation.models import ExceptionItem, Invoice, Suggestion
from reporting.models import Pack
from reporting.selectors.variance import budget_against_actual
from tests.database import take_role

# Late enough in its month for the month before to be closed and reported.
FRIDAY = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)


@pytest.fixture
def as_the_owner(transactional_db: None) -> Iterator[None]:
    """Tell as the ledger's owner, as `up --demo` does: nobody else may state a past moment."""
    take_role(settings.DATABASE_OWNER_ROLE)
    yield
    take_role(settings.DATABASE_APP_ROLE)


@pytest.mark.realsize
@pytest.mark.usefixtures("as_the_owner")
def test_a_year_leaves_something_on_every_desk_and_nothing_out_of_balance() -> None:
    told = tell(present=FRIDAY)
    assert len(told.refusals) == 1, told.refusals
    assert set(Request.objects.values_list("state", flat=True)) == {"approved", "rejected", "withdrawn", "submitted", "draft"}
    assert Stage.objects.filter(state="assigned", escalated_at__isnull=False).exists()
    assert {"paid", "open"} <= set(Invoice.objects.values_list("money_state", flat=True))
    waiting = set(ExceptionItem.objects.filter(closed_at__isnull=True).values_list("code", flat=True))
    assert {"unexplained", "unmatched_payment", "uncoded_invoice", "duplicate_suspected"} <= waiting
    assert Suggestion.objects.filter(state="open").exists()
    owed = Debt.objects.filter(closed_at__isnull=True).values_list("kind", flat=True)
    assert (Emergency.objects.count(), set(owed)) == (1, {"review", "impact"})
    assert Pack.objects.filter(budget__code="KAFKA").count() == 2
    assert not Job.objects.exclude(state="done").exists()
    # Only reminders of the last quarter of an hour wait, for the like.
    assert set(OutboxEvent.objects.filter(handled_at__isnull=True).values_list("topic", flat=True)) <= {BundleBegun.topic}
    _statuses()
    out = StringIO()
    call_command("check_ledger", "--json", stdout=out)
    checked = json.loads(out.getvalue())
    assert (checked["drift"], checked["chain"]) == (0, "ok")


def _statuses() -> None:
    """The migration shows all three: one on track, one to watch, one to act on."""
    budget = Budget.objects.get(code="KAFKA")
    closed = Period.objects.filter(entity=budget.entity, state="closed").latest("month")
    report = budget_against_actual(budget, closed.month)
    assert {str(row.status) for row in report.by_category} == {"green", "yellow", "red"}
