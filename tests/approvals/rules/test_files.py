"""What a file is by its content, whatever its name says."""

import io
import zipfile

import pytest

from approvals.rules.files import agrees, content_type, named_type


def office(part: str) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(part, "<x/>")
    return kept.getvalue()


GOOD = {
    "offer.pdf": b"%PDF-1.7\n",
    "scan.PNG": b"\x89PNG\r\n\x1a\n....",
    "scan.jpeg": b"\xff\xd8\xff\xe0....",
    "rows.csv": b"a,b\n1,2\n",
    "note.txt": "Grüße".encode(),
    "old.txt": "Grüße".encode("latin-1"),
    "offer.docx": office("word/document.xml"),
    "rows.xlsx": office("xl/workbook.xml"),
}
BAD = {
    "offer.pdf": b"MZ\x90\x00",
    "scan.png": b"%PDF-1.7\n",
    "page.txt": b"<!DOCTYPE html><script>alert(1)</script>",
    "drawing.txt": b"<svg onload='x'/>",
    "rows.csv": b"a,b\x00",
    "rows.xlsx": office("word/document.xml"),
    "offer.docx": b"PK\x03\x04 and nothing more",
    "empty.txt": b"",
    "tool.exe": b"MZ",
    "noending": b"text",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_file_that_is_what_its_name_says(name: str) -> None:
    assert agrees(named_type(name), content_type(GOOD[name]))


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_not(name: str) -> None:
    claimed = named_type(name)
    assert not claimed or not agrees(claimed, content_type(BAD[name]))
