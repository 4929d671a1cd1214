"""How large an amendment is by the shares of the golden document: below 10 % minor, above major, exactly 10 % as major."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from approvals.rules.amendments import CategoryChange, gap_sentence, sized
from approvals.rules.document import AmendmentsPart, PolicyDocument
from approvals.rules.document_rules import rules_of
from approvals.rules.routing import Facts, route
from tests.factories.approvals import read_yaml

KAFKA = PolicyDocument.model_validate(read_yaml("demo/policies/kafka.yaml"))
GOLDEN = read_yaml("tests/golden/kafka_migration.yaml")


def _part() -> AmendmentsPart:
    assert KAFKA.amendments is not None
    return KAFKA.amendments


@pytest.mark.parametrize(
    ("after", "size"),
    [
        ("659999.99", "minor"),
        ("660000", "major"),
        ("660000.01", "major"),
        ("540000.01", "minor"),
        ("540000", "major"),
        ("539999.99", "major"),
        ("600000", "minor"),
    ],
)
def test_the_share_of_the_categorys_budget_makes_the_size(after: str, size: str) -> None:
    assert sized([CategoryChange("Internal", Decimal(600000), Decimal(after))], _part()).size == size


def test_exactly_ten_per_cent_is_told_as_neither_and_treated_as_major() -> None:
    found = sized([CategoryChange("Internal", Decimal(600000), Decimal(660000))], _part())

    assert (found.size, found.share) == ("major", Decimal(10))
    assert "neither minor nor major by the policy and is treated as major" in found.why
    assert gap_sentence(_part()) == (
        "An amendment by exactly 10 % of a category is neither minor nor major by the shares that are stated; "
        "it is treated as major."
    )


def test_shares_are_held_against_the_bound_unrounded() -> None:
    """A third of a cent below ten per cent prints as 10 % and is minor all the same."""
    assert sized([CategoryChange("X", Decimal("1000000.07"), Decimal("1100000.07"))], _part()).size == "minor"


def test_the_category_that_changes_most_decides_and_one_that_had_nothing_is_major() -> None:
    small, large = CategoryChange("A", Decimal(1000), Decimal(1010)), CategoryChange("B", Decimal(100), Decimal(89))
    assert sized([small, large], _part()).size == "major"
    new = sized([small, CategoryChange("C", Decimal(0), Decimal("0.01"))], _part())
    assert (new.size, new.share) == ("major", None)


def test_the_demos_rules_for_amendments_are_the_golden_ones() -> None:
    minor, major = GOLDEN["amendments"]
    part = _part()
    assert (part.minor.below_pct, part.major.over_pct) == (minor["below_pct"], major["over_pct"])
    rules = {rule.name: rule for rule in rules_of(KAFKA) if rule.kind.startswith("amendment")}
    small = rules["Minor amendment"]
    assert [stage.role_code for stage in small.stages] == minor["stages"]
    assert [stage.sla for stage in small.stages] == ["24 hours", "24 hours"]
    bound = major["then_board_if_project_change_over"]
    for amount, needed in GOLDEN["expect"]["board_needed_at_project_change"].items():
        found = route(Facts("amendment_major", Decimal(amount), "USD"), list(rules.values())).rule
        assert found is not None
        roles = [stage.role_code for stage in found.stages]
        assert roles == major["stages"] + (["board"] if needed else [])
        assert found.follow_up == major["effect"]
    assert bound == 100000


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"between": None}, "exactly 10 % is neither minor nor major"),
        ({"major": {"kind": "amendment_major", "over_pct": 20}, "between": None}, "10 to 20 %"),
        ({"major": {"kind": "amendment_major", "from_pct": 5}}, "share shares"),
        ({"minor": {"kind": "team_expense", "below_pct": 10}}, "whose subject is not amendment"),
        ({"minor": {"kind": "nobody", "below_pct": 10}}, "kinds does not list nobody"),
        ({"minor": {"kind": "amendment_minor"}}, "minor needs below_pct"),
        ({"minor": {"kind": "amendment_minor", "below_pct": 10.5}}, "quotes"),
    ],
)
def test_shares_that_leave_something_open_are_no_policy(changed: dict[str, object], sentence: str) -> None:
    document = read_yaml("demo/policies/kafka.yaml")
    document["amendments"] = document["amendments"] | changed

    with pytest.raises(ValidationError, match=sentence):
        PolicyDocument.model_validate(document)


def test_without_a_gap_nothing_is_reported() -> None:
    document = read_yaml("demo/policies/kafka.yaml")
    document["amendments"]["major"] = {"kind": "amendment_major", "from_pct": 10}
    del document["amendments"]["between"]

    part = PolicyDocument.model_validate(document).amendments

    assert gap_sentence(part) == ""
    assert part is not None
    assert sized([CategoryChange("X", Decimal(100), Decimal(110))], part).size == "major"
