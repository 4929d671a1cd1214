"""Rule sets as files, and readings of usage as CSV."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from budgets.chargeback_forms import shares_of
from budgets.rules.readings import read_csv
from budgets.rules.rule_sets import parse, without_share
from budgets.rules.safe_yaml import read
from core.errors import InvalidInput
from tests.factories.chargebacks import pool, rules_document


def test_the_demos_rules_have_a_tag_value_without_a_share() -> None:
    document = parse(read(Path("demo/chargebacks/distro-nation.yaml").read_bytes()))
    names = {"ENGINEERING": "Engineering", "PRODUCT": "Product", "OPERATIONS": "Operations"}
    assert without_share(document.pools[0], names) == ["analytics"]
    assert parse(document.canonical()) == document


WITHIN = {"to": "A", "pct": "100", "of_which": [{"to": "B", "pct": "90"}]}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (rules_document(pool(shares=[{"to": "A", "pct": "80"}])), "add up to 80 %"),
        (
            rules_document(pool(shares=[{"to": "A", "pct": "100", "of_which": [{"to": "B", "pct": "90"}]}])),
            "shares of A add up to 90",
        ),
        (rules_document(pool(usage="calls", direct="A")), "in one way"),
        (rules_document(pool(overhead=True)), "overhead follows other pools"),
        (rules_document(pool(), pool()), "the pool platform is there twice"),
        (rules_document(pool(), method="step-down"), "order names each pool once"),
        (rules_document(pool(), order=["platform"]), "order belongs to the method step-down"),
        (rules_document(pool(shares=[{"to": "A", "pct": "0"}, {"to": "B", "pct": "100"}])), "has a share of 0 %"),
        (rules_document(pool(), starts_on="2026-13"), "a month is written as"),
        (rules_document(pool(), extra=1), "this field is not known"),
    ],
)
def test_rules_that_cannot_hold_are_refused(document: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        parse(document)


def test_shares_typed_line_by_line() -> None:
    assert shares_of("ENG 70 %\n  WEB 40\n  APP 30\n\nOPS 30") == [
        {"to": "ENG", "pct": "70", "of_which": [{"to": "WEB", "pct": "40"}, {"to": "APP", "pct": "30"}]},
        {"to": "OPS", "pct": "30"},
    ]
    with pytest.raises(ValueError, match="is not a cost centre and its share"):
        shares_of("ENG seventy")


HEAD = "metric,month,cost_centre,units,source\n"


def test_a_csv_of_readings() -> None:
    first, second = read_csv((HEAD + 'calls,2026-06,ENG,"4,000",A meter\ncalls,2026-06,OPS,12.5,A meter\n').encode())
    assert (first.metric, first.month, first.cost_centre, first.units) == ("calls", date(2026, 6, 1), "ENG", Decimal(4000))
    assert second.units == Decimal("12.5")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (HEAD + "calls,2026-06,ENG,-1,A\n", "line 2: units are a number"),
        (HEAD + "calls,June,ENG,1,A\n", "line 2: a month is written"),
        (HEAD + "calls,2026-06,ENG,1,\n", "line 2: it does not say"),
        (HEAD + "=cmd(),2026-06,ENG,1,A\n", "line 2: a metric is a short name"),
        (HEAD + "calls,2026-06,ENG,1,A\ncalls,2026-06,ENG,2,A\n", "line 3: it says the same as line 2"),
        ("metric,month\nx,2026-06\n", "has not the columns"),
        ("", "has not the columns"),
        (HEAD + 'calls,2026-06,"ENG,1,A\n', "not CSV"),
    ],
)
def test_readings_that_cannot_be_kept_are_said_line_by_line(content: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        read_csv(content.encode())
