"""Excel workbooks: out as the same bytes, in again as it was; what a hostile one would do is refused in bounded time."""

import io
import time
import zipfile
from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest

from core.errors import InvalidInput
from core.rules.workbooks import PARTS, Total, Value, as_workbook, letters
from core.workbooks import LARGEST, read_workbook

HEAD = ["line", "total", "2026-01", "2026-02"]
SHEET = "xl/worksheets/sheet1.xml"
TEXTS = ["plain", "=1+1", "a <b> & “c”", "\x01_x0041_", " blanks ", "Ä\n€"]


def _made() -> bytes:
    rows: list[list[Value]] = [[text, Total(Decimal("30.60"), 2, 3), Decimal("10.10"), Decimal("20.50")] for text in TEXTS]
    return as_workbook("B/1", HEAD, rows, places=2, texts=1)


def _with(parts: Mapping[str, str], *, base: bytes | None = None) -> bytes:
    """Return a workbook with some parts in place of its own, or besides."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(base or _made())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        kept = {name: old.read(name).decode() for name in old.namelist()}
        for name, text in {**kept, **parts}.items():
            new.writestr(name, text)
    return out.getvalue()


def _sheet(cells: str) -> bytes:
    rows = f'<row r="1">{cells}</row>'
    return _with({SHEET: f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'})


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def test_what_went_out_comes_back_as_it_was_and_the_same_table_makes_the_same_bytes() -> None:
    assert read_workbook(_made()) == [HEAD, *([text, "30.6", "10.1", "20.5"] for text in TEXTS)]
    assert _made() == _made()


def test_no_text_is_a_formula_and_amounts_are_numbers_with_their_format() -> None:
    with zipfile.ZipFile(io.BytesIO(_made())) as archive:
        sheet, styles = archive.read(SHEET).decode(), archive.read("xl/styles.xml").decode()
    assert sheet.count("<f>") == len(TEXTS)
    assert "<f>SUM(C2:D2)</f><v>30.60</v>" in sheet
    assert '<c r="C2" s="2"><v>10.10</v></c>' in sheet
    assert '<t xml:space="preserve">=1+1</t>' in sheet
    assert 'formatCode="#,##0.00"' in styles


def test_an_amount_with_more_digits_than_a_spreadsheet_keeps_is_text() -> None:
    rows: list[list[Value]] = [["a", Total(Decimal("999999999999999.99"), 2, 2), Decimal("999999999999999.99")]]
    assert read_workbook(as_workbook("B", HEAD[:3], rows, places=2, texts=1))[1][1:] == ["999999999999999.99"] * 2


@pytest.mark.parametrize(("column", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_names(column: int, name: str) -> None:
    assert letters(column) == name


@pytest.mark.parametrize(
    ("cells", "row"),
    [
        ('<c t="n"><v>0.30000000000000004</v></c><c><v>1E3</v></c><c><v>1.5E-2</v></c>', ["0.3", "1000", "0.015"]),
        ('<c t="b"><v>1</v></c><c t="str"><f>"a"</f><v>a</v></c><c><f>1+1</f><v>2</v></c>', ["TRUE", "a", "2"]),
        ('<c r="C1" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r><rPh><t>x</t></rPh></is></c>', ["", "", "ab"]),
        ('<c t="d"><v>2026-06-01T00:00:00</v></c><c t="str"><f>""</f><v></v></c><c s="2"/>', ["2026-06-01"]),
    ],
)
def test_cells_are_read_as_spreadsheets_show_them(cells: str, row: list[str]) -> None:
    assert read_workbook(_sheet(cells)) == [row]


@pytest.mark.parametrize(("code", "is_1904", "said"), [("mmm yyyy", "0", "2026-06-01"), ("yyyy-mm", "1", "2030-06-02")])
def test_a_month_that_the_spreadsheet_took_for_a_day_is_one(code: str, is_1904: str, said: str) -> None:
    with zipfile.ZipFile(io.BytesIO(_made())) as archive:
        styles = archive.read("xl/styles.xml").decode().replace("#,##0.00", code)
        book = archive.read("xl/workbook.xml").decode().replace("<sheets>", f'<workbookPr date1904="{is_1904}"/><sheets>')
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData><row><c s="2"><v>46174</v></c></row></sheetData></worksheet>'
    assert read_workbook(_with({"xl/styles.xml": styles, "xl/workbook.xml": book, SHEET: sheet})) == [[said]]


def test_the_first_sheet_that_is_shown_is_read_and_texts_are_shared() -> None:
    links = PARTS["xl/_rels/workbook.xml.rels"]
    more = links.replace("</Rel", '<Relationship Id="rId9" Type="t" Target="/xl/sharedStrings.xml"/></Rel', 1)
    more = more.replace("sheet1.xml", "sheet2.xml").replace(
        "<Relationship ", '<Relationship Id="rId8" Type="t" Target="worksheets/sheet1.xml"/><Relationship ', 1
    )
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    book = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{relation}"><sheets><sheet name="a" state="hidden" r:id="rId8"/>'
        '<sheet name="b" r:id="rId1"/></sheets></workbook>'
    )
    shared = f'<sst xmlns="{_MAIN}"><si><t>one</t></si><si><r><t>t</t></r><r><t>wo</t></r><rPh><t>x</t></rPh></si></sst>'
    cells = '<c t="s"><v>1</v></c><c t="s"><v>0</v></c>'
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData><row r="2">{cells}</row></sheetData></worksheet>'
    parts = {
        "xl/_rels/workbook.xml.rels": more,
        "xl/workbook.xml": book,
        "xl/sharedStrings.xml": shared,
        "xl/worksheets/sheet2.xml": sheet,
    }
    assert read_workbook(_with(parts)) == [[], ["two", "one"]]


def test_a_formula_without_a_value_and_an_error_are_refused_by_their_cell() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_workbook(_sheet('<c r="B1"><f>A1*2</f></c><c r="AA1" t="e"><f>1/0</f><v>#DIV/0!</v></c>'))
    assert list(refused.value.details) == ["cell B1", "cell AA1"]
    assert "has no value yet" in refused.value.details["cell B1"]


def _bomb() -> bytes:
    return _with({SHEET: "<a>" + " " * 210_000_000 + "</a>"})


def _sheet_of(text: str) -> Callable[[], bytes]:
    return lambda: _with({SHEET: text})


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
FETCHES = '<!DOCTYPE x SYSTEM "file:///etc/passwd"><worksheet/>'
MANY = "".join(f'<c r="A{at}"><v>{at}</v></c>' for at in range(1, 400_000))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: b"PK\x03\x04 and nothing", "damaged"),
        (lambda: _made()[:-40], "damaged"),
        (lambda: b"\xd0\xcf\x11\xe0 under a password", "damaged"),
        (lambda: _made() + b"<script>", "something before or after it"),
        (lambda: b"PK\x03\x04" + b"x" * LARGEST, "kB"),
        (_bomb, "grow out of all measure"),
        (_sheet_of("<a>" + "".join(f"<b>{at % 997}</b>" for at in range(2_100_000)) + "</a>"), "too large when it is unpacked"),
        (_sheet_of(f"<worksheet><sheetData><row>{MANY}</row></sheetData></worksheet>"), "something in row 5,001"),
        (_sheet_of(ENTITIES), "declares entities"),
        (_sheet_of(FETCHES), "declares entities"),
        (_sheet_of("<a>" * 5000 + "</a>" * 5000), "damaged"),
        (_sheet_of("<worksheet>"), "damaged"),
        (lambda: _sheet('<c t="s"><v>7</v></c>'), "damaged"),
        (lambda: _sheet("<c><v>1e400</v></c>"), "more digits than a spreadsheet keeps"),
        (lambda: _sheet("<c><v>NaN</v></c>"), "damaged"),
        (lambda: _sheet('<c r="ZZZ1"><v>1</v></c>'), "something in row 1, column 18,278"),
        (lambda: _sheet(f'<c t="str"><v>{"x" * 1001}</v></c>'), "more than 1,000 characters"),
        (lambda: _with({"xl/externalLinks/externalLink1.xml": "<x/>"}), "refers to other workbooks"),
        (lambda: _with({"xl/vbaProject.bin": "x"}), "carries macros"),
        (lambda: _with({"xl/embeddings/a.xlsx": "x"}), "carries other files"),
        (
            lambda: _with({"xl/_rels/workbook.xml.rels": PARTS["xl/_rels/workbook.xml.rels"].replace("sheet1", "sheet9")}),
            "damaged",
        ),
    ],
)
def test_a_hostile_workbook_is_refused_with_a_sentence_and_soon(made: Callable[[], bytes], words: str) -> None:
    content = made()
    began = time.monotonic()
    with pytest.raises(InvalidInput) as refused:
        read_workbook(content)
    assert words in str(refused.value)
    assert time.monotonic() - began < 10
