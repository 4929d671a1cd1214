"""What a file is, by its content, and whether it is one that is taken. Pure: nothing is unpacked, nothing is run.

A file is taken when its name's ending is on the list, its content is of that kind and of no other at the same time, and nothing
in it acts by itself: no macros, no scripts, no programs, no other archives. What is only worth knowing is noted.
"""

import codecs
from dataclasses import dataclass

from core.rules.archives import look_into_office, seems_archive
from core.rules.pdf_content import look_into_pdf
from core.rules.pictures import look_into_jpeg, look_into_png
from core.rules.unfit import MARKUP, Unfit

CSV, TXT, DOCX, XLSX = ".csv", ".txt", ".docx", ".xlsx"
PDF, PNG, JPEG, PLAIN, SHEET = "application/pdf", "image/png", "image/jpeg", "text/plain", "text/csv"
OFFICE = "application/vnd.openxmlformats-officedocument"
WORD, EXCEL = f"{OFFICE}.wordprocessingml.document", f"{OFFICE}.spreadsheetml.sheet"
SNIFFED = 1500
_SIGNATURES = ((b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG))
_BY_ENDING = {
    ".pdf": PDF, ".png": PNG, ".jpg": JPEG, ".jpeg": JPEG, CSV: SHEET, TXT: PLAIN, DOCX: WORD, XLSX: EXCEL,
}  # fmt: skip
_MAIN_PARTS = {"word/document.xml": WORD, "xl/workbook.xml": EXCEL}


@dataclass(frozen=True, slots=True)
class Examined:
    """A file that is taken: its type, and what is worth knowing about it."""

    type: str
    notes: tuple[str, ...] = ()


def known_endings() -> tuple[str, ...]:
    """Return the file name endings that are taken."""
    return tuple(_BY_ENDING)


def named_type(name: str) -> str:
    """Return the type that a file's name claims; empty where it is not one that is taken."""
    ending = f".{name.rpartition('.')[2].casefold()}" if "." in name else ""
    return _BY_ENDING.get(ending, "")


def examine(name: str, content: bytes) -> Examined:
    """Return what the file is. Raises Unfit with a code, a sentence and what to do."""
    if not content:
        raise Unfit("empty", "is empty", "Attach a file that has something in it.")
    claimed = named_type(name)
    if not claimed:
        raise Unfit("kind", "is of a kind that is not taken", f"Attach one of: {', '.join(known_endings())}.")
    shown, notes = _look(content)
    if claimed != shown and not (claimed == SHEET and shown == PLAIN):
        raise Unfit("not_what_it_says", "is not what its name says", "Save it anew as the kind it is, and attach that.")
    return Examined(claimed, tuple(notes))


def _look(content: bytes) -> tuple[str, list[str]]:
    """Return the type that the content shows, blank where it is none that is taken, and notes."""
    kind = next((kind for signature, kind in _SIGNATURES if content.startswith(signature)), "")
    if content.startswith(b"PK\x03\x04"):
        main, notes = look_into_office(content, tuple(_MAIN_PARTS))
        return _MAIN_PARTS.get(main, ""), notes
    if seems_archive(content):
        raise Unfit("polyglot", "is an archive and something else at once", "Save it anew with the program it comes from.")
    if kind == PDF:
        return kind, look_into_pdf(content)
    if kind:
        (look_into_png if kind == PNG else look_into_jpeg)(content)
        return kind, []
    return (PLAIN if _is_text(content) else ""), []


def _is_text(content: bytes) -> bool:
    if b"\x00" in content:
        return False
    try:
        content.decode("utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8")
    except UnicodeDecodeError:
        if not _looks_latin(content):
            return False
    head = content[:SNIFFED].lstrip(b"\xef\xbb\xbf \t\r\n\f").lower()
    # Programs that guess look this far for what they would run or render.
    return not (
        head.startswith((b"<?xml", b"gif8", b"#!", b"{\\rtf", b"mime-version")) or MARKUP.search(head) or b"%pdf-" in head
    )


def _looks_latin(content: bytes) -> bool:
    """Old spreadsheets write Latin-1: text if it has no control characters but line ends and tabs."""
    return not any(byte < 32 and byte not in b"\t\r\n\f" for byte in content[:65536])
