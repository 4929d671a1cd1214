"""Whom a text names with `@`, and how a text is kept: plain, without what is not seen. Pure."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

# Kept of what has no shape: line breaks, and what joins letters and pictures into one.
UNSEEN_BUT_MEANT = frozenset("\n\t\u200c\u200d")
LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Named:
    """An `@` in a text: the word that follows it, and the ids of those who bear the name that begins there; none for nobody."""

    word: str
    people: frozenset[int]


def plain(text: str) -> str:
    """Return text as it is kept: composed letters, one kind of line break, no controls and no marks that turn its direction."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    seen = (
        each for each in lines if each in UNSEEN_BUT_MEANT or unicodedata.category(each) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    return "".join(seen).strip()


def mentions_in(text: str, people: Mapping[str, set[int]]) -> list[Named]:
    """Find whom `text` names: an `@` at the beginning of a word, then a name or an e-mail address, the longest that fits.

    `people` gives ids by name and by address, in any case of letters. An `@` within a word, or before a space, names nobody
    and is none.
    """
    names = sorted(((name.casefold(), ids) for name, ids in people.items() if name), key=lambda item: -len(item[0]))
    found = []
    for place, each in enumerate(text):
        rest = text[place + 1 :]
        if each != "@" or (place and _is_of_a_word(text[place - 1])) or not rest or not _is_of_a_word(rest[0]):
            continue
        ids = next((ids for name, ids in names if _begins(rest, name)), set[int]())
        found.append(Named(rest.split(maxsplit=1)[0][:LONGEST_SHOWN], frozenset(ids)))
    return found


def _begins(text: str, name: str) -> bool:
    """Say whether a text begins with a name, which ends where a word ends."""
    head = text[: len(name)]
    return head.casefold() == name and not _is_of_a_word(text[len(name) : len(name) + 1])


def _is_of_a_word(each: str) -> bool:
    return each.isalnum() or each == "_"
