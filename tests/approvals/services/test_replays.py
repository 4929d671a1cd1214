"""A draft of a policy on past requests: what would have gone elsewhere, how long, and who gets how much work."""

import io
import json
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from approvals.models import Request
from approvals.rules.document import PolicyDocument
from approvals.rules.document_rules import rules_of
from approvals.rules.replay import Decider, Past, Replay, groups_of, replay
from approvals.rules.routing import Facts, route
from approvals.selectors.replays import past_requests, replayed, scope_of, usual_hours
from approvals.services.policies import load_policy
from approvals.services.requests import withdraw_request
from core import clock
from tests.factories.approvals import MONDAY, approve_all, draft, everything, line, read_yaml, submitted
from tests.fixtures.approvals import House

KAFKA = read_yaml("demo/policies/kafka.yaml")
DISTRO = read_yaml("demo/policies/distro.yaml")
pytestmark = pytest.mark.usefixtures("monday")


def _stricter() -> dict[str, Any]:
    """The demo's policy with vendor payments over 1,000 going to the sponsor as well."""
    document = deepcopy(KAFKA)
    rest = [rule for rule in document["rules"] if rule["kind"] != "vendor_payment"]
    small = {"kind": "vendor_payment", "up_to": 1000, "stages": ["program_director"], "sla": "2 business days"}
    large = {
        "kind": "vendor_payment",
        "over": 1000,
        "stages": ["program_director", "executive_sponsor"],
        "sla": "2 business days",
    }
    document["rules"] = [*rest, small, large]
    document["accepted_gaps"] = [gap for gap in document["accepted_gaps"] if gap["kind"] != "vendor_payment"]
    return document


def _replayed(document: dict[str, Any], house: House) -> Replay:
    return replayed(PolicyDocument.model_validate(document), house.entity)


@pytest.fixture
def past(kafka: House) -> list[Request]:
    small, large = submitted(kafka.engineer, kafka.account, "900"), submitted(kafka.engineer, kafka.account, "1200")
    draft(kafka.engineer, kafka.account, "5000")
    return [small, large, submitted(kafka.engineer, kafka.account, "300", kind="infrastructure")]


@pytest.mark.usefixtures("past")
def test_the_policy_that_routed_them_changes_nothing(kafka: House) -> None:
    result = _replayed(KAFKA, kafka)

    assert (result.requests, result.changed, result.unrouted) == (3, 0, 0)
    assert result.was == result.would


def test_what_would_have_gone_elsewhere_is_shown_with_who_gets_the_work(kafka: House, past: list[Request]) -> None:
    result = _replayed(_stricter(), kafka)

    assert (result.requests, result.changed) == (3, 1)
    [example] = result.examples
    assert (example.number, example.amount) == (past[1].number, "1200.00 USD")
    assert (example.was, example.would) == ((("program_director",),), (("program_director",), ("executive_sponsor",)))
    assert (result.was["executive_sponsor"], result.would["executive_sponsor"]) == (0, 1)
    assert result.mean_hours_would > result.mean_hours_was


@pytest.mark.usefixtures("past")
def test_what_would_have_found_nobody_is_counted(kafka: House) -> None:
    document = deepcopy(KAFKA)
    document["rules"] = [rule for rule in document["rules"] if rule["kind"] != "infrastructure"]

    result = _replayed(document, kafka)
    assert (result.changed, result.unrouted) == (1, 1)
    assert result.examples[0].would == ()


def test_a_request_that_was_withdrawn_counts_as_it_was_asked(kafka: House, past: list[Request]) -> None:
    withdraw_request(request_id=past[0].pk, actor=kafka.engineer)

    assert _replayed(KAFKA, kafka).requests == 3


def test_a_nearer_policys_requests_are_its_own(kafka: House, past: list[Request]) -> None:
    kinds = {"vendor_payment": {"name": "Vendor payment"}}
    near = deepcopy(KAFKA) | {"code": "near", "cost_centre": kafka.account.cost_centre.code, "kinds": kinds, "accepted_gaps": []}
    near.pop("amendments")
    near["rules"] = [{"kind": "vendor_payment", "stages": ["cfo"], "sla": "1 week"}]
    load_policy(document=near, entity=kafka.entity, actor=None)

    assert _replayed(KAFKA, kafka).requests == 0
    result = _replayed(near, kafka)
    assert (result.requests, result.unrouted) == (3, 1)
    assert {example.number for example in result.examples} == {request.number for request in past}


def test_the_usual_wait_of_a_role_is_what_it_took_and_else_its_sla(kafka: House, past: list[Request]) -> None:
    with clock.at(MONDAY + timedelta(hours=5)):
        approve_all(past[1])

    hours = usual_hours(kafka.entity, rules_of(PolicyDocument.model_validate(KAFKA)))
    assert hours["program_director"] == 5.0
    assert hours["change_control_board"] == 5 * 24.0


def test_facts_are_read_as_a_submission_reads_them(distro: House) -> None:
    """By the dearest month, with every cost centre and category: each past request routes as it did."""
    lines = [line(distro.account, "40"), line(distro.budget.accounts["PRODUCT", "software"], "30"), line(distro.account, "25")]
    request = submitted(distro.engineer, distro.account, kind="monthly_cost", lines=lines)
    document = PolicyDocument.model_validate(DISTRO)

    [past] = past_requests(distro.entity, scope_of(document, distro.entity))
    assert (past.facts.amount, past.facts.monthly_increase) == (Decimal(95), Decimal(95))
    assert len(past.facts.cost_centre_paths) == 2
    assert _replayed(DISTRO, distro).changed == 0
    assert past.number == request.number


@pytest.mark.usefixtures("past")
def test_a_replay_changes_nothing(kafka: House) -> None:
    before = everything()
    _replayed(_stricter(), kafka)

    assert everything() == before


@pytest.mark.usefixtures("past")
def test_the_command_answers_in_json_and_in_words(kafka: House, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(_stricter()))
    out, text = io.StringIO(), io.StringIO()

    call_command("policy", "replay", str(file), "--json", stdout=out)
    call_command("policy", "replay", str(file), stdout=text)

    answer = json.loads(out.getvalue())
    assert (answer["requests"], answer["changed"], len(answer["examples"])) == (3, 1, 1)
    assert answer["work"]["executive_sponsor"] == {"was": 0, "would": 1}
    assert text.getvalue().startswith("1 of 3 requests would have gone elsewhere, 0 to nobody.")


RULES = {name: rules_of(PolicyDocument.model_validate(read_yaml(f"demo/policies/{name}.yaml"))) for name in ("kafka", "distro")}
SPECIAL: tuple[dict[str, str], ...] = {"cost_centre_code": "ENG"}, {"category_code": "software"}, {"vendor_code": "acme"}, {}
amounts = st.decimals(min_value="0.01", max_value="60000", places=2) | st.sampled_from([4999, 5000, 50, 200, 500, 50000]).map(
    Decimal
)


@given(
    name=st.sampled_from(["kafka", "distro"]),
    kind=st.sampled_from(["team_expense", "vendor_payment", "infrastructure", "budget_reallocation", "monthly_cost", "other"]),
    amount=amounts,
    increase=amounts,
    place=st.sampled_from(["/ACME/ENG/", "/ACME/OPS/", "/ACME/ENGINE/"]),
    vendor=st.sampled_from(["", "acme"]),
    special=st.lists(st.sampled_from(SPECIAL), min_size=1, max_size=4),
)
def test_the_quick_decider_says_what_routing_says(
    name: str, kind: str, amount: Decimal, increase: Decimal, place: str, vendor: str, special: list[dict[str, str]]
) -> None:
    rules = [_with(rule, special[rule.position % len(special)]) for rule in RULES[name]]
    facts = Facts(kind, amount, "USD", increase, (place,), ("/software/",), vendor)

    chosen = Decider(rules).decide(facts)
    assert (chosen.rule if chosen else None) == route(facts, rules).rule


def _with(rule: Any, more: dict[str, str]) -> Any:
    return replace(rule, **more)


def test_side_by_side_is_one_group_whose_wait_is_the_longest() -> None:
    document = deepcopy(KAFKA)
    document["rules"][2]["stages"] = [{"side_by_side": ["tech_lead", "finance"]}, "cfo"]
    rules = rules_of(PolicyDocument.model_validate(document))
    facts = Facts("infrastructure", Decimal(100), "USD")

    result = replay([Past("1", facts, ())], rules, usual_hours={"tech_lead": 2.0, "finance": 5.0, "cfo": 1.0})
    assert groups_of(rules[2]) == (("finance", "tech_lead"), ("cfo",))
    assert result.mean_hours_would == 6.0
