"""A budget file: what it may say, and what is refused with the place in the file."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from budgets.management.commands.load_budget import schema_text
from budgets.rules.document import parse
from budgets.rules.safe_yaml import LARGEST, read
from core.errors import InvalidInput

GOOD: dict[str, Any] = {
    "schema": "purser/budget/1",
    "budget": {
        "code": "B",
        "name": "A budget",
        "currency": "USD",
        "total": "100.00",
        "cost_centre": "TOP",
        "starts_on": "2026-01",
        "months": "12",
        "envelopes": [{"category": "c", "amount": "100", "lines": [{"name": "L", "cost_centre": "TOP", "amount": "100"}]}],
    },
}


def _with(path: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(GOOD)
    node: Any = document
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in steps:
        node = node[step]
    node[last] = value
    return document


def test_a_good_file_is_read() -> None:
    parsed = parse(GOOD)
    assert parsed.budget.ends_on.isoformat() == "2026-12-01"


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("budget/total", "NaN", "budget.total"),
        ("budget/total", "1e400", "budget.total"),
        ("budget/total", 1.5, "budget.total"),
        ("budget/total", "1.005", "budget.total"),
        ("budget/total", "-1", "budget.total"),
        ("budget/envelopes/0/amount", "Infinity", "budget.envelopes[0].amount"),
        ("budget/envelopes/0/lines/0/amount", "1 000 EUR", "budget.envelopes[0].lines[0].amount"),
        ("budget/envelopes/0/lines/0/colour", "red", "budget.envelopes[0].lines[0].colour"),
        ("budget/envelopes/0/lines/0/monthly", "5", "budget.envelopes[0].lines[0]"),
        ("budget/envelopes/0/lines/0/starts_on", "2025-12", "budget"),
        ("budget/envelopes/0/lines/0/cost_centre", "", "budget.envelopes[0].lines[0].cost_centre"),
        ("budget/envelopes/0/parent", "elsewhere", "budget"),
        ("budget/envelopes", [], "budget.envelopes"),
        ("budget/currency", "usd", "budget.currency"),
        ("budget/starts_on", "2026-13", "budget.starts_on"),
        ("budget/months", "0", "budget.months"),
        ("budget/code", "../etc", "budget.code"),
        ("budget/name", "x" * 201, "budget.name"),
        ("schema", "purser/budget/9", "schema"),
        ("surprise", 1, "surprise"),
    ],
)
def test_what_cannot_be_loaded_is_refused_with_its_place(path: str, value: Any, place: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(_with(path, value))
    assert list(refused.value.details) == [place]
    assert refused.value.remedy


def test_an_envelope_twice_is_refused() -> None:
    envelope = GOOD["budget"]["envelopes"][0]
    with pytest.raises(InvalidInput, match="the envelope c is there twice"):
        parse(_with("budget/envelopes", [envelope, envelope]))


def test_a_missing_part_is_named() -> None:
    document = copy.deepcopy(GOOD)
    del document["budget"]["currency"]
    with pytest.raises(InvalidInput, match=r"budget\.currency: this is missing"):
        parse(document)


def test_yaml_keeps_what_was_written() -> None:
    text = "country: NO\namount: 314.54\nlong: 1e400\nday: 2026-06-01\nflag: true\nnothing: ~\n"
    expected = {"country": "NO", "amount": "314.54", "long": "1e400", "day": "2026-06-01", "flag": True, "nothing": None}
    assert read(text.encode()) == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a: 1\na: 2\n", "is there twice"),
        (b"a: &x [1]\nb: *x\n", "aliases are not read"),
        (b"a: !!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
        (b"a: " + b"[" * 200 + b"]" * 200, "nested too deeply"),
        (b"a: [1\n", "is not YAML"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        (b"- 1\n- 2\n", "does not hold a mapping"),
        (b"", "does not hold a mapping"),
        (b"? [1]\n: 2\n", "a key must be text"),
        (b"a: \x00", "is not YAML"),
        (b"#" * (LARGEST + 1), "bytes"),
        (b"\x89PNG\r\n\x1a\n", "is not"),
    ],
    ids=["twice", "alias", "tag", "deep", "broken", "utf-16", "list", "empty", "key", "nul", "large", "picture"],
)
def test_hostile_yaml_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read(content)


def test_the_published_schema_is_that_of_the_model() -> None:
    published = Path("docs/schemas/budget.schema.json").read_text()
    assert json.loads(published) == json.loads(schema_text()), "manage.py load_budget --schema > docs/schemas/budget.schema.json"


@pytest.mark.parametrize("name", ["kafka", "distro", "intelliflow"])
def test_the_demos_budgets_are_good_files(name: str) -> None:
    assert parse(read(Path(f"demo/budgets/{name}.yaml").read_bytes())).budget.months == 12
