"""What a file is, by its content. Pure."""

import codecs
import io
import zipfile

CSV, TXT, DOCX, XLSX = ".csv", ".txt", ".docx", ".xlsx"
OFFICE = "application/vnd.openxmlformats-officedocument"
_SIGNATURES = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
_BY_ENDING = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    CSV: "text/csv",
    TXT: "text/plain",
    DOCX: f"{OFFICE}.wordprocessingml.document",
    XLSX: f"{OFFICE}.spreadsheetml.sheet",
}
_PARTS = {"word/document.xml": _BY_ENDING[DOCX], "xl/workbook.xml": _BY_ENDING[XLSX]}
_MOST_PARTS = 10_000


def known_endings() -> tuple[str, ...]:
    """Return the file name endings that are taken."""
    return tuple(_BY_ENDING)


def named_type(name: str) -> str:
    """Return the type that a file's name claims; empty where it is not one that is taken."""
    ending = f".{name.rpartition('.')[2].casefold()}" if "." in name else ""
    return _BY_ENDING.get(ending, "")


def content_type(content: bytes) -> str:
    """Return the type that a file's content shows; empty where it is none that is taken. Plain text is `text/plain`."""
    for signature, kind in _SIGNATURES:
        if content.startswith(signature):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _office_type(content)
    return "text/plain" if _is_text(content) else ""


def agrees(claimed: str, shown: str) -> bool:
    """Say whether a name's claim fits what the content shows. A sheet of comma-separated values is plain text."""
    return claimed == shown or (claimed == "text/csv" and shown == "text/plain")


def _office_type(content: bytes) -> str:
    """Look into the directory of the archive; nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist()[:_MOST_PARTS])
    except (zipfile.BadZipFile, ValueError):
        return ""
    return next((kind for part, kind in _PARTS.items() if part in names), "")


def _is_text(content: bytes) -> bool:
    if not content or b"\x00" in content:
        return False
    try:
        content.decode("utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8")
    except UnicodeDecodeError:
        return _looks_latin(content)
    return not content.lstrip().lower().startswith((b"<!doctype html", b"<html", b"<svg", b"<?xml", b"<script"))


def _looks_latin(content: bytes) -> bool:
    """Old spreadsheets write Latin-1: text if it has no control characters but line ends and tabs."""
    return not any(byte < 32 and byte not in b"\t\r\n\f" for byte in content[:65536])
