"""What the proof of a policy finds: the golden matrices' own faults, and everything that trying amount after amount finds."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.rules.bands import EVERYTHING, Range
from approvals.rules.document import PolicyDocument
from approvals.rules.document_rules import accepted_gaps_of, rules_of, schemes_of
from approvals.rules.proof import AcceptedGap, Conflict, Proof, Tree, prove
from approvals.rules.regions import ALL, HIGHEST_RISK, Region, left_over, pieces, region_of
from approvals.rules.routing import Facts, Rule, StageSpec, route, why_not
from tests.factories.approvals import read_yaml

CENT = Decimal("0.01")
GOLDEN = {name: read_yaml(f"tests/golden/{name}.yaml") for name in ("kafka_migration", "distro_nation")}


def proof_of(name: str) -> Proof:
    document = PolicyDocument.model_validate(read_yaml(f"demo/policies/{name}.yaml"))
    return prove(
        kinds=list(document.kinds),
        rules=rules_of(document),
        accepted=accepted_gaps_of(document),
        schemes=schemes_of(document),
    )


def stage(role: str) -> StageSpec:
    return StageSpec(1, 1, role, role, "", "owner", "same day", "3 business days", "")


def rule(position: int, role: str = "lead", **more: Any) -> Rule:
    return Rule(position, f"Rule {position}", "purchase", stages=(stage(role),), **more)


def below(amount: str) -> dict[str, Any]:
    return {"upper": Decimal(amount)}


def from_(amount: str) -> dict[str, Any]:
    return {"lower": Decimal(amount), "lower_included": True}


def found(*rules: Rule, tree: Tree | None = None, accepted: Sequence[AcceptedGap] = ()) -> Proof:
    return prove(kinds=["purchase"], rules=rules, tree=tree, accepted=accepted)


def test_the_four_gaps_of_the_golden_matrix_are_found() -> None:
    gaps = {(gap.kind, gap.range.lower, gap.range.upper) for gap in proof_of("kafka").gaps}

    stated = GOLDEN["kafka_migration"]["approval_matrix_gaps"]
    assert gaps == {
        (gap["kind"], *(Decimal(gap[bound]) if bound in gap else None for bound in ("from", "up_to"))) for gap in stated
    }
    assert len(gaps) == 4


def test_gaps_accepted_by_name_do_not_keep_the_demos_policy_from_being_published() -> None:
    proof = proof_of("kafka")

    assert all(gap.accepted for gap in proof.gaps)
    assert proof.faults == []


@pytest.mark.parametrize("amount", [75, 300])
def test_the_two_golden_schemes_disagree_where_they_are_said_to(amount: int) -> None:
    assert GOLDEN["distro_nation"]["decision_authority"]
    [conflict] = [each for each in proof_of("distro").conflicts if _holds(each.range, Decimal(amount))]

    assert set(conflict.roles) != set(conflict.roles_there)


@pytest.mark.parametrize("amount", ["0.01", "50"])
def test_the_two_golden_schemes_agree_on_small_amounts(amount: str) -> None:
    assert [each for each in proof_of("distro").conflicts if _holds(each.range, Decimal(amount))] == []


def test_the_same_disagreement_is_told_once() -> None:
    conflicts = proof_of("distro").conflicts

    assert len(conflicts) == len({(each.roles, each.roles_there) for each in conflicts}) == 4
    assert isinstance(conflicts[0], Conflict)


def test_a_kind_without_a_rule_is_a_gap_of_any_amount() -> None:
    assert [gap.range for gap in prove(kinds=["purchase"], rules=[]).gaps] == [EVERYTHING]


def test_a_cent_between_two_bands_is_a_gap() -> None:
    proof = found(rule(1, **below("100")), rule(2, lower=Decimal(100)))

    assert [(gap.range.lower, gap.range.upper) for gap in proof.gaps] == [(Decimal(100), Decimal(100))]
    assert proof.gaps[0].range.example() == Decimal(100)


def test_a_gap_is_accepted_only_as_far_as_its_name_reaches() -> None:
    proof = found(rule(1, **below("100")), accepted=[AcceptedGap("small ones", "purchase", Region(Range(100_00, 200_00)))])

    assert [(gap.accepted, gap.range) for gap in proof.gaps] == [
        ("small ones", Range(100_00, 200_00)),
        ("", Range(200_01, None)),
    ]
    assert proof.open_gaps == [proof.gaps[1]]


def test_a_rule_for_one_cost_centre_closes_no_gap_for_the_others_and_is_named() -> None:
    proof = found(rule(1, **below("100")), rule(2, cost_centre_code="ENG"))

    assert [gap.but for gap in proof.gaps] == [("Rule 2",)]


def test_a_special_rule_before_a_general_one_is_as_it_should_be() -> None:
    proof = found(rule(1, "director", cost_centre_code="ENG"), rule(2))

    assert (proof.overlaps, proof.dead_rules) == ((), ())


def test_a_general_rule_before_a_special_one_leaves_it_dead() -> None:
    proof = found(rule(1), rule(2, "director", cost_centre_code="ENG"))

    assert [each.rule.position for each in proof.dead_rules] == [2]


def test_a_rule_below_a_cost_centre_that_an_earlier_rule_takes_is_dead_by_the_tree() -> None:
    rules = rule(1, cost_centre_code="ENG"), rule(2, "director", cost_centre_code="PLATFORM"), rule(3)
    tree = Tree(cost_centres={"PLATFORM": frozenset({"ENG", "ACME"})})

    assert [each.rule.position for each in found(*rules, tree=tree).dead_rules] == [2]
    assert found(*rules).dead_rules == ()


def test_two_rules_that_together_cover_a_third_leave_it_dead() -> None:
    rules = rule(1, **below("100")), rule(2, **from_("100")), rule(3, lower=Decimal(50), upper=Decimal(150))

    [dead] = found(*rules).dead_rules
    assert "Rule 1, Rule 2" in dead.reason


def test_a_rule_for_no_amount_is_dead() -> None:
    [dead] = found(rule(1, upper=Decimal(0), upper_included=True), rule(2)).dead_rules

    assert (dead.rule.position, dead.reason) == (1, "No amount above zero is in its band.")


def test_an_overlap_is_told_with_an_amount_and_whether_it_matters() -> None:
    proof = found(rule(1, **below("200")), rule(2, "director", **from_("100")))
    alike = found(rule(1, **below("200")), rule(2, **from_("100")))

    assert [(each.range, each.alike) for each in proof.overlaps] == [(Range(100_00, 199_99), False)]
    assert Decimal(100) <= proof.overlaps[0].range.example() < 200
    assert [each.alike for each in alike.overlaps] == [True]
    assert alike.faults == []


def test_rules_for_some_risks_close_a_gap_only_together() -> None:
    low, high = rule(1, risk_up_to=30), rule(2, "director", risk_from=31)

    assert found(low, high).gaps == ()
    [gap] = found(low, replace(high, risk_from=41)).gaps
    assert (gap.range, gap.region.risks, gap.region.words()) == (EVERYTHING, Range(31, 40), ", risk 31 to 40")


def test_a_gap_in_amount_and_risk_is_the_corner_that_is_left() -> None:
    [gap] = found(rule(1, **below("100")), rule(2, "director", risk_from=50)).gaps

    assert (gap.range, gap.region.risks) == (Range(100_00, None), Range(0, 49))


def test_a_rule_for_a_risk_before_a_general_one_is_as_it_should_be_and_after_it_is_dead() -> None:
    low, general = rule(1, risk_up_to=30), rule(2, "director")

    assert (found(low, general).overlaps, found(low, general).dead_rules) == ((), ())
    assert [each.rule.position for each in found(replace(general, position=0), low).dead_rules] == [1]


def test_two_rules_for_risks_that_meet_overlap_where_they_do() -> None:
    [overlap] = found(rule(1, risk_up_to=50), rule(2, "director", risk_from=40)).overlaps

    assert (overlap.region.risks, overlap.alike) == (Range(40, 50), False)
    assert overlap.region.example_words() == " with a risk of 40"


def test_a_rule_is_dead_where_earlier_ones_take_all_of_its_amounts_and_risks_among_them() -> None:
    earlier = rule(1, risk_up_to=30), rule(2, "director", risk_from=31, **below("100"))

    last = rule(3, "board", risk_from=20, risk_up_to=60, upper=Decimal(100), upper_included=False)
    assert [each.rule.position for each in found(*earlier, last).dead_rules] == [3]
    assert found(*earlier, replace(last, upper=Decimal(101))).dead_rules == ()


def test_a_rule_for_emergencies_closes_no_gap_for_the_others_unless_there_is_one_for_them_too() -> None:
    [gap] = found(rule(1, emergency=True)).gaps

    assert gap.region.words() == ", without an emergency"
    assert found(rule(1, emergency=True), rule(2, emergency=False)).gaps == ()


def test_a_rule_for_a_tag_closes_no_gap_and_stands_before_a_general_one() -> None:
    tagged = rule(1, "director", tags=frozenset({"project=apollo"}))

    assert [gap.but for gap in found(tagged).gaps] == [("Rule 1",)]
    assert found(tagged, rule(2)).faults == []
    assert [each.rule.position for each in found(rule(0), tagged).dead_rules] == [1]


bounds = st.none() | st.integers(0, 12).map(lambda cents: cents * CENT)


risks = st.tuples(st.none() | st.integers(0, 4), st.none() | st.integers(4, 8)).map(
    lambda pair: {"risk_from": pair[0], "risk_up_to": pair[1]}
)


@st.composite
def some_rules(draw: st.DrawFn) -> list[Rule]:
    made = []
    for position in range(1, draw(st.integers(0, 5)) + 1):
        lower, upper = draw(bounds), draw(bounds)
        if lower is not None and upper is not None and upper < lower:
            lower, upper = upper, lower
        made.append(
            rule(
                position,
                draw(st.sampled_from(["lead", "director"])),
                lower=lower,
                lower_included=draw(st.booleans()),
                upper=upper,
                upper_included=draw(st.booleans()),
                cost_centre_code=draw(st.sampled_from(["", "", "ENG", "PLATFORM"])),
                vendor_code=draw(st.sampled_from(["", "", "acme"])),
                tags=frozenset(draw(st.sampled_from([(), (), ("project=apollo",)]))),
                emergency=draw(st.sampled_from([None, None, True, False])),
                **draw(risks),
            )
        )
    return made


AMOUNTS = [cents * CENT for cents in range(1, 16)]
PLACES = [("/OPS/",), ("/ENG/",), ("/ENG/PLATFORM/",)]
VENDORS = ["", "acme"]
# Scores at each end of the bands, and beyond all of them.
RISKS = [*range(10), HIGHEST_RISK]
MARKS = [frozenset(), frozenset({"project=apollo"})]
TREE = Tree(cost_centres={"PLATFORM": frozenset({"ENG"})})


def _facts(amount: Decimal, place: tuple[str, ...] = ("/OPS/",), vendor: str = "", **more: Any) -> Facts:
    return Facts("purchase", amount, "USD", cost_centre_paths=place, vendor_code=vendor, **more)


def _shown(region: Region, place: tuple[str, ...] = ("/OPS/",), vendor: str = "", **more: Any) -> Facts:
    """Return the request that shows a region."""
    is_emergency = bool(region.emergencies.first)
    return _facts(region.amounts.example(), place, vendor, risk=region.risks.first, is_emergency=is_emergency, **more)


def _in(region: Region, facts: Facts) -> bool:
    cents = int(facts.amount * 100)
    return region.common(Region(Range(cents, cents), Range(facts.risk, facts.risk), _emergency(facts))) is not None


def _emergency(facts: Facts) -> Range:
    return Range(int(facts.is_emergency), int(facts.is_emergency))


@given(some_rules())
def test_gaps_are_exactly_the_requests_that_find_no_rule(rules: list[Rule]) -> None:
    gaps = found(*rules, tree=TREE).gaps

    for amount, risk, emergency in product(AMOUNTS, RISKS, (False, True)):
        facts = _facts(amount, risk=risk, is_emergency=emergency)
        assert any(_in(gap.region, facts) for gap in gaps) == (route(facts, rules).rule is None)
    for gap in gaps:
        assert route(_shown(gap.region), rules).rule is None


@given(some_rules())
def test_a_dead_rule_decides_on_nothing_and_one_that_lives_on_something(rules: list[Rule]) -> None:
    dead = {each.rule.position for each in found(*rules, tree=TREE).dead_rules}
    ways = product(AMOUNTS, PLACES, VENDORS, (0, 3, 4, 8, HIGHEST_RISK), (False, True), MARKS)
    tried = [
        _facts(amount, place, vendor, risk=risk, is_emergency=emergency, tags=tags)
        for amount, place, vendor, risk, emergency, tags in ways
    ]
    deciding = {chosen.position for facts in tried if (chosen := first_of(facts, rules))}

    assert dead.isdisjoint(deciding)


def first_of(facts: Facts, rules: list[Rule]) -> Rule | None:
    return next((each for each in rules if not why_not(facts, each)), None)


@given(some_rules())
def test_a_rule_that_is_not_told_as_dead_decides_on_something_or_special_ones_take_it_from_it(rules: list[Rule]) -> None:
    dead = {each.rule.position for each in found(*rules, tree=TREE).dead_rules}
    for each in rules:
        own = region_of(each)
        if own is None or each.position in dead:
            continue
        place = next(place for place in PLACES if not each.cost_centre_code or each.cost_centre_code in place[0])
        earlier = [other for other in rules if other.position < each.position]
        left = left_over([own], [region for other in earlier if not special(other) and (region := region_of(other))])
        assert left
        facts = _shown(left[0], place, each.vendor_code, tags=each.tags)
        chosen = first_of(facts, rules)
        assert chosen is not None
        assert chosen is each or special(chosen)


def special(each: Rule) -> bool:
    return bool(each.cost_centre_code or each.vendor_code or each.tags)


@given(some_rules())
def test_an_overlap_is_shown_by_its_example(rules: list[Rule]) -> None:
    for overlap in found(*rules, tree=TREE).overlaps:
        place = next(
            place for place in PLACES if not overlap.second.cost_centre_code or overlap.second.cost_centre_code in place[0]
        )
        facts = _shown(overlap.region, place, overlap.second.vendor_code, tags=overlap.second.tags)
        matching = {step.position for step in route(facts, rules).trace if step.matched}
        assert {overlap.first.position, overlap.second.position} <= matching


@given(some_rules())
def test_pieces_lie_whole_inside_or_outside_of_each_rule(rules: list[Rule]) -> None:
    regions = [region for each in rules if (region := region_of(each))]
    cut = pieces(regions)

    assert left_over([ALL], cut) == []
    assert all(region.common(piece) in (None, piece) for region in regions for piece in cut)


def test_planting_a_gap_in_the_golden_matrix_is_seen() -> None:
    document = PolicyDocument.model_validate(read_yaml("demo/policies/distro.yaml"))
    rules = rules_of(document)
    holed = [replace(each, upper=Decimal(400)) if each.upper == 500 else each for each in rules]

    assert prove(kinds=list(document.kinds), rules=rules).gaps == ()
    assert [gap.range for gap in prove(kinds=list(document.kinds), rules=holed).gaps] == [Range(400_01, 500_00)]


def _holds(band: Range, amount: Decimal) -> bool:
    cents = int(amount * 100)
    return band.first <= cents and (band.last is None or cents <= band.last)


def test_two_names_for_the_same_gap_are_both_told() -> None:
    names = [AcceptedGap("all", "purchase", ALL), AcceptedGap("small", "purchase", Region(Range(1, 100)))]

    assert [(gap.accepted, gap.range) for gap in found(accepted=names).gaps] == [("all", EVERYTHING), ("small", Range(1, 100))]
