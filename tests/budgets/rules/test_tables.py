"""A budget's lines as a table: out, changed, in again; and what a spreadsheet may do to it."""

from decimal import Decimal
from typing import Any

import pytest

from budgets.rules.tables import rows_of, with_rows, with_table, workbook_of
from core.errors import InvalidInput
from core.rules.sheets import as_csv
from core.workbooks import read_workbook

MONTHS = ["2026-01", "2026-02"]
LINES: list[dict[str, Any]] = [
    {"name": "Licences", "cost_centre": "TOP", "high": "40.00", "months": {"2026-01": "10.00", "2026-02": "20.50"}},
    {"name": "=HYPERLINK(1)", "cost_centre": "TOP", "months": {"2026-02": "1.00"}},
]
ENVELOPES: list[dict[str, Any]] = [
    {"category": "soft", "amount": "100.00", "lines": LINES},
    {"category": "people", "amount": "5.00", "lines": []},
]
DOCUMENT: dict[str, Any] = {"schema": "purser/budget/1", "budget": {"code": "B", "currency": "USD", "envelopes": ENVELOPES}}
TABLE = as_csv(rows_of(DOCUMENT, MONTHS)).decode("utf-8-sig")
HEAD = "category,cost_centre,line,total,2026-01,2026-02\n"


def _lines(text: str) -> dict[str, list[dict[str, Any]]]:
    return {each["category"]: each["lines"] for each in with_table(DOCUMENT, text)["budget"]["envelopes"]}


def test_what_went_out_comes_back_as_it_was() -> None:
    assert _lines(TABLE) == {each["category"]: each["lines"] for each in ENVELOPES}


def test_no_cell_of_it_is_a_formula() -> None:
    assert TABLE.splitlines() == [
        "category,cost_centre,line,total,2026-01,2026-02",
        "soft,TOP,Licences,30.50,10.00,20.50",
        "soft,TOP,'=HYPERLINK(1),1.00,0.00,1.00",
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_it_is_read_as_spreadsheets_save_and_copy_it(delimiter: str) -> None:
    text = "\r\n".join(
        delimiter.join(row)
        for row in (["category", "cost_centre", "line", "2026-01"], ["people", "TOP", " Lead ", "1250.50"], [""])
    )
    assert _lines(text) == {"soft": [], "people": [{"name": "Lead", "cost_centre": "TOP", "months": {"2026-01": "1250.50"}}]}


def test_a_known_line_keeps_what_the_table_does_not_say() -> None:
    found = _lines(HEAD + "soft,TOP,Licences,,1,\nsoft,OTHER,Licences,,2,")["soft"]
    assert [line.get("high") for line in found] == ["40.00", None]
    assert [sum(map(Decimal, line["months"].values())) for line in found] == [1, 2]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "", "The table is empty"),
        ("\n \n", "", "The table is empty"),
        ("category,line,2026-01\n", "", "must name each column once"),
        ("category,cost_centre,line,June\n", "", "“June” is none of them"),
        ("category,cost_centre,line,2026-13\n", "", "“2026-13” is none of them"),
        ("category,cost_centre,line,2026-01,2026-01\n", "", "must name each column once"),
        (HEAD + "soft,TOP,,1,1,", "row 2", "Name its category, cost centre and line"),
        (HEAD + "travel,TOP,Trip,1,1,", "row 2", "no envelope for the category travel"),
        (HEAD + "soft,TOP,A,1,1,\nsoft,TOP,A,1,1,", "row 3", "This line is there twice"),
        (HEAD + "soft,TOP,A,3,1,1", "row 2", "Its months add up to 2.00, its total says 3."),
        (HEAD + "soft,TOP,A,,1e400,", "row 2", "In 2026-01: “1e400” is not an amount."),
        (HEAD + "soft,TOP,A,,-1,", "row 2", "In 2026-01: The amount is negative."),
        (HEAD + "soft,TOP,A,,0.001,", "row 2", "more decimals"),
        (HEAD + "soft,TOP,A,,1,\n" * 2001, "", "has 2,001 rows"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_row(text: str, place: str, words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        with_table(DOCUMENT, text)
    said = refused.value.details.get(place, "") if place else str(refused.value)
    assert words in said


def test_the_workbook_says_the_same_as_the_table() -> None:
    rows = read_workbook(workbook_of(DOCUMENT, MONTHS))

    assert rows[0] == ["category", "cost_centre", "line", "total (USD)", "2026-01 (USD)", "2026-02 (USD)"]
    assert rows[2] == ["soft", "TOP", "'=HYPERLINK(1)", "1", "0", "1"]
    assert with_rows(DOCUMENT, rows) == DOCUMENT


def test_heads_may_name_the_currency_or_be_days_and_rows_keep_their_numbers() -> None:
    head = ["category", "cost_centre", "line", "2026-01-01", "2026-02 USD", ""]
    found = with_rows(DOCUMENT, [[], head, [], ["soft", "TOP", "A", "1", "2"]])["budget"]["envelopes"][0]["lines"]
    assert found[0]["months"] == {"2026-01": "1.00", "2026-02": "2.00"}
    with pytest.raises(InvalidInput) as refused:
        with_rows(DOCUMENT, [[], head, [], ["soft", "TOP", "A", "x", "2"]])
    assert list(refused.value.details) == ["row 4"]
    with pytest.raises(InvalidInput, match="The table is in EUR, the budget in USD"):
        with_rows(DOCUMENT, [["category", "cost_centre", "line", "2026-01 (EUR)"]])
