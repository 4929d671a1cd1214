"""Numbers and references as people, vendors and banks write them, made comparable."""

import re
import unicodedata
from collections.abc import Iterable

_NOT_ALNUM = re.compile(r"[^0-9a-z]+")
_REQUEST_NUMBER = re.compile(r"\bREQ[-\s]?(\d{4})[-\s]?(\d{1,6})\b", re.IGNORECASE)
SHORTEST_SURE = 4
LONGEST_RUN = 4
LONGEST_TEXT = 2000
LONGEST_KEY = 80


def number_key(number: str) -> str:
    """Return the letters and digits of a document's number, folded: `INV-2026/0042` and `inv 2026 0042` are one."""
    return _NOT_ALNUM.sub("", unicodedata.normalize("NFKC", number).casefold())


def key_of_number(number: str) -> str:
    """Return the folded number of a row of a file; one that is longer than an invoice's may be is none."""
    key = number_key(number)
    return key if len(key) <= LONGEST_KEY else ""


def number_digits(number: str) -> str:
    """Return the digits of a number without leading zeros: `003411` and `A3411` meet here, as a suspicion only."""
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", number)).lstrip("0")


def is_sure(key: str) -> bool:
    """Say whether a key is long and particular enough to point at one document by itself."""
    return len(key) >= SHORTEST_SURE and any(character.isdigit() for character in key)


def keys_in(text: str) -> frozenset[str]:
    """Return every number that may be hidden in a free text: its words, and runs of up to four of them written apart."""
    words = [word for word in _NOT_ALNUM.split(unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).casefold()) if word]
    runs = ("".join(words[start : start + length]) for start in range(len(words)) for length in range(1, LONGEST_RUN + 1))
    return frozenset(run for run in runs if run and len(run) <= 80)


def request_numbers_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the request numbers that texts name, as Purser writes them: `REQ-2026-0001`."""
    found = (match for text in texts for match in _REQUEST_NUMBER.finditer(text[:LONGEST_TEXT]))
    return frozenset(f"REQ-{match.group(1)}-{match.group(2).zfill(4)}" for match in found)
