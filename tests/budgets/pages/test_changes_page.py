"""The page of what changed at a budget between two days."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from core import clock
from core.models import User
from tests.factories.budgets import allot, move
from tests.fixtures.budgets import SmallBudget
from tests.owner import as_owner

PAGE = "/budgets/SMALL/changes/"


def day(back: int) -> str:
    return f"{clock.now() - timedelta(days=back):%Y-%m-%d}"


@pytest.fixture
def read(read_as_auditor: Callable[[str], str]) -> Callable[[str], str]:
    return lambda query: read_as_auditor(f"{PAGE}{query}")


@pytest.fixture
def story(small_budget: SmallBudget, controller: User) -> SmallBudget:
    """Ten days ago 1,000.00 was allotted; five days ago 700.00 was spent."""
    with clock.at(clock.now() - timedelta(days=10)), as_owner():
        allot(small_budget.account, "1000.00")
    with clock.at(clock.now() - timedelta(days=5)), as_owner():
        move(small_budget.account, "spent", "700.00")
    return small_budget


def test_it_says_what_changed_and_leads_to_the_entries(read: Callable[[str], str], story: SmallBudget, client: Client) -> None:
    html = read(f"?since={day(8)}&until={day(3)}")
    assert "Small budget: −700.00 USD available" in html
    assert "+700.00" in html
    assert "1,000.00" in html
    start = f"/budgets/SMALL/entries/?account={story.account.pk}&"
    [link] = [part.split('"')[0] for part in html.split('href="') if part.startswith(start)]
    entries = client.get(link.replace("&amp;", "&")).content.decode()
    assert "of those chosen" in entries
    assert "allotted 1,000.00" not in entries
    assert "spent 700.00" in entries


def test_nothing_in_between_is_said(read: Callable[[str], str], story: SmallBudget) -> None:
    assert "Small budget: nothing changed" in read(f"?since={day(4)}&until={day(3)}")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=2900-01-01", "That is not over yet."),
        ("since=yesterday", "such as 2026-11-05."),
        ("until=2026-01-02", "This field is required."),
        ("since=2026-02-02&until=2026-02-01", "The span ends before it begins."),
        ("since=2026-02-01&through=June", "such as 2026-11."),
    ],
)
def test_what_cannot_be_read_is_told_where_it_stands(
    read: Callable[[str], str], small_budget: SmallBudget, query: str, words: str
) -> None:
    html = read(f"?{query}")
    assert words in html
    assert "What changed at Small budget" in html


def test_it_is_for_readers_of_the_budget(client: Client, small_budget: SmallBudget, story: SmallBudget, outsider: User) -> None:
    client.force_login(outsider)
    assert client.get(f"{PAGE}?since={day(8)}").status_code in {403, 404}


def test_the_first_look_is_since_the_month_began(read: Callable[[str], str], small_budget: SmallBudget) -> None:
    with clock.at(datetime(2026, 5, 20, 12, tzinfo=UTC)):
        assert 'value="2026-04-30"' in read("")
