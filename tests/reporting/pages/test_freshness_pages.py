"""Pages of figures say whether these may still change: preliminary while a month of theirs is open, final once all are closed."""

import re

import pytest
from django.test import Client

from budgets.models import ChargebackRun, Period
from budgets.selectors.freshness import freshness_of_budgets, freshness_of_runs
from budgets.services.periods import close_period
from core import clock
from core.models import User
from tests.factories.chargebacks import Charged
from tests.fixtures.budgets import SmallBudget

SAID = re.compile(r'<p class="freshness">.*?</svg>(\w+)</span><span>as of ')
# Each lists figures of the small budget, whose first months are January to March 2026.
PAGES = (
    "/budgets/",
    "/budgets/SMALL/entries/",
    "/budgets/SMALL/changes/?since=2025-12-31",
    "/budgets/SMALL/versions/",
    "/budgets/SMALL/controls/",
    "/budgets/controls/?entity={entity}",
    "/reports/",
    "/reports/unified/entries/?entity={entity}&first=2026-01&last=2026-02",
)


def close_all(small: SmallBudget, controller: User) -> None:
    months = Period.objects.filter(
        entity=small.entity, month__range=(small.budget.starts_on, small.budget.ends_on), closed_at=None
    )
    for period in months.order_by("month"):
        close_period(entity=small.entity, month=period.month, actor=controller)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_preliminary_until_its_months_are_closed(
    client: Client, small_budget: SmallBudget, controller: User, path: str
) -> None:
    client.force_login(controller)
    path = path.format(entity=small_budget.entity.code)
    assert SAID.findall(client.get(path).content.decode()) == ["Preliminary"]
    close_all(small_budget, controller)
    assert SAID.findall(client.get(path).content.decode()) == ["Final"]


def test_figures_of_several_budgets_name_the_newest_entry_and_none_where_there_is_none(small_budget: SmallBudget) -> None:
    now = clock.now()
    [(words, last)] = freshness_of_budgets([small_budget.budget], now=now).sources
    assert (words, last) == (
        "newest entry",
        small_budget.budget.accounts.exclude(posted_at=None).order_by("-posted_at")[0].posted_at,
    )
    assert freshness_of_budgets([], now=now).sources == [("no entries yet", None)]


def test_chargebacks_are_final_once_posted_and_their_months_closed(charged: Charged) -> None:
    now = clock.now()
    run = charged.sent()
    fresh = freshness_of_runs(ChargebackRun.objects.all(), now=now)
    assert (fresh.state, fresh.sources) == ("preliminary", [("newest chargeback drawn up", run.drawn_at)])
    assert freshness_of_runs(ChargebackRun.objects.none(), now=now).sources == [("no chargeback yet", None)]
