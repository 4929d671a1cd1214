"""PDFs: what would act by itself is refused, what is carried along is noted. Pure, bounded in time and memory."""

import re
import zlib
from collections.abc import Iterator

from core.rules.unfit import MARKUP, Unfit

HEAD = 1024
MOST_STREAMS = 5000
LARGEST_STREAM = 4_000_000
MOST_UNPACKED = 32_000_000
_ACTS = re.compile(rb"/(JavaScript|Launch|GoToE|SubmitForm|ImportData|RichMedia|XFA|Rendition)(?![A-Za-z0-9])")
_CARRIES = re.compile(rb"/(EmbeddedFiles?|Filespec)(?![A-Za-z0-9])")
_LOCKED = re.compile(rb"/Encrypt(?![A-Za-z0-9])")
_ESCAPE = re.compile(rb"#([0-9a-fA-F]{2})")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_DICTIONARY = 2000
SAY = {
    b"JavaScript": "runs a script",
    b"Launch": "starts another program",
    b"GoToE": "opens a file inside it",
    b"SubmitForm": "sends what is typed in it elsewhere",
    b"ImportData": "pulls in another file",
    b"RichMedia": "plays media with a program in it",
    b"XFA": "is a form with scripts",
    b"Rendition": "plays media with a program in it",
}
PRINTED = "Print it to a new PDF, and attach that."


def look_into_pdf(content: bytes) -> list[str]:
    """Return notes on a PDF. Raises Unfit where it would act by itself or cannot be looked into."""
    if MARKUP.search(content[:HEAD]):
        raise Unfit("polyglot", "is a PDF and a web page at once", PRINTED)
    notes = []
    for text in _texts(content):
        if found := _ACTS.search(text):
            raise Unfit("active", SAY[found[1]], PRINTED)
        if _LOCKED.search(text):
            raise Unfit("encrypted", "is protected by a password", "Save it without a password, and attach that.")
        if _CARRIES.search(text):
            notes = ["It carries other files in it."]
    return notes


def _texts(content: bytes) -> Iterator[bytes]:
    """Return the whole with its names as they are meant, and what is packed of its objects."""
    yield _unescaped(content)
    left = MOST_UNPACKED
    for count, found in enumerate(_STREAM.finditer(content)):
        if count >= MOST_STREAMS or left <= 0:
            raise Unfit("too_much", "has more in it than can be looked into", PRINTED)
        dictionary = _unescaped(content[max(0, found.start() - _DICTIONARY) : found.start()]).rpartition(b" obj")[2]
        if b"/ObjStm" not in dictionary:
            continue
        if b"/FlateDecode" not in dictionary or b"/DecodeParms" in dictionary or dictionary.count(b"Decode") > 1:
            raise Unfit("too_much", "is packed in a way that cannot be looked into", PRINTED)
        text = _unpacked(content[found.end() : found.end() + LARGEST_STREAM])
        left -= len(text)
        yield _unescaped(text)


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, LARGEST_STREAM)
    except zlib.error as error:
        raise Unfit("damaged", "is damaged", PRINTED) from error


def _unescaped(text: bytes) -> bytes:
    """Return the text with `/J#61vaScript` as `/JavaScript`."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text)
