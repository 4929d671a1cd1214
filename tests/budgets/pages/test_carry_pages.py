"""Carrying a budget on, and stating what cost centres carry, on pages and for programs."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from budgets.models import CarryRule, CarryRun, Journal
from budgets.services.periods import close_period
from core.models import User
from tests.factories.budgets import move
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget

ADDRESS = "/budgets/SMALL/carry/"
RULES = "/budgets/carry-rules/"


@pytest.fixture
def finance(client: Client, small_budget: SmallBudget, controller: User) -> Client:
    client.force_login(controller)
    return client


def typed(**more: Any) -> dict[str, Any]:
    return {"through": "2026-01", "span": "month", "then": "look", **more}


def said(small: SmallBudget, **more: Any) -> dict[str, Any]:
    return {"cost_centre": small.parent.pk, "starts_on": "2026-01", "kind": "share", "up_to": "50 %", "note": "Policy 7", **more}


def mark_of(page: Any) -> str:
    return str(page.context["form"]["shown"].value())


def post(finance: Client) -> Any:
    return finance.post(ADDRESS, typed(then="do", shown=mark_of(finance.post(ADDRESS, typed()))), follow=True)


def test_it_is_shown_line_by_line_then_carried_once_and_taken_back(
    finance: Client, small_budget: SmallBudget, controller: User
) -> None:
    assert ADDRESS in finance.get("/budgets/SMALL/").content.decode()
    finance.post(f"{RULES}{small_budget.entity.code}/state/", said(small_budget))
    move(small_budget.account, "spent", 1500, is_fact=True)
    move(small_budget.accounts["PRODUCT", "people"], "committed", 200)
    page = finance.post(ADDRESS, typed()).content.decode()
    for sentence in (
        "up to 50 % of what is left",
        "overspend goes on",
        "Engineering, from Jan",
        "−500.00",
        "1,900.00",
        "2,400.00",
    ):
        assert sentence in page, sentence
    assert "The 200.00 still committed stay in their months" in page
    assert CarryRun.objects.count() == 0

    done = post(finance).content.decode()
    run = CarryRun.objects.get()
    journal = Journal.objects.get(key=run.key)
    assert (run.carried, run.lapsed) == (1900, 2400)
    assert f"/budgets/journals/{journal.pk}/" in done
    assert "What Small budget carried on" in finance.get(f"/budgets/journals/{journal.pk}/").content.decode()

    again = finance.post(ADDRESS, typed())
    assert again.status_code == 409
    assert "January 2026 was carried on into February 2026 before" in again.content.decode()
    assert "Carry it on" not in again.content.decode()

    undo = f"{ADDRESS}{run.pk}/undo/"
    finance.post(undo, {"reason": ""})
    assert Journal.objects.filter(kind="reverse").count() == 0
    assert "Too early." in finance.post(undo, {"reason": "Too early."}, follow=True).content.decode()
    assert "taken back before" in finance.post(undo, {"reason": "Twice."}, follow=True).content.decode()
    assert post(finance).status_code == 200
    assert CarryRun.objects.count() == 2


def test_books_that_moved_are_shown_anew(finance: Client, small_budget: SmallBudget) -> None:
    seen = mark_of(finance.post(ADDRESS, typed()))
    move(small_budget.account, "spent", 1)
    moved = finance.post(ADDRESS, typed(then="do", shown=seen))
    assert moved.status_code == 409
    assert "The books moved since this was shown." in moved.content.decode()
    assert CarryRun.objects.count() == 0
    assert finance.post(ADDRESS, typed(then="do", shown="")).status_code == 409
    assert finance.post(ADDRESS, typed(then="do", shown=mark_of(moved))).status_code == 302


@pytest.mark.parametrize(
    ("more", "status", "sentence"),
    [
        ({"through": ""}, 422, "Choose the month that ends."),
        ({"through": "2030-01"}, 422, "Small budget spans January 2026 to December 2026."),
        ({"into": "2026-01"}, 422, "Choose a month after the last that ends."),
        ({"into_budget": "NONE"}, 422, "Choose one of the budgets in force"),
        ({"through": "2026-12"}, 422, "No budget in USD spans January 2027. Load the next year"),
        ({"span": "century"}, 422, "Select a valid choice"),
    ],
)
def test_what_cannot_be_carried_is_said_and_stays(finance: Client, more: dict[str, str], status: int, sentence: str) -> None:
    page = finance.post(ADDRESS, typed(**more))
    assert page.status_code == status
    assert sentence.replace("'", "&#x27;") in page.content.decode()
    assert CarryRun.objects.count() == 0


def test_a_closed_month_is_refused_with_the_remedy(finance: Client, small_budget: SmallBudget, controller: User) -> None:
    close_period(entity=small_budget.entity, month=date(2026, 1, 1), actor=controller)
    page = finance.post(ADDRESS, typed())
    assert page.status_code == 409
    assert "No month of January 2026 is open. Open the last one again" in page.content.decode()


def test_it_is_for_finance_of_the_whole(client: Client, small_budget: SmallBudget, requester: User) -> None:
    client.force_login(requester)
    assert client.get(ADDRESS).status_code == client.get(RULES).status_code == 403
    part: User = UserFactory.create(name="Part")
    assign(part, "keeper", small_budget.entity, kind="finance", cost_centre=small_budget.parent)
    client.force_login(part)
    assert client.get(ADDRESS).status_code == client.get(RULES).status_code == 404
    assert client.post(f"{RULES}{small_budget.entity.code}/state/", said(small_budget)).status_code == 404
    assert CarryRule.objects.count() == 0


def test_a_statement_is_made_and_shown_where_it_holds(finance: Client, small_budget: SmallBudget) -> None:
    empty = finance.get(RULES).content.decode()
    assert "nobody stated otherwise" in empty
    done = finance.post(f"{RULES}{small_budget.entity.code}/state/", said(small_budget), follow=True).content.decode()
    assert "up to 50 % of what is left" in done
    assert "Policy 7" in done
    rule = CarryRule.objects.get()
    assert (rule.share_pct, rule.starts_on, rule.number) == (50, date(2026, 1, 1), 1)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"cost_centre": ""}, "cost_centre"),
        ({"cost_centre": "999999"}, "cost_centre"),
        ({"starts_on": "soon"}, "starts_on"),
        ({"up_to": "101"}, "up_to"),
        ({"up_to": ""}, "up_to"),
        ({"kind": "all"}, "up_to"),
        ({"kind": "amount", "up_to": "-5"}, "up_to"),
        ({"kind": "above", "up_to": ""}, "kind"),
    ],
)
def test_a_statement_that_cannot_be_read_stays_typed(
    finance: Client, small_budget: SmallBudget, more: dict[str, str], field: str
) -> None:
    page = finance.post(f"{RULES}{small_budget.entity.code}/state/", said(small_budget, **more))
    assert page.status_code == 422
    assert page.context["form"].errors[field]
    assert "Policy 7" in page.content.decode()
    assert CarryRule.objects.count() == 0


def test_an_earlier_beginning_is_refused_on_the_page(finance: Client, small_budget: SmallBudget) -> None:
    address = f"{RULES}{small_budget.entity.code}/state/"
    finance.post(address, said(small_budget, starts_on="2026-03"))
    page = finance.post(address, said(small_budget, kind="nothing", up_to=""))
    assert page.status_code == 409
    assert "State it from March 2026 on, or later" in page.content.decode()


def test_programs_state_try_carry_and_take_back(
    api: Callable[..., Any], small_budget: SmallBudget, controller: User, requester: User
) -> None:
    program = api(controller)
    terms = {
        "entity": "acme",
        "cost_centre": "ENG",
        "starts_on": "2026-01",
        "kind": "amount",
        "amount": "10.00",
        "currency": "USD",
    }
    stated = program.post("carry-rules", terms)
    assert (stated.status_code, stated.json()["number"]) == (201, 1)
    assert program.post("carry-rules", terms).json()["id"] == stated.json()["id"]
    assert program.post("carry-rules", terms | {"kind": "all"}).status_code == 400
    assert program.post("carry-rules", terms | {"cost_centre": "MOON"}).json()["errors"][0]["field"] == "cost_centre"
    assert program.get("carry-rules").json()["results"][0]["amount"] == "10.00"

    tried = program.post("budgets/SMALL/carries?dry_run=true", {"through": "2026-01"}).json()
    assert (tried["carried"], tried["lapsed"], tried["lines"][0]["stated_by"]) == ("60.00", "5940.00", "ENG")
    assert CarryRun.objects.count() == 0
    made = program.post("budgets/SMALL/carries", {"through": "2026-01"}).json()
    assert Decimal(made["carried"]) == 60
    again = program.post("budgets/SMALL/carries", {"through": "2026-01"})
    assert (again.status_code, again.json()["code"]) == (409, "carried_before")
    [listed] = program.get("budgets/SMALL/carries").json()["results"]
    assert (listed["id"], listed["journal"], listed["undone_at"]) == (made["id"], made["journal"], None)
    back = program.post(f"budgets/SMALL/carries/{made['id']}/undo", {"reason": "Too early."})
    assert back.json()["undone_at"]
    assert api(requester).post("budgets/SMALL/carries", {"through": "2026-02"}).status_code == 403
