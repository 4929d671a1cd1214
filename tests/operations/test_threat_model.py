"""The threat model names tests and measures that are there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from tests.measures.runner import FOLDERS, found

PAGE = Path(settings.BASE_DIR) / "docs" / "threat-model.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
MEASURE = re.compile(r"(?<![\w`/])([RSP]\d{1,2})(?=[, |])")


def rows() -> list[str]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [line for line in lines if not line.startswith(("| threat", "| **"))]


@cache
def functions_of(path: str) -> set[str]:
    file = Path(settings.BASE_DIR) / path
    if not file.is_file():
        return set()
    return {node.name for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)}


def missing(text: str) -> list[str]:
    return [f"{path}::{name}" for path, name in NAMED.findall(text) if name not in functions_of(path)]


def test_every_test_that_is_named_is_there() -> None:
    assert missing(PAGE.read_text(encoding="utf-8")) == []


def test_every_measure_that_is_named_is_there() -> None:
    named = {each for row in rows() for each in MEASURE.findall(row.rpartition("| ")[2] + " ")}
    assert named - {measure.id for measure in found(FOLDERS["trust"])} == set()


@pytest.mark.parametrize("row", rows())
def test_every_threat_is_answered_and_shown(row: str) -> None:
    threat, answer, shown = [part.strip() for part in row.strip("| ").split(" | ")]
    assert threat
    assert answer
    assert NAMED.search(shown) or MEASURE.search(f" {shown} ")


def test_a_test_that_is_gone_is_noticed() -> None:
    assert missing("`tests/operations/test_threat_model.py::test_nothing_of_the_kind`")
    assert missing("`tests/nowhere/test_x.py::test_x`")
