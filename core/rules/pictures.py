"""Pictures: whole, with nothing after their end and no page in their words. Pure."""

import struct

from core.rules.unfit import MARKUP, Unfit

MOST_PIECES = 20_000
ANEW = "Save the picture anew, and attach that."
_PIXELS = frozenset({b"IDAT", b"fdAT"})


def look_into_png(content: bytes) -> None:
    """Walk the picture's pieces. Raises Unfit where it is not whole, or carries a page."""
    at = 8
    for _ in range(MOST_PIECES):
        if at + 12 > len(content):
            raise Unfit("damaged", "is damaged", ANEW)
        size, kind = struct.unpack(">I4s", content[at : at + 8])
        if kind not in _PIXELS and MARKUP.search(content[at + 8 : at + 8 + size]):
            raise Unfit("polyglot", "is a picture and a web page at once", ANEW)
        at += 12 + size
        if kind == b"IEND":
            if at != len(content):
                raise Unfit("polyglot", "has something after the end of the picture", ANEW)
            return
    raise Unfit("damaged", "has more pieces than a picture has", ANEW)


def look_into_jpeg(content: bytes) -> None:
    """Walk the segments before the pixels, and look at what comes after them. Raises Unfit."""
    at = 2
    for _ in range(MOST_PIECES):
        if at + 4 > len(content) or content[at] != 0xFF:
            raise Unfit("damaged", "is damaged", ANEW)
        marker, size = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])[0]
        if MARKUP.search(content[at + 4 : at + 2 + size]):
            raise Unfit("polyglot", "is a picture and a web page at once", ANEW)
        at += 2 + size
        if marker == 0xDA:
            break
    end = content.rfind(b"\xff\xd9")
    if end < at:
        raise Unfit("damaged", "is damaged", ANEW)
    # Phones put small pictures after the large one; pages and archives are what nobody's camera writes.
    if MARKUP.search(content[end:]):
        raise Unfit("polyglot", "has something after the end of the picture", ANEW)
