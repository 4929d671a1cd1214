"""The budget page as it stood at a past moment, and up to a month; and the entries that make its figures up."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from budgets.models import Entry
from budgets.rules.moments import moment_of
from core import clock
from core.models import User
from tests.factories.budgets import allot, move
from tests.fixtures.budgets import SmallBudget
from tests.owner import as_owner

BUDGET = "/budgets/SMALL/"


@pytest.fixture
def read(read_as_auditor: Callable[[str], str]) -> Callable[[str], str]:
    return lambda query: read_as_auditor(f"{BUDGET}{query}")


@pytest.fixture
def story(small_budget: SmallBudget, controller: User) -> SmallBudget:
    """Ten days ago 1,000.00 was allotted and 700.00 spent in January; today 40.00 was spent in March."""
    with clock.at(clock.now() - timedelta(days=10)), as_owner():
        allot(small_budget.account, "1000.00")
        move(small_budget.account, "spent", "700.00")
    move(small_budget.account, "spent", "40.00", month=date(2026, 3, 1))
    return small_budget


def _day(back: int) -> str:
    return f"{clock.now() - timedelta(days=back):%Y-%m-%d}"


def test_figures_as_they_stood(read: Callable[[str], str], story: SmallBudget) -> None:
    assert "Small budget: 72,260.00 USD available" in read("")
    html = read(f"?as_of={_day(2)}")
    assert "Small budget had 300.00 USD available" in html
    assert "These are not the figures of now." in html
    assert f'<a href="{BUDGET}">Back to now</a>' in html
    assert "Small budget had 0.00 USD available" in read(f"?as_of={_day(20)}")


def test_figures_up_to_a_month(read: Callable[[str], str], story: SmallBudget) -> None:
    html = read("?through=2026-02")
    assert "Small budget to Feb 2026: 12,300.00 USD available" in html
    assert "What lies after Feb 2026 is left out." in html
    both = read(f"?as_of={_day(2)}&through=2026-01")
    assert "Small budget had 300.00 USD available" in both


def test_a_figure_leads_to_the_entries_that_make_it_up(read: Callable[[str], str], story: SmallBudget, client: Client) -> None:
    day = _day(2)
    html = read(f"?as_of={day}&through=2026-03")
    assert f"?bucket=spent&amp;as_of={day}&amp;until=2026-03" in html
    entries = client.get(f"{BUDGET}entries/?bucket=spent&as_of={day}&until=2026-03").content.decode()
    assert "spent 700.00" in entries
    assert "spent 740.00" in client.get(f"{BUDGET}entries/?bucket=spent").content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("as_of=2900-01-01", "That is not over yet."),
        ("as_of=9999-12-31", "such as 2026-11-05."),
        ("as_of=yesterday", "such as 2026-11-05."),
        ("as_of=%00", "Null characters"),
        ("as_of=2026-02-30", "such as 2026-11-05."),
        ("through=2026-13", "such as 2026-11."),
    ],
)
def test_what_cannot_be_asked_says_so_and_shows_now(
    read: Callable[[str], str], story: SmallBudget, query: str, words: str
) -> None:
    html = read(f"?{query}")
    assert "Small budget: 72,260.00 USD available" in html
    assert "You see the figures of now." in html
    assert words in html


def test_a_moment_to_which_something_may_still_be_posted_is_refused(read: Callable[[str], str], story: SmallBudget) -> None:
    """The transaction of this test still runs: what it holds the ledger's clock at is not settled."""
    newest = Entry.objects.latest("id").recorded_at
    html = read(f"?as_of={newest:%Y-%m-%dT%H:%M:%S.%f}Z")
    assert "may still belong to that moment" in html
    assert "Small budget: 72,260.00 USD available" in html


def test_a_day_ends_in_its_zone() -> None:
    assert moment_of("2026-11-05", UTC) == datetime(2026, 11, 5, 23, 59, 59, 999999, tzinfo=UTC)
    assert moment_of("2026-11-05T10:00:00 02:00", UTC) == datetime(2026, 11, 5, 8, tzinfo=UTC)
    assert moment_of("2026-11-05T10:00", UTC) == datetime(2026, 11, 5, 10, tzinfo=UTC)
    with pytest.raises(ValueError, match="Too long"):
        moment_of("2" * 41, UTC)
