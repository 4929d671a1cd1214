"""Names as people and files write them, folded so that they can be compared."""

import re
import unicodedata

_NOT_WORD = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Return `text` without regard to case, width, punctuation and spacing: `AI/ML  APIs` and `ai ml apis` are one name."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_WORD.sub(" ", plain).strip()
