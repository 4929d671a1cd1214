"""Up to which amount budget is moved at once, as a policy says it."""

from decimal import Decimal

from approvals.rules.document import PolicyDocument
from approvals.rules.document_rules import accepted_gaps_of, rules_of
from approvals.rules.proof import prove
from tests.factories.approvals import read_yaml


def test_what_is_moved_at_once_is_no_gap() -> None:
    document = read_yaml("demo/policies/kafka.yaml")
    document["accepted_gaps"] = document["accepted_gaps"][:3]
    document["move_at_once_up_to"] = 50000
    read = PolicyDocument.model_validate(document)

    proof = prove(kinds=read.kinds, rules=rules_of(read), accepted=accepted_gaps_of(read))

    gap = next(gap for gap in proof.gaps if gap.kind == "budget_reallocation")
    assert gap.accepted == "moved at once by who keeps both lines"
    assert gap.range.upper == Decimal(50000)
    assert proof.open_gaps == []


def test_what_lies_above_it_and_below_the_rule_is_one() -> None:
    document = read_yaml("demo/policies/kafka.yaml")
    document["accepted_gaps"] = document["accepted_gaps"][:3]
    document["move_at_once_up_to"] = 40000
    read = PolicyDocument.model_validate(document)

    proof = prove(kinds=read.kinds, rules=rules_of(read), accepted=accepted_gaps_of(read))

    assert [(gap.kind, gap.range.first, gap.range.last) for gap in proof.open_gaps] == [("budget_reallocation", 4000001, 5000000)]
