"""Budgets, their figures, controls, rates and ledger through the API."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import yaml
from django.conf import settings

from budgets.models import Budget, BudgetVersion, Control, ExchangeRate, Journal
from core import clock
from core.models import User
from tests.factories.budgets import move
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.trials import balances, moves_between

DOCUMENT = settings.BASE_DIR / "tests" / "budgets" / "pages" / "plan.yaml"


@pytest.fixture
def finance(api: Callable[..., Any], controller: User, small_budget: SmallBudget) -> Any:
    return api(controller)


def plan(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text())
    found["budget"] |= changes
    return yaml.safe_load(yaml.safe_dump(found, default_flow_style=False)) if not changes else found


def as_json(document: dict[str, Any]) -> Any:
    """Return a YAML document as JSON has it: dates as text."""
    import json

    return json.loads(json.dumps(document, default=str))


def test_a_budget_is_listed_and_shown_with_its_figures(finance: Any, small_budget: SmallBudget) -> None:
    move(small_budget.account, "reserved", "120.50")
    row = finance.get("budgets?entity=acme&kind=project&month=2026-03&is_in_force=true").json()["results"][0]
    shown = finance.get("budgets/SMALL").json()
    assert row == shown
    assert (shown["currency"], shown["figures"]["allotted"], shown["figures"]["available"]) == ("USD", "72000.00", "71879.50")
    assert finance.get("budgets?kind=operating").json()["results"] == []
    # The plain addresses answer alike.
    assert finance.get("/api/budgets/SMALL").json() == shown
    assert finance.get("/api/budgets").json()["results"] == [row]
    assert finance.get("/api/budgets/stats/summary").json() == finance.get("budgets/stats/summary").json()


def test_changes_are_those_between_two_moments(finance: Any, small_budget: SmallBudget) -> None:
    since = (clock.now() - timedelta(days=2)).isoformat().replace("+", "%2B")
    found = finance.get(f"budgets/SMALL/changes?since={since}").json()
    assert set(found["before"].values()) == {"0.00"}
    assert found["untouched"] + len(found["lines"]) == small_budget.budget.accounts.count()
    swapped = finance.get(f"budgets/SMALL/changes?since={since}&until=2026-01-01T00:00:00Z")
    assert (swapped.status_code, swapped.json()["code"]) == (400, "moments_swapped")


def test_figures_are_of_a_moment_and_through_a_month(finance: Any, small_budget: SmallBudget) -> None:
    move(small_budget.account, "spent", "200.00", is_fact=True)
    figures = finance.get("budgets/SMALL/figures?through=2026-02").json()
    assert figures["figures"]["allotted"] == "12000.00"
    software = next(each for each in figures["categories"] if each["category"] == "software")
    assert software["figures"]["spent"] == "200.00"
    assert {line["cost_centre"] for line in software["lines"]} == {"PLATFORM", "PRODUCT"}
    to_come = (clock.now() + timedelta(days=2)).isoformat().replace("+00:00", "Z")
    answer = finance.get(f"budgets/SMALL/figures?as_of={to_come}")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_settled")
    assert finance.get("budgets/SMALL/figures?as_of=yesterday").status_code == 400


def test_a_document_is_loaded_and_then_replaced(finance: Any, controller: User) -> None:
    document = as_json(plan())
    code = document["budget"]["code"]
    first = finance.post("budgets", document)
    assert first.status_code == 201, first.content
    assert (first.json()["version"], first.json()["unchanged"]) == (1, False)
    # Again it would be another version: that is PUT, which must say what was read.
    assert finance.post("budgets", document).status_code == 409
    assert finance.put(f"budgets/{code}", document).status_code == 428
    etag = finance.get(f"budgets/{code}")["ETag"]
    assert finance.put(f"budgets/{code}", document, if_match=etag).json()["unchanged"] is True
    changed = as_json(plan(note="Once more"))
    tried = finance.put(f"budgets/{code}?dry_run=true", changed, if_match=etag)
    assert (tried.status_code, tried.json()["version"]) == (200, 2)
    assert BudgetVersion.objects.filter(budget__code=code).count() == 1
    assert finance.put(f"budgets/{code}", changed, if_match=etag).json()["version"] == 2
    assert finance.put(f"budgets/{code}", document, if_match=etag).status_code == 412
    listed = finance.get(f"budgets/{code}/versions").json()["results"]
    assert [(row["number"], row["state"]) for row in listed] == [(2, "in_force"), (1, "superseded")]
    planned = finance.get(f"budgets/{code}/versions/2/plan").json()
    assert planned["categories"][0]["lines"][0]["months"][0]["amount"]


def test_a_document_that_cannot_be_loaded_names_its_places(finance: Any) -> None:
    document = as_json(plan())
    document["budget"]["total"] = "much"
    answer = finance.post("budgets", document)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "budget.total"
    assert finance.put("budgets/SMALL", as_json(plan()), if_match="*").json()["errors"][0]["field"] == "budget.code"
    assert Budget.objects.count() == 1


def test_a_control_is_stated_changed_and_removed(finance: Any, small_budget: SmallBudget) -> None:
    body = {"entity": "acme", "budget": "SMALL", "cost_centre": "PLATFORM", "mode": "stop", "window": "quarter"}
    made = finance.post("controls", body | {"own_limit": "9000.00"})
    assert made.status_code == 201, made.content
    address = f"controls/{made.json()['id']}"
    assert (made.json()["on"], made.json()["own_limit"], made.json()["tightest"]["left"]) == ("cost centre", "9000.00", "9000.00")
    assert finance.post("controls", body).json()["details"] == {"id": made.json()["id"]}
    assert finance.put(address, {"mode": "warn"}).status_code == 428
    below = finance.put(address, {"mode": "stop", "own_limit": "100.00"}, if_match=made["ETag"])
    assert (below.status_code, below.json()["code"]) == (409, "no_funds")
    assert below.json()["details"]
    changed = finance.put(address, {"mode": "warn", "tolerance": "0.25"}, if_match=made["ETag"])
    assert (changed.status_code, changed.json()["tolerance"]) == (200, "0.25")
    assert finance.delete(address, if_match=made["ETag"]).status_code == 412
    assert finance.get(f"{address}/windows").json()["windows"][0]["limit"]
    assert finance.delete(address, if_match=changed["ETag"]).status_code == 204
    assert finance.get(address).status_code == 404


def test_one_states_controls_where_one_keeps_the_books(api: Callable[..., Any], finance: Any, auditor: User) -> None:
    body = {"entity": "acme", "mode": "stop", "window": "year"}
    assert api(auditor).post("controls", body).status_code == 403
    assert finance.post("controls", body | {"cost_centre": "NOWHERE"}).status_code == 404
    assert finance.post("controls", body | {"budget": "SMALL", "account": 10**15}).status_code == 404
    assert not Control.objects.exclude(origin="version").exists()


def test_rates_are_stated(finance: Any) -> None:
    body = {"entity": "acme", "currency": "EUR", "valid_on": "2026-01-01", "rate": "1.0842", "source": "Bank"}
    answer = finance.post("rates", body)
    assert (answer.status_code, answer.json()["rate"], answer.json()["in_currency"]) == (201, "1.0842", "USD")
    assert finance.post("rates", body | {"currency": "XXQ"}).json()["code"] == "currency"
    assert finance.get("rates?currency=EUR").json()["results"][0]["id"] == answer.json()["id"]
    assert ExchangeRate.objects.count() == 1


def test_the_ledger_is_read_down_to_its_entries(finance: Any, small_budget: SmallBudget) -> None:
    moved = move(small_budget.account, "reserved", "120.50", thread="line-1")
    entry = finance.get("entries?thread=line-1").json()["results"][0]
    assert (entry["amount"], entry["currency"], entry["month"], entry["journal"]) == ("120.50", "USD", "2026-01", moved.id)
    journal = finance.get(f"journals/{moved.id}").json()
    assert (journal["kind"], journal["state"]) == ("reserve", "pending")
    account = finance.get(f"accounts/{small_budget.account.pk}").json()
    assert account["figures"]["reserved"] == "120.50"
    assert finance.get("ledger/check").json()["is_whole"] is True
    assert Journal.objects.count() == 2


READABLE = ["budgets", "accounts", "entries", "journals", "controls", "rates", "categories", "cost-centres", "vendors"]


@pytest.mark.parametrize("thing", READABLE)
def test_an_outsider_sees_nothing_of_it(api: Callable[..., Any], finance: Any, outsider: User, thing: str) -> None:
    own = finance.get(thing).json()["results"]
    assert own or thing == "rates"
    elsewhere = api(outsider)
    assert elsewhere.get(thing).json()["results"] == []
    if own:
        key = own[0]["code"] if thing == "budgets" else own[0]["id"]
        assert finance.get(f"{thing}/{key}").status_code == 200
        assert elsewhere.get(f"{thing}/{key}").status_code == 404


def test_pages_go_through_every_row_once_in_each_ordering(finance: Any) -> None:
    for ordering in ("-id", "id"):
        seen: list[int] = []
        address = f"/api/v1/entries?page_size=7&ordering={ordering}"
        while address:
            page = finance.get(address).json()
            seen += [row["id"] for row in page["results"]]
            address = (page["next"] or "").removeprefix("http://testserver")
        assert len(seen) == len(set(seen)) == 72
        assert seen == sorted(seen, reverse=ordering == "-id")


def test_a_budget_goes_back_to_an_earlier_version(finance: Any) -> None:
    document = as_json(plan())
    code, address = document["budget"]["code"], f"budgets/{document['budget']['code']}/versions"
    finance.post("budgets", document)
    first = balances()
    cheaper = as_json(plan(note="Cheaper"))
    line = next(each for part in cheaper["budget"]["envelopes"] for each in part["lines"] if "amount" in each)
    line["amount"] = f"{Decimal(str(line['amount'])) / 2:.2f}"
    etag = finance.get(f"budgets/{code}")["ETag"]
    assert finance.put(f"budgets/{code}", cheaper, if_match=etag).json()["version"] == 2
    second = balances()
    assert second != first

    tried = finance.post(f"{address}/1/again?dry_run=true")
    assert (tried.status_code, tried.json()["version"]) == (200, 3), tried.content
    assert balances() == second
    assert finance.post(f"{address}/1/again").json()["version"] == 3
    assert moves_between(first, balances()) == {}
    told = {
        (each["cost_centre"], each["category"], each["month"]): (each["before"], each["after"])
        for each in tried.json()["dry_run"]["moved"]
    }
    done = {
        (place[1], place[2], f"{place[3]:%Y-%m}"): (f"{one:.2f}", f"{two:.2f}")
        for place, (one, two) in moves_between(second, first).items()
    }
    assert told == done
    assert finance.post(f"{address}/3/again").json()["code"] == "wrong_state"
