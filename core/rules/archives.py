"""Office files, looked into by their directory and a few small parts. Nothing is unpacked; what is too much is never read."""

import io
import re
import struct
import zipfile
import zlib

from core.rules.unfit import Unfit

MOST_PARTS = 2000
LARGEST_DIRECTORY = 1_000_000
MOST_UNPACKED = 200_000_000
LARGEST_RATIO = 200
WORTH_A_RATIO = 1_000_000
MOST_LINKS_READ = 64
LARGEST_READ = 512_000
LARGEST_COMMENT = 65_535
_END = b"PK\x05\x06"
_ARCHIVES = (".zip", ".rar", ".7z", ".gz", ".bz2", ".xz", ".tar", ".jar", ".docx", ".xlsx", ".docm", ".xlsm", ".iso", ".cab")
_PROGRAMS = re.compile(r"vbaproject|vbadata|macrosheets/|activex/|\.exe$|\.dll$|\.js$|\.vbs$|\.scr$", re.IGNORECASE)
_OUTSIDE = re.compile(rb"TargetMode\s{0,8}=\s{0,8}[\"']External[\"']", re.IGNORECASE)
_PULLS_IN = re.compile(rb"relationships/(?:attachedTemplate|oleObject|frame|subDocument|externalLinkPath)", re.IGNORECASE)
ANEW = "Save it anew with the program it comes from."
WITHOUT_MACROS = "Save it without macros (.docx or .xlsx), or as PDF, and attach that."


def seems_archive(content: bytes) -> bool:
    """Say whether a program that looks for an archive's end would find one."""
    tail = content[-(LARGEST_COMMENT + 22) :]
    at = tail.rfind(_END)
    return at >= 0 and len(tail) - at >= 22


def look_into_office(content: bytes, main_parts: tuple[str, ...]) -> tuple[str, list[str]]:
    """Return which main part the document has, blank for none, and notes. Raises Unfit."""
    _bound_directory(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _judge_parts(parts)
            notes = _judge_small_parts(archive)
    except (zipfile.BadZipFile, ValueError, RuntimeError, zlib.error, EOFError, OSError, struct.error) as error:
        if isinstance(error, Unfit):
            raise
        raise Unfit("damaged", "is damaged", ANEW) from error
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names:
        return "", notes
    return next((part for part in main_parts if part in names), ""), notes


def _bound_directory(content: bytes) -> None:
    """Refuse by the archive's last record alone what would take too much to list."""
    at = content.rfind(_END, max(0, len(content) - LARGEST_COMMENT - 22))
    if at < 0 or len(content) - at < 22:
        raise Unfit("damaged", "is damaged", ANEW)
    count, size, offset, comment = struct.unpack("<10xHIIH", content[at : at + 22])
    if b"PK\x06\x07" in content[max(0, at - 20) : at] or count == 0xFFFF or count > MOST_PARTS or size > LARGEST_DIRECTORY:
        raise Unfit("too_many_parts", "has more parts than a document has", ANEW)
    if comment or at + 22 != len(content) or offset + size != at:
        raise Unfit("polyglot", "is an archive with something before or after it", ANEW)


def _judge_parts(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MOST_PARTS:
        raise Unfit("too_many_parts", "has more parts than a document has", ANEW)
    names = [part.filename for part in parts]
    if len(set(names)) != len(names) or any(name.startswith(("/", "\\")) or ".." in name or "\\" in name for name in names):
        raise Unfit("damaged", "has parts under names that no document has", ANEW)
    if any(part.flag_bits & 1 for part in parts):
        raise Unfit("encrypted", "is protected by a password", "Save it without a password, and attach that.")
    if any(_PROGRAMS.search(name) for name in names):
        raise Unfit("macros", "carries macros or programs", WITHOUT_MACROS)
    if any(name.lower().endswith(_ARCHIVES) or "/embeddings/" in name.lower() for name in names):
        raise Unfit("nested", "carries other files in it", "Attach those on their own, or save it as PDF.")
    _judge_sizes(parts)


def _judge_sizes(parts: list[zipfile.ZipInfo]) -> None:
    swollen = any(
        part.file_size > WORTH_A_RATIO and part.file_size > LARGEST_RATIO * max(1, part.compress_size) for part in parts
    )
    if swollen or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise Unfit("bomb", "would grow out of all measure when it is opened", ANEW)


def _judge_small_parts(archive: zipfile.ZipFile) -> list[str]:
    """Read the list of types and the links, each up to a limit, and look for macros and for what is pulled in from outside."""
    notes = []
    links = [name for name in archive.namelist() if name.endswith(".rels")][:MOST_LINKS_READ]
    types = _read(archive, "[Content_Types].xml") if "[Content_Types].xml" in archive.namelist() else b""
    if b"macroenabled" in types.lower() or b"vbaproject" in types.lower():
        raise Unfit("macros", "carries macros or programs", WITHOUT_MACROS)
    for name in links:
        text = _read(archive, name)
        if _OUTSIDE.search(text):
            if _PULLS_IN.search(text):
                raise Unfit(
                    "pulls_in", "pulls in something from elsewhere when it is opened", "Break its links, or save it as PDF."
                )
            notes = ["It has links to places outside."]
    return notes


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(LARGEST_READ)
