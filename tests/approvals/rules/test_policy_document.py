"""Policies as documents: the published schema, the demo's own against the golden matrices, and what is refused."""

import json
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from approvals.rules.document import PolicyDocument, sentences
from approvals.rules.document_rules import rules_of
from approvals.rules.routing import Rule
from tests.factories.approvals import ROOT, read_yaml

KAFKA = read_yaml("demo/policies/kafka.yaml")


def test_the_published_schema_is_that_of_the_code() -> None:
    published = json.loads((ROOT / "docs/schemas/policy.schema.json").read_text(encoding="utf-8"))

    assert published == PolicyDocument.model_json_schema(by_alias=True)


def _as_golden(rule: Rule, *, kind: bool) -> dict[str, Any]:
    bounds = {
        "from" if rule.lower_included else "over": rule.lower,
        "up_to" if rule.upper_included else "below": rule.upper,
    }
    row: dict[str, Any] = {"kind": rule.kind} if kind else {}
    row |= {word: bound for word, bound in bounds.items() if bound is not None}
    row |= {"stages": [stage.role_code for stage in rule.stages], "sla": rule.stages[0].sla}
    return row | ({"then": rule.follow_up.replace(" ", "_")} if rule.follow_up else {})


@pytest.mark.parametrize(("name", "golden", "kind"), [("kafka", "kafka_migration", True), ("distro", "distro_nation", False)])
def test_the_demos_policy_is_the_golden_matrix_row_for_row(name: str, golden: str, kind: bool) -> None:
    rules = rules_of(PolicyDocument.model_validate(read_yaml(f"demo/policies/{name}.yaml")))
    matrix = read_yaml(f"tests/golden/{golden}.yaml")["approval_matrix"]

    # Kinds of which the matrix says nothing are stated apart from it: test_amendments and test_kinds hold them to the document.
    in_matrix = {row.get("kind", "monthly_cost") for row in matrix}
    assert [_as_golden(rule, kind=kind) for rule in rules if rule.kind in in_matrix] == matrix


def test_every_stage_escalates_and_has_a_backup() -> None:
    files = sorted((ROOT / "demo/policies").glob("*.yaml"))
    assert len(files) >= 2
    for path in files:
        for rule in rules_of(PolicyDocument.model_validate(read_yaml(f"demo/policies/{path.name}"))):
            assert all(stage.backup_role_code and stage.escalate_after == "3 business days" for stage in rule.stages)


def _changed(place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    document = deepcopy(KAFKA)
    part: Any = document
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    return document


@pytest.mark.parametrize(
    ("place", "value", "where"),
    [
        (("rules", 0, "sla"), "soon", "rules.0.sla"),
        (("rules", 0, "below"), 4999.995, "rules.0.below"),
        (("rules", 0, "below"), -1, "rules.0.below"),
        (("rules", 0, "below"), "NaN", "rules.0.below"),
        (("rules", 0, "stages"), [], "rules.0.stages"),
        (("rules", 0, "up_to"), 7, "rules.0"),
        (("rules", 4, "below"), 7, "rules.4"),
        (("rules", 0, "stages"), ["nobody_known"], "document"),
        (("rules", 0, "kind"), "yacht", "document"),
        (("contact",), "nobody_known", "document"),
        (("currency",), "dollars", "currency"),
        (("colour",), "green", "colour"),
        (("rules",), [], "rules"),
    ],
)
def test_a_document_that_cannot_be_meant_is_refused_by_its_place(place: tuple[Any, ...], value: Any, where: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        PolicyDocument.model_validate(_changed(place, value))

    assert where in sentences(list(refusal.value.errors()))


def test_stages_may_say_more_than_their_role() -> None:
    stages = [
        {"side_by_side": ["tech_lead", {"role": "finance", "quorum": 2, "sla": "1 business day"}]},
        {"role": "cfo", "name": "Board"},
    ]
    rule = rules_of(PolicyDocument.model_validate(_changed(("rules", 0, "stages"), stages)))[0]

    assert [(stage.group, stage.quorum, stage.sla, stage.name) for stage in rule.stages] == [
        (1, "owner", "same day", "Tech lead"),
        (1, "2", "1 business day", "Finance"),
        (2, "owner", "same day", "Board"),
    ]
    assert rule.upper == Decimal(5000)
