"""Cells of a spreadsheet: what a person wrote is shown, and nothing of it reckons."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules.sheets import FORMULA, as_csv, cell, uncell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "|calc", "%0A"])
def test_what_could_begin_a_formula_is_guarded(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Licences", "", "2 = 2", "'quoted", "é"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


@given(st.text(alphabet=st.sampled_from([*"'=+-@ab \t"]), max_size=8))
def test_a_cell_never_begins_a_formula_and_gives_its_text_back(text: str) -> None:
    assert not cell(text).lstrip().startswith(FORMULA) or not cell(text)
    assert uncell(cell(text)) in {text, text.removeprefix("'")}


def test_rows_come_back_from_csv() -> None:
    rows = [["a", 'quoted "b"', "line\nbreak"], ["", "1,5", "ü"]]
    assert list(csv.reader(io.StringIO(as_csv(rows).decode("utf-8-sig"), newline=""))) == rows
