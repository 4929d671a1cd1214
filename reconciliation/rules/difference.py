"""What a file brings that earlier files of its source did not: a multiset difference, since identical rows are real. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Mark:
    """What a row is compared by: its key, the hash of all it says, and the hash of the document it is about."""

    key: int
    fingerprint: str
    identity: str = ""


@dataclass(slots=True)
class Difference:
    """`known` and `changed` map keys of the new file to keys of earlier rows; `vanished` are earlier rows."""

    new: list[int] = field(default_factory=list)
    known: dict[int, int] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)
    vanished: list[int] = field(default_factory=list)


def difference(earlier: Iterable[Mark], present: Iterable[Mark]) -> Difference:
    """Match equal rows one to one, then what is left by the document it is about; the rest is new, or vanished.

    Two equal rows against one earlier row are one known and one new: nothing is doubled, nothing is lost.
    """
    result = Difference()
    standing: dict[str, list[Mark]] = defaultdict(list)
    for mark in earlier:
        standing[mark.fingerprint].append(mark)
    for marks in standing.values():
        marks.reverse()
    left = []
    for mark in present:
        if same := standing.get(mark.fingerprint):
            result.known[mark.key] = same.pop().key
        else:
            left.append(mark)
    _pair_by_document(result, standing, left)
    return result


def _pair_by_document(result: Difference, standing: dict[str, list[Mark]], left: list[Mark]) -> None:
    over: dict[str, list[int]] = defaultdict(list)
    for mark in sorted((mark for marks in standing.values() for mark in marks), key=lambda mark: -mark.key):
        over[mark.identity].append(mark.key)
    for mark in left:
        if mark.identity and over.get(mark.identity):
            result.changed[mark.key] = over[mark.identity].pop()
        else:
            result.new.append(mark.key)
    result.vanished = sorted(key for keys in over.values() for key in keys)
