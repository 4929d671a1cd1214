"""Files as real exports have them, and files that lie about what they are."""

import gzip
import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest

from reconciliation.rules.content import unpacked
from reconciliation.rules.mapping import SpendMapping, checked
from reconciliation.rules.problems import FileRefused
from reconciliation.rules.rows import ParsedRow, Reading, read_rows

MAPPING: dict[str, Any] = {
    "columns": {"date": "Date", "number": "No", "vendor": "Vendor", "amount": "Net"},
    "fixed": {"category": "software", "cost_centre": "PLATFORM"},
}
HEADER = "Date,No,Vendor,Net"
ROW = "2026-03-05,1,Café Münster,10.50"


def reading(content: bytes, **more: Any) -> Reading:
    return read_rows(content, name="spend.csv", mapping=checked(SpendMapping, MAPPING | more), currency="EUR")


def rows(content: bytes, **more: Any) -> list[ParsedRow]:
    return list(reading(content, **more).rows)


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{ROW}\n".encode(),
        f"{HEADER}\r\n{ROW}\r\n".encode(),
        f"{HEADER}\r{ROW}\r\n".encode(),
        f"{HEADER}\r{ROW}".encode(),
        f"{HEADER}\n{ROW}\n".encode("utf-8-sig"),
        "\ufeff".encode().decode("latin-1").encode() + f"{HEADER}\n{ROW}\n".encode(),
        ("\ufeff" + f"{HEADER}\n{ROW}\n").encode("utf-8-sig"),
        f"{HEADER}\n{ROW}\n".encode("cp1252"),
        f"{HEADER}\n{ROW}\n".encode("utf-16"),
        f"{HEADER}\n{ROW}\n".replace(",", ";").encode(),
        f"{HEADER}\n{ROW}\n".replace(",", "\t").encode(),
        f"Payments over 500\n\nPublished by the council\n{HEADER}\n\n{ROW}\n\n".encode(),
        "No,Vendor,Net,Date,Colour\n1,Café Münster,10.50,2026-03-05,blue\n".encode(),
    ],
)
def test_the_same_row_is_read_however_it_was_written(content: bytes) -> None:
    (row,) = rows(content)
    assert (row.fields["vendor"], row.amount, str(row.occurred_on)) == ("Café Münster", Decimal("10.50"), "2026-03-05")
    assert (row.status, row.currency) == ("pending", "EUR")


@pytest.mark.parametrize(
    ("text", "decimal", "amount"),
    [
        ("(264795.53)", ".", "-264795.53"),
        ("264,795.53-", ".", "-264795.53"),
        ("-1.5", ".", "-1.50"),
        ("£1,234.50", ".", "1234.50"),
        ("1.234,50", ",", "1234.50"),
        ("1'234.50", ".", "1234.50"),
        ("1 234", ".", "1234.00"),
    ],
)
def test_amounts_are_read_as_files_write_them(text: str, decimal: str, amount: str) -> None:
    (row,) = rows(f'{HEADER}\n2026-03-05,1,Acme,"{text}"\n'.encode(), decimal=decimal)
    assert row.amount == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["NaN", "1e400", "Infinity", "1,23,4", "12,34", "--1", "0x10", "١٢", "1_000", "9" * 40, "ten", "="]
)
def test_what_is_no_amount_is_quarantined_and_never_guessed(text: str) -> None:
    (row,) = rows(f'{HEADER}\n2026-03-05,1,Acme,"{text}"\n'.encode())
    assert (row.status, row.amount) == ("quarantined", None)
    assert row.problem is not None
    assert row.problem.remedy


def test_a_total_at_the_end_is_left_out_and_checked() -> None:
    right = reading(f"{HEADER}\n{ROW}\n{ROW}\nTotal,,,21.00\n".encode())
    assert [row.status for row in right.rows] == ["pending", "pending", "ignored"]
    assert right.findings == []
    nameless = reading(f"{HEADER}\n{ROW}\n{ROW}\n,,,21.00\n".encode())
    assert [row.status for row in nameless.rows] == ["pending", "pending", "ignored"]
    wrong = reading(f"{HEADER}\n{ROW}\n,,Grand total,99.00\n".encode())
    assert [row.status for row in wrong.rows] == ["pending", "ignored"]
    assert [(finding.code, finding.amount) for finding in wrong.findings] == [("total_differs", Decimal("88.50"))]


def test_rows_that_say_nothing_are_ignored_and_counted() -> None:
    found = rows(f"{HEADER},Kind\n{ROW},\n,,,,Capital\n".encode())
    assert [(row.status, row.problem.code if row.problem else "") for row in found] == [
        ("pending", ""),
        ("ignored", "no_content"),
    ]


def test_other_columns_are_refused_with_those_that_are_missing() -> None:
    with pytest.raises(FileRefused) as refusal:
        rows(b"Contract,Start,Value\nA,B,C\n")
    assert refusal.value.details["missing"] == ["Date", "No", "Vendor", "Net"]
    with pytest.raises(FileRefused, match="not known: “Colour”"):
        rows(f"{HEADER},Colour\n{ROW},blue\n".encode(), signature=["Date", "No", "Vendor", "Net"])
    with pytest.raises(FileRefused, match="there twice"):
        rows(f"{HEADER},Net\n{ROW},1\n".encode())


def test_a_quote_left_open_costs_one_row() -> None:
    found = rows(f'{HEADER}\n{ROW}\n2026-03-05,2,"Acme,1.00\n{ROW}\n{ROW}\n'.encode())
    assert [row.status for row in found] == ["pending", "quarantined", "pending", "pending"]
    assert [row.number for row in found] == [2, 3, 4, 5]


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("spend.csv", f"{HEADER}\n{ROW}\n")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (zipped(), "not_what_it_says"),
        (b"%PDF-1.7 ...", "not_what_it_says"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not_what_it_says"),
        (b"<html><body>Sign in</body></html>", "not_what_it_says"),
        (gzip.compress(b"x", mtime=0), "not_what_it_says"),
        (b"\n \n", "empty"),
        (b"", "empty"),
        (f"{HEADER}\n".encode() + b"\x00\x01", "nul_bytes"),
        (f"{HEADER}\n".encode() + b"x" * (10 * 1024 * 1024), "long_line"),
        (f"{HEADER}\n".encode() + b'"a\n' * 100_000, "broken_quotes"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        rows(content)
    assert refusal.value.code == code
    assert refusal.value.remedy


def test_a_packed_file_is_unpacked_within_the_limit() -> None:
    plain = f"{HEADER}\n{ROW}\n".encode()
    assert unpacked(gzip.compress(plain, mtime=0), name="spend.csv.gz", limit=1000) == plain
    with pytest.raises(FileRefused, match="larger"):
        unpacked(gzip.compress(b"0" * 5_000_000, mtime=0), name="bomb.csv.gz", limit=1000)
    with pytest.raises(FileRefused, match="damaged"):
        unpacked(gzip.compress(plain, mtime=0)[:-9], name="cut.csv.gz", limit=1000)
