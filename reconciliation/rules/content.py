"""What a file is, from its bytes alone: refused when it is not what its name says, and its encoding."""

import codecs
import gzip
import io
import re
import zlib

from reconciliation.rules.problems import FileRefused

LONGEST_LINE = 1024 * 1024
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xc3\xaf\xc2\xbb\xc2\xbf")  # the second is the first, encoded twice
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LINE = re.compile(rb"[^\r\n]+")
_MAGIC = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"PK\x05\x06", "a zip archive"),
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"7z\xbc\xaf", "an archive"),
    (b"Rar!", "an archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format", "a database"),
)


def unpacked(content: bytes, *, name: str, limit: int) -> bytes:
    """Return the content, unpacked where its name and its bytes both say gzip; at most `limit` bytes of it.

    Raises FileRefused when it is too large, packed or not, or damaged.
    """
    if name.lower().endswith(".gz") and content[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(content)) as stream:
                content = stream.read(limit + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise FileRefused("The gzip archive is damaged.", remedy="Download it again.", code="damaged") from error
    if len(content) > limit:
        raise FileRefused(
            f"The file is larger than {limit // 1_000_000} MB.",
            remedy="Split it by month and import the parts.",
            code="too_large",
        )
    return content


def refuse_other_kinds(content: bytes, *, name: str, expected: str) -> None:
    """Refuse a file whose bytes are not what is expected (`CSV` or `XML`), whatever its name says."""
    if not content.strip():
        raise FileRefused(f"{name} is empty.", remedy="Export it again.", code="empty")
    head = content.removeprefix(_BYTE_ORDER_MARKS[0]).lstrip()[:64]
    found = next((what for magic, what in _MAGIC if head.startswith(magic)), "")
    if not found and expected == "CSV" and head[:1] == b"<":
        found = "XML or a web page"
    if not found and expected == "XML" and head[:1] != b"<" and head[:2] not in _UTF16:
        found = "not XML"
    if found:
        raise FileRefused(
            f"{name} is not what its source expects ({expected}): it is {found}.",
            remedy=f"Export it as {expected} and import that.",
            code="not_what_it_says",
        )


def encoding_of(content: bytes) -> tuple[str, int]:
    """Return a text file's encoding and how many bytes of byte-order mark to skip. Raises FileRefused."""
    if content[:2] in _UTF16:
        return "utf-16", 0
    skipped = 0
    while mark := next((mark for mark in _BYTE_ORDER_MARKS if content.startswith(mark, skipped)), b""):
        skipped += len(mark)
    if b"\x00" in content:
        raise FileRefused(
            "The file has NUL bytes, which no CSV has.", remedy="Export it again as CSV in UTF-8.", code="nul_bytes"
        )
    return ("utf-8" if _is_utf8(content) else "cp1252"), skipped


def _is_utf8(content: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(content)
    try:
        for start in range(0, len(content), 1 << 20):
            decoder.decode(view[start : start + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def refuse_long_lines(content: bytes) -> None:
    """Refuse a file with a line that no export writes, before any reader has to hold it."""
    for found in _LINE.finditer(content):
        if found.end() - found.start() > LONGEST_LINE:
            line = content.count(b"\n", 0, found.start()) + 1
            raise FileRefused(
                f"Line {line} is longer than {LONGEST_LINE // 1024 // 1024} MB.",
                remedy="Export the file again; a line end or a quote is missing there.",
                code="long_line",
            )


def lines_of(content: bytes, encoding: str, skipped: int) -> io.TextIOWrapper:
    """Return the text line by line with every kind of line end as one, bare CR too."""
    stream = io.BytesIO(content)
    stream.seek(skipped)
    return io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline=None)
