"""`manage.py allocate`: what it prints, and what it refuses."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from budgets.management.commands.allocate import rules_schema_text, schema_text
from budgets.rules.allocation_document import parse
from budgets.rules.safe_yaml import read

FILE = Path("demo/allocations/service-centres.yaml")


def _run(path: Path, *args: str) -> str:
    out = StringIO()
    call_command("allocate", str(path), *args, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("method", "p1", "p2"),
    [
        ("direct", "604600.00", "711200.00"),
        ("step-down", "573360.00", "742440.00"),
        ("reciprocal", "593500.00", "722300.00"),
    ],
)
def test_the_receivers_and_the_total_as_json(method: str, p1: str, p2: str) -> None:
    answer = json.loads(_run(FILE, "--method", method, "--json"))
    assert answer == {"receivers": {"P1": p1, "P2": p2}, "total": "1315800.00"}


def test_the_text_says_where_each_amount_comes_from() -> None:
    text = _run(FILE)
    assert "P1: 604,600.00 USD" in text
    assert "  its own 400,000.00" in text
    assert "  from S1 52,800.00" in text
    assert "Together: 1,315,800.00 USD" in text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("costs: {A: 1}\nusage: {A: {A: 5}}\n", "Nobody that A can be passed on to"),
        ("costs: {A: 1.005}\nusage: {A: {P: 5}}\n", "costs.A"),
        ("costs: {A: 1}\nusage: {A: {P: -5}}\n", "usage.A.P"),
        ("costs: {A: 1}\nusage: {A: {P: 5}}\nmethod: direct\n", "method: this field is not known"),
        ("currency: JPY\ncosts: {A: '1.50'}\nusage: {A: {P: 5}}\n", "more decimals than JPY has"),
        ("usage: {A: {P: 5}}\n", "costs: this is missing"),
        ("- 1\n", "does not hold a mapping"),
    ],
)
def test_what_cannot_be_shared_out_is_refused_with_exit_code_1(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(content)
    with pytest.raises(CommandError, match=reason) as refused:
        _run(path)
    assert refused.value.returncode == 1
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("allocate", str(path), "--json", stdout=out)
    assert ended.value.code == 1
    assert json.loads(out.getvalue())["error"]


def test_wrong_use_has_exit_code_2(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as missing:
        _run(tmp_path / "none.yaml")
    with pytest.raises(CommandError) as unnamed:
        call_command("allocate")
    assert (missing.value.returncode, unnamed.value.returncode) == (2, 2)


def test_the_published_schema_is_that_of_the_model() -> None:
    published = Path("docs/schemas/allocation.schema.json").read_text()
    assert json.loads(published) == json.loads(schema_text()), "manage.py allocate --schema > docs/schemas/allocation.schema.json"


def test_the_published_schema_of_rules_is_that_of_the_model() -> None:
    published = Path("docs/schemas/allocation-rules.schema.json").read_text()
    assert json.loads(published) == json.loads(rules_schema_text()), (
        "manage.py allocate --rules-schema > docs/schemas/allocation-rules.schema.json"
    )


@pytest.mark.parametrize("path", sorted(Path("demo/allocations").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_are_good_files(path: Path) -> None:
    document = parse(read(path.read_bytes()))
    totals = {document.allocated(method).total for method in ("direct", "step-down", "reciprocal")}
    assert totals == {sum(document.costs.values())}
