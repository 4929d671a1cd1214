"""The page of a budget by cost centre, and the same figures through the API."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from budgets.models import Budget, CostCentre, FundsAccount
from budgets.services.budgets import load_document
from core import clock
from core.models import Entity, User
from tests.factories.budgets import move, open_year
from tests.factories.core import UserFactory, assign
from tests.factories.trees import GOLDEN, ROOT, TEAM, document
from tests.fixtures.budgets import SmallBudget
from tests.owner import as_owner

PAGE = f"/budgets/{ROOT}/cost-centres/"
QUERIES = 14
FIGURES = ("Allotted", "Handed down", "Not handed down", "Held", "Of it spent", "Left")


@pytest.fixture
def deep(entity: Entity) -> Budget:
    """The golden organization with nodes of every kind; its region spent 900.25 and has 99.75 reserved."""
    open_year(entity)
    budget = load_document(document=document(below=True), actor=None, entity_code=entity.code).budget
    move(at(budget, "eu-west"), "spent", "900.25")
    move(at(budget, "eu-west"), "reserved", "99.75")
    return budget


def at(budget: Budget, code: str) -> FundsAccount:
    return FundsAccount.objects.get(budget=budget, cost_centre__code=code)


def row_of(html: str, code: str) -> str:
    found = re.search(rf'<tr role="row" id="{code}".*?</tr>', html, re.DOTALL)
    assert found, code
    return found[0]


def figures_of(row: str) -> dict[str, str]:
    return {label: re.sub(r"<[^>]+>", "", found) for label, found in re.findall(r'data-label="([^"]+)">(.*?)</td>', row)}


def test_the_golden_organization_has_120000_hands_down_60000_and_60000_not(
    read_as_auditor: Callable[[str], str], entity: Entity
) -> None:
    load_document(document=document(), actor=None, entity_code=entity.code)
    html = read_as_auditor(PAGE)
    assert "Organization 2024: 60,000.00 USD not handed down" in html
    root, team = (figures_of(row_of(html, node["code"])) for node in GOLDEN["hierarchy"])
    assert [root[name] for name in ("Kind", *FIGURES)] == [
        *("organization", "120,000.00", "60,000.00", "60,000.00"),
        *("0.00", "0.00", "120,000.00"),
    ]
    assert [team[name] for name in ("Kind", *FIGURES[:3])] == ["team", "60,000.00", "0.00", "60,000.00"]
    assert f'href="{PAGE}"' in read_as_auditor(f"/budgets/{ROOT}/")


def test_each_figure_opens_the_entries_that_add_up_to_it(
    read_as_auditor: Callable[[str], str], client: Client, deep: Budget
) -> None:
    row = row_of(read_as_auditor(PAGE), TEAM)
    wanted = {
        "Allotted": ("60,000.00", {"allotted": "60,000.00"}),
        "Handed down": ("40,000.00", {"allotted": "40,000.00"}),
        "Not handed down": ("20,000.00", {"allotted": "20,000.00"}),
        "Held": ("1,000.00", {"reserved": "99.75", "spent": "900.25"}),
        "Of it spent": ("900.25", {"spent": "900.25"}),
    }
    for label, (figure, sums) in wanted.items():
        found = re.search(rf'data-label="{label}"><a href="([^"]+)">([^<]+)</a>', row)
        assert found, label
        assert found[2] == figure
        html = client.get(unescape(found[1])).content.decode()
        said = re.search(r'Entries, USD</h2><span class="aside">(.*?)</span>', html)
        assert said, label
        assert said[1] == " · ".join(f"{bucket} {amount}" for bucket, amount in sums.items())


def test_a_reader_of_a_part_sees_that_part_and_nobody_else_any(
    client: Client, deep: Budget, entity: Entity, outsider: User
) -> None:
    lead = UserFactory.create()
    assign(lead, "tech_lead", entity, cost_centre=CostCentre.objects.get(code="checkout"))
    client.force_login(lead)
    html = client.get(PAGE).content.decode()
    assert "You see your part." in html
    assert re.findall(r'<tr role="row" id="([^"]+)"', html) == ["checkout", "eu-west", "staging"]
    assert "120,000.00" not in html
    client.force_login(outsider)
    assert client.get(PAGE).status_code == 404


def test_what_was_handed_down_twice_is_said_and_leads_to_its_row(read_as_auditor: Callable[[str], str], deep: Budget) -> None:
    with as_owner():
        deep.controls.update(mode="track")
    move(at(deep, TEAM), "allotted", -26000, kind="revise")
    html = read_as_auditor(PAGE)
    assert "Over-allocated by 6,000.00 USD." in html
    assert f'<a href="{PAGE}#{TEAM}">See the row</a>' in html
    assert 'class="num bad" data-label="Not handed down"' in row_of(html, TEAM)


def test_another_day_and_a_day_that_is_not_over(read_as_auditor: Callable[[str], str], deep: Budget) -> None:
    assert f'?bucket=allotted&amp;at={ROOT}&amp;until=2026-01">5,000.00<' in read_as_auditor(f"{PAGE}?through=2026-01")
    to_come = f"{clock.now() + timedelta(days=3):%Y-%m-%d}"
    assert "You see the figures of now." in read_as_auditor(f"{PAGE}?as_of={to_come}")


def test_a_budget_of_its_own_below_is_named_apart(
    read_as_auditor: Callable[[str], str], deep: Budget, entity: Entity, api: Callable[..., Any], auditor: User
) -> None:
    other = document()
    other["budget"] |= {"code": "own", "name": "Of its own", "cost_centre": TEAM, "total": "500"}
    other["budget"]["envelopes"] = [{"category": "cloud", "amount": "500"}]
    load_document(document=other, actor=None, entity_code=entity.code)
    html = read_as_auditor(PAGE)
    assert '<a href="/budgets/own/cost-centres/">Of its own</a>' in html
    assert figures_of(row_of(html, ROOT))["Allotted"] == "120,000.00"
    beside = api(auditor).get(f"budgets/{ROOT}/cost-centres").json()["beside"]
    assert beside == [{"budget": "own", "cost_centre": TEAM, "currency": "USD", "allotted": "500.00"}]


def test_programs_get_the_figures_of_the_page(
    api: Callable[..., Any], read_as_auditor: Callable[[str], str], deep: Budget, auditor: User
) -> None:
    shown = api(auditor).get(f"budgets/{ROOT}/cost-centres").json()
    html = read_as_auditor(PAGE)
    assert shown["not_handed_down"] == "60000.00"
    assert [node["cost_centre"] for node in shown["nodes"]] == re.findall(r'<tr role="row" id="([^"]+)"', html)
    for node in shown["nodes"]:
        sums = node["figures"]
        own = (sums["allotted"], node["handed_down"], node["not_handed_down"], sums["held"], sums["spent"], sums["available"])
        cells = figures_of(row_of(html, node["cost_centre"]))
        assert [cells[name].replace(",", "") for name in FIGURES] == list(own)
    region = next(node for node in shown["nodes"] if node["kind"] == "region")
    assert (region["parent"], region["own"]["spent"], region["figures"]["held"]) == ("checkout", "900.25", "1000.00")
    early = api(auditor).get(f"budgets/{ROOT}/cost-centres?through=2026-01").json()
    assert (early["through"], early["not_handed_down"]) == ("2026-01", "5000.00")


def test_the_page_asks_as_often_for_many_nodes_as_for_few(
    client: Client, deep: Budget, small_budget: SmallBudget, auditor: User
) -> None:
    client.force_login(auditor)
    client.get(PAGE)
    asked = []
    for path in (PAGE, "/budgets/SMALL/cost-centres/"):
        with CaptureQueriesContext(connection) as seen:
            client.get(path)
        asked.append(len(seen))
    assert asked == [QUERIES, QUERIES]
