"""Which rule a request falls under, compared unrounded, and how far the others were."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.rules.document import PolicyDocument
from approvals.rules.document_rules import rules_of
from approvals.rules.routing import Facts, Rule, band, route, why_not
from tests.factories.approvals import read_yaml

KAFKA = rules_of(PolicyDocument.model_validate(read_yaml("demo/policies/kafka.yaml")))
DISTRO = rules_of(PolicyDocument.model_validate(read_yaml("demo/policies/distro.yaml")))


def facts(kind: str = "team_expense", amount: str = "100", **more: object) -> Facts:
    return Facts(kind, Decimal(amount), "USD", **more)  # type: ignore[arg-type]


def rule(**more: object) -> Rule:
    return Rule(1, "Rule", "team_expense", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bounds", "amount", "reason"),
    [
        ({"upper": Decimal(5000)}, "4999.99", ""),
        ({"upper": Decimal(5000)}, "5000", "Exactly at the bound, so just above the band, which is below 5,000.00."),
        ({"upper": Decimal(5000)}, "5120", "120.00 USD above the band, which is below 5,000.00."),
        ({"upper": Decimal(50), "upper_included": True}, "50", ""),
        ({"upper": Decimal(50), "upper_included": True}, "50.01", "0.01 USD above the band, which is up to 50.00."),
        ({"lower": Decimal(50000)}, "50000", "Exactly at the bound, so just below the band, which is over 50,000.00."),
        ({"lower": Decimal(50000)}, "49880", "120.00 USD below the band, which is over 50,000.00."),
        ({"lower": Decimal(100), "lower_included": True}, "100", ""),
    ],
)
def test_a_band_and_its_distance(bounds: dict[str, object], amount: str, reason: str) -> None:
    assert why_not(facts(amount=amount), rule(**bounds)) == reason


def test_a_rule_may_ask_for_cost_centre_category_and_vendor() -> None:
    asked = facts(cost_centre_paths=("/ACME/ENG/PLATFORM/",), category_paths=("/it/software/",), vendor_code="acme")

    for wanted in ({"cost_centre_code": "ENG"}, {"category_code": "software"}, {"vendor_code": "acme"}):
        assert not why_not(asked, rule(**wanted))
    for other in ({"cost_centre_code": "EN"}, {"category_code": "soft"}, {"vendor_code": "other"}):
        assert why_not(asked, rule(**other))


def test_the_first_that_matches_decides_and_the_others_say_so() -> None:
    found = route(facts(), [Rule(2, "Second", "team_expense"), Rule(1, "First", "team_expense"), Rule(3, "Third", "travel")])

    assert found.rule is not None
    assert found.rule.name == "First"
    assert [(step.matched, step.chosen) for step in found.trace] == [(True, True), (True, False), (False, False)]
    assert found.trace[1].reason.endswith("An earlier rule decides.")
    assert found.trace[2].reason == "It is for travel, this is team expense."


@given(amount=st.decimals(min_value="0.01", max_value=10**9, places=2))
def test_every_monthly_increase_has_exactly_one_level(amount: Decimal) -> None:
    asked = Facts("monthly_cost", Decimal(1), "USD", monthly_increase=amount)

    assert len([one for one in DISTRO if not why_not(asked, one)]) == 1


def test_no_increase_needs_no_level() -> None:
    assert route(Facts("monthly_cost", Decimal(1), "USD"), DISTRO).rule is None


def test_the_bands_of_the_matrix_in_words() -> None:
    """Those of the source; rules for other kinds come after them."""
    assert [band(one) for one in KAFKA[:5]] == [
        "below 5,000.00",
        "below 25,000.00",
        "below 10,000.00",
        "any amount",
        "over 50,000.00",
    ]
