"""What keys allow, what rules set, and what complies; held against the golden framework."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from budgets.rules.rule_sets import parse, without_share
from budgets.rules.safe_yaml import read
from budgets.rules.tag_document import TagsDocument, parse_tags
from budgets.rules.tags import KeyTerms, Known, RuleTerms, Share, SpendFacts, filled, fits, lacking, set_by_rules, wrong_value

ROOT = Path(__file__).parents[3]
KNOWN = Known(frozenset({"PROD"}), frozenset({"DISTRO"}))
NATURES = {
    "Owner": "email",
    "Feature": "text",
    "Release": "version",
    "CostCenter": "cost_centre",
    "Budget": "budget",
}


GOOD_ADDRESSES = ["dana@distronation.com", "d.x@DISTRONATION.com"]
BAD_ADDRESSES = ["dana@gmail.com", "@distronation.com", "a b@distronation.com", "dana@evil-distronation.com"]


@pytest.fixture
def golden() -> dict[str, Any]:
    facts: dict[str, Any] = yaml.safe_load((ROOT / "tests/golden/distro_nation.yaml").read_text())["tags"]
    return facts


@pytest.fixture
def stated() -> TagsDocument:
    return parse_tags({"starts_on": "2026-01"} | read((ROOT / "demo/tags/distro-nation.yaml").read_bytes()))


def test_the_ten_mandatory_keys_are_those_of_the_framework(golden: dict[str, Any], stated: TagsDocument) -> None:
    found = {key.name: list(key.values) if key.allows == "list" else key.allows for key in stated.keys if key.is_mandatory}

    assert found == {name: NATURES.get(name, values) for name, values in golden["mandatory"].items()}
    assert len(found) == 10
    assert stated.starts_on == date(2026, 1, 1)


def test_the_four_rules_of_the_framework_and_its_target(golden: dict[str, Any], stated: TagsDocument) -> None:
    names = [rule.name for rule in stated.rules[:4]]

    assert len(golden["auto_rules"]) == len(names) == 4
    for said, name in zip(golden["auto_rules"], names, strict=True):
        assert said["of"].split()[0] in name
        assert said["by"].split()[-1] in {*name.split(), "pattern"}
    assert stated.target == Decimal(golden["compliance_target_pct"])


def test_the_department_analytics_has_no_share_in_the_allocation(golden: dict[str, Any]) -> None:
    rules = parse({"starts_on": "2026-01"} | read((ROOT / "demo/chargebacks/distro-nation.yaml").read_bytes()))
    found = {pool.of_tag.name: without_share(pool, {}) for pool in rules.pools if pool.of_tag is not None}

    assert found["Department"] == ["analytics"]
    assert "analytics" in golden["mandatory"]["Department"]


@pytest.mark.parametrize(
    ("allows", "values", "pattern", "good", "bad"),
    [
        ("list", ("production", "staging"), "", ["production", "Staging"], ["prod", ""]),
        ("email", ("distronation.com",), "", GOOD_ADDRESSES, BAD_ADDRESSES),
        ("version", (), "", ["4.2.0", "v1", "15.4", "1.0.0-rc.1"], ["latest", "1.", "..1"]),
        ("cost_centre", (), "", ["PROD"], ["prod", "MOON"]),
        ("budget", (), "", ["DISTRO"], ["KAFKA"]),
        ("text", (), "", ["anything at all"], []),
        ("text", (), "PRJ-####", ["PRJ-0042", "prj-1234"], ["PRJ-42", "PRJ-00421", "XPRJ-0042"]),
        ("text", (), "@@-*", ["ab-", "ab-anything"], ["a1-x", "abx"]),
        ("text", (), "(a+)+$", ["(a+)+$"], ["aaaa"]),
    ],
)  # fmt: skip
def test_a_key_allows_what_it_says(allows: str, values: tuple[str, ...], pattern: str, good: list[str], bad: list[str]) -> None:
    key = KeyTerms("it", "It", True, allows, values, pattern)

    assert [value for value in good if wrong_value(key, value, KNOWN)] == []
    assert [value for value in bad if not wrong_value(key, value, KNOWN)] == []


def test_the_sentence_names_what_is_allowed() -> None:
    key = KeyTerms("environment", "Environment", True, "list", ("production", "staging", "testing"))

    assert wrong_value(key, "prod", KNOWN) == "Environment is production, staging or testing; “prod” is not."


FACTS = SpendFacts(
    "aws-bill", "Amazon Web Services", "EC2 (NAT Gateway)", "nat-1", "/aws/compute/", "/DISTRO/PROD/", "PROD", "DISTRO"
)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"service": "EC2*"}, True),
        ({"service": "ec2 (nat gateway)"}, True),
        ({"service": "EC2"}, False),
        ({"service": "*", "vendor": "amazon*", "resource": "nat-*", "source": "aws-bill"}, True),
        ({"resource": "api-*"}, False),
        ({"source": "ledger"}, False),
        ({"category_path": "/aws/"}, True),
        ({"category_path": "/google/"}, False),
        ({"cost_centre_path": "/DISTRO/"}, True),
        ({"cost_centre_path": "/DISTRO/DEV/"}, False),
        ({"service": "[E]C2*"}, False),
    ],
)
def test_a_rule_fits_where_all_that_it_names_fits(rule: dict[str, str], said: bool) -> None:
    assert fits(RuleTerms(1, "Rule", {"team": "x"}, **rule), FACTS) is said


def test_the_first_rule_has_a_key_and_nothing_that_is_said_is_said_again() -> None:
    rules = [
        RuleTerms(1, "First", {"team": "one", "owner": "a"}, service="EC2*"),
        RuleTerms(2, "Second", {"team": "two", "costcenter": "{cost_centre}", "feature": "{resource}!"}, service="*"),
    ]

    found = set_by_rules(FACTS, rules, taken={"owner"})
    assert found == {"team": ("one", 1), "costcenter": ("PROD", 2), "feature": ("nat-1!", 2)}
    assert filled("{resource}", SpendFacts()) == ""


def test_what_is_missing_and_what_is_not_allowed_are_told_apart() -> None:
    keys = [
        KeyTerms("team", "Team", True, "list", ("a",)),
        KeyTerms("owner", "Owner", True, "text"),
        KeyTerms("note", "Note", False, "text"),
    ]

    found = lacking(keys, {"team": "b"}, KNOWN)
    assert found == {"team": "Team is a; “b” is not.", "owner": ""}
    assert lacking(keys, {"team": "A", "owner": "x"}, KNOWN) == {}


def test_a_share_just_below_the_target_is_not_rounded_up_to_it() -> None:
    share = Share()
    share.add(9499, Decimal("94.99"), good=True)
    share.add(501, Decimal("5.01"), good=False)

    assert (share.amount_pct, share.rows_pct, share.missing) == (Decimal("94.9"), Decimal("94.9"), Decimal("5.01"))
    assert not share.meets(Decimal(95))
    assert share.meets(Decimal("94.99"))
    assert share.meets(None)
    assert Share().amount_pct is None
    assert Share().meets(Decimal(95))
