"""Writing a table as an Excel workbook: text is text, an amount a number with its format. The same table makes the same bytes."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape

MOST_DIGITS = 15
_MADE = (1980, 1, 1, 0, 0, 0)
# What XML cannot hold is written as workbooks write it, and what looks like that is told apart.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_REL}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_REL}/styles" Target="styles.xml"/></Relationships>',
}


@dataclass(frozen=True, slots=True)
class Total:
    """An amount that is the sum of columns of its row, from one to another (counted from 0): a formula with its value."""

    amount: Decimal
    first: int
    last: int


Value = str | Decimal | Total


def as_workbook(name: str, head: Sequence[str], rows: Sequence[Sequence[Value]], *, places: int, texts: int) -> bytes:
    """Return a workbook of one sheet with a head that stays in sight. The first `texts` columns are wide, for text.

    Amounts are shown with `places` decimals. One with more digits than a spreadsheet keeps is written as text.
    """
    code = "#,##0" + ("." + "0" * places if places else "")
    parts = {
        **PARTS,
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>'
        f'<sheet name="{_attribute(name[:31])}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/styles.xml": _styles(code),
        "xl/worksheets/sheet1.xml": _sheet(head, rows, texts),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in parts.items():
            entry = zipfile.ZipInfo(part, _MADE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, _HEAD + text)
    return out.getvalue()


def _styles(code: str) -> str:
    return (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="{code}"/></numFmts>'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="3"><xf xfId="0"/><xf xfId="0" fontId="1" applyFont="1"/>'
        '<xf xfId="0" numFmtId="164" applyNumberFormat="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def _sheet(head: Sequence[str], rows: Sequence[Sequence[Value]], texts: int) -> str:
    lines = [_row(1, head, style=1), *(_row(at, row) for at, row in enumerate(rows, 2))]
    wide = f'<col min="1" max="{texts}" width="24" customWidth="1"/>'
    narrow = f'<col min="{texts + 1}" max="{len(head)}" width="15" customWidth="1"/>'
    pane = f'<pane xSplit="{texts}" ySplit="1" topLeftCell="{letters(texts)}2" activePane="bottomRight" state="frozen"/>'
    return (
        f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        f"<cols>{wide}{narrow}</cols><sheetData>{''.join(lines)}</sheetData></worksheet>"
    )


def _row(number: int, values: Sequence[Value], *, style: int = 0) -> str:
    cells = [_cell(f"{letters(at)}{number}", number, value, style) for at, value in enumerate(values)]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, row: int, value: Value, style: int) -> str:
    if isinstance(value, Total) and _fits(value.amount):
        span = f"{letters(value.first)}{row}:{letters(value.last)}{row}"
        return f'<c r="{place}" s="2"><f>SUM({span})</f><v>{value.amount}</v></c>'
    if isinstance(value, Decimal) and _fits(value):
        return f'<c r="{place}" s="2"><v>{value}</v></c>'
    text = escape(_UNFIT.sub(lambda found: f"_x{ord(found[0]):04X}_", str(value.amount if isinstance(value, Total) else value)))
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _fits(amount: Decimal) -> bool:
    return len(amount.as_tuple().digits) <= MOST_DIGITS


def letters(column: int) -> str:
    """Return the name of a column, counted from 0: A, B, … Z, AA."""
    found, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def _attribute(text: str) -> str:
    return escape(re.sub(r"[\[\]:*?/\\'\x00-\x1f]", " ", text), {'"': "&quot;"}) or "Table"
