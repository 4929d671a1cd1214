"""A refusal for lack of funds on the page: its figures, who holds the money, each with a link, and the ways out."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client

from approvals.models import Request
from approvals.views.refusals import refusal_shown
from budgets.models import Journal
from budgets.services.controls import Node, Terms, set_control
from core.errors import NoFunds
from core.models import User
from tests.factories.approvals import draft, submitted
from tests.factories.budgets import move
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

DETAILS = {"what": "held", "node": "Team (Acme)", "window": "year", "cap": "210", "held": "100", "wanted": "120", "left": "110"}
LINE = "Training, Product"


@pytest.mark.django_db
@pytest.mark.parametrize(("stated", "shown"), [({"currency": "USD"}, "USD"), ({}, "EUR")])
def test_figures_are_in_the_currency_of_the_control(stated: dict[str, str], shown: str) -> None:
    """A request in EUR that a pool in USD refuses."""
    found = refusal_shown(NoFunds("No.", details=DETAILS | stated), person=UserFactory.create(), currency="EUR")
    rows = dict(found.rows)
    assert (rows["Limit"], rows["Left"], rows["You ask for"]) == (f"210.00 {shown}", f"110.00 {shown}", f"120.00 {shown}")
    assert found.ways[0] == f"Ask for at most 110.00 {shown} here."


def notice_of(html: str) -> str:
    found = re.search(r'<div class="notice notice-bad tight".*?</div>', html, re.DOTALL)
    assert found
    return found[0]


def facts_of(html: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", html))


def consumers_of(html: str) -> list[tuple[str, str, str]]:
    """Return the address, the name and the amount of each who holds money."""
    found = re.findall(r'<li><a href="([^"]*)">([^<]*)</a><span class="num">([^<]*)</span></li>', html)
    return [(unescape(url), unescape(name), amount) for url, name, amount in found]


def refused(client: Client, person: User, request: Request) -> str:
    client.force_login(person)
    answer = client.post(f"/requests/{request.number}/submit/")
    assert answer.status_code == 409
    return notice_of(answer.content.decode())


@pytest.mark.usefixtures("monday")
def test_a_line_that_refuses_shows_its_figures_and_leads_to_each_document_that_holds_its_money(
    client: Client, kafka: House
) -> None:
    line = kafka.budget.accounts["PRODUCT", "training"]
    earlier = submitted(kafka.engineer, line, "1500", title="Courses <of> spring")
    move(line, "spent", "250.50", thread="elsewhere:1")
    short = draft(kafka.engineer, line, "11000")

    html = refused(client, kafka.engineer, short)

    assert facts_of(html) == {
        "Where it stopped": LINE,
        "Counted over": "the year",
        "Limit": "12,000.00 USD",
        "Held by all": "1,750.50 USD",
        "Left": "10,249.50 USD",
        "You ask for": "11,000.00 USD",
    }
    entries = f"/budgets/SMALL/entries/?account={line.pk}&bucket=held&until=2026-12"
    assert consumers_of(html) == [
        (f"/requests/{earlier.number}/", f"{earlier.number} Courses <of> spring", "1,500.00"),
        (entries, f"A document on {LINE}", "250.50"),
    ]
    opened = client.get(entries).content.decode()
    assert "reserved 1,500.00 · spent 250.50" in opened
    assert "Ask for at most 10,249.50 USD here." in html
    assert f'<a href="/requests/move/?to={line.pk}&amp;amount-2026-03=750.50">Move budget to {LINE}</a>' in html


@pytest.mark.usefixtures("monday")
def test_a_limit_over_several_lines_leads_to_the_entries_of_each_line_that_holds_its_money(
    client: Client, kafka: House, controller: User
) -> None:
    lines = [kafka.budget.accounts[place, "training"] for place in ("PLATFORM", "PRODUCT")]
    node = Node(budget=kafka.budget.budget, category=lines[0].category)
    terms = Terms("stop", "year", own_limit=Decimal(5000))
    set_control(entity=kafka.entity, node=node, terms=terms, actor=controller, force=True, reason="It was cut.")
    move(lines[0], "spent", "3000")
    move(lines[1], "committed", "1200")

    html = refused(client, kafka.engineer, draft(kafka.engineer, lines[1], "801"))

    facts = facts_of(html)
    assert [facts[name] for name in ("Limit", "Held by all", "Left", "You ask for")] == [
        *("5,000.00 USD", "4,200.00 USD", "800.00 USD", "801.00 USD")
    ]
    assert consumers_of(html) == [
        (f"/budgets/SMALL/entries/?account={line.pk}&bucket=held&until=2026-12", line.name, amount)
        for line, amount in zip(lines, ("3,000.00", "1,200.00"), strict=True)
    ]


@pytest.mark.usefixtures("monday")
def test_what_one_may_not_see_holds_money_without_a_name_or_a_link(client: Client, kafka: House) -> None:
    line = kafka.budget.accounts["PRODUCT", "training"]
    submitted(kafka.engineer, line, "1500", title="Secret courses")
    stranger = UserFactory.create()
    assign(stranger, "engineer_elsewhere", kafka.entity, cost_centre=kafka.budget.cost_centres["PLATFORM"], kind="requester")
    details = {"consumers": [{"account": line.pk, "name": LINE, "thread": "request-line:1", "held": "1500.00"}]}

    [held] = refusal_shown(NoFunds("No.", details=DETAILS | details), person=stranger).consumers

    assert (held.name, held.amount, held.url) == (f"A document on {LINE}", 1500, "")


@pytest.mark.usefixtures("monday")
def test_a_refusal_that_no_page_catches_shows_its_figures_and_who_holds_the_money(
    client: Client, kafka: House, controller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of any refusal, where a view does not say it within its own."""
    line = kafka.budget.accounts["PRODUCT", "training"]
    move(line, "spent", "11000")
    monkeypatch.setattr("budgets.views.entries.entries_hidden", lambda *_: move(line, "reserved", "1000.01"))
    client.force_login(controller)

    answer = client.get(f"/budgets/journals/{Journal.objects.latest('pk').pk}/")

    html = answer.content.decode()
    facts = facts_of(html)
    assert answer.status_code == 409
    assert [facts[name] for name in ("Where", "Amounts in", "Limit", "Held already", "Asked for", "Left")] == [
        *(LINE, "USD", "12,000.00", "11,000.00", "1,000.01", "1,000.00")
    ]
    assert consumers_of(html) == [(f"/budgets/SMALL/entries/?account={line.pk}&bucket=held&until=2026-12", LINE, "11,000.00")]
    assert "Ask for less, choose another line, or ask finance for a transfer." in html
