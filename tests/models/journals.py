"""The journals of the model of the ledger: what each holds for later, and what has used it up."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.models.documents import Refused
from tests.models.pooling import Line

PENDING = ("reserved", "committed")
Place = tuple[int, str, str]


@dataclass
class Journal:
    """A journal with its entries. `said` is what the same key must say again; `moment` is the ledger's word for when."""

    key: str
    said: Any
    lines: list[Line]
    settles: "Journal | None" = None
    reverses: "Journal | None" = None
    moment: datetime | None = None

    def sums(self) -> dict[Place, int]:
        """Return what the journal moves by account, bucket and thread, months aside, in cents."""
        return sums_of(self.lines)

    def held(self) -> dict[Place, int]:
        """Return what the journal holds for later. What it gives back to the one that it settles is held there."""
        elsewhere = {place for place, cents in self.settles.sums().items() if cents > 0} if self.settles else set()
        sums = self.sums().items()
        return {place: cents for place, cents in sums if place[1] in PENDING and cents > 0 and place not in elsewhere}


def sums_of(lines: Iterable[Line]) -> dict[Place, int]:
    sums: dict[Place, int] = defaultdict(int)
    for line in lines:
        sums[line.account, line.bucket, line.thread] += line.cents
    return dict(sums)


@dataclass
class Journals:
    """All journals, in the order posted. What is kept beside them only finds them again: no sum is kept."""

    all: list[Journal] = field(default_factory=list)
    by_key: dict[str, Journal] = field(default_factory=dict)
    reversals: dict[str, Journal] = field(default_factory=dict)
    settling: dict[str, list[Journal]] = field(default_factory=lambda: defaultdict(list))
    threads: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))

    def keep(self, journal: Journal) -> Journal:
        self.all.append(journal)
        self.by_key[journal.key] = journal
        if journal.settles:
            self.settling[journal.settles.key].append(journal)
        if journal.reverses:
            self.reversals[journal.reverses.key] = journal
        for line in journal.lines:
            self.threads[line.thread].append(line)
        return journal

    def known(self, key: str, said: Any) -> Journal | None:
        """Return the journal that has the key already. Raises Refused where it says something else."""
        journal = self.by_key.get(key)
        if journal and journal.said != said:
            raise Refused("idempotency_conflict")
        return journal

    def pending(self, key: str) -> Journal | None:
        """Return the journal that is to be settled, None where none is named. Raises Refused where there is none."""
        if key and key not in self.by_key:
            raise Refused("settled")
        return self.by_key.get(key)

    def left_of(self, journal: Journal) -> dict[Place, int]:
        """Return what is left of what a journal holds for later, in cents."""
        used = self._used(journal)
        return {place: cents + used.get(place, 0) for place, cents in journal.held().items()}

    def check_settlement(self, journal: Journal) -> None:
        """Refuse a journal that takes more from the one it settles than is left, gives back more than was taken, or neither."""
        pending = journal.settles
        if pending is None:
            return
        now, held, left = journal.sums(), pending.held(), self.left_of(pending)
        if pending.key in self.reversals or not any(place in now for place in held):
            raise Refused("settled")
        if any(not 0 <= left[place] + now.get(place, 0) <= cents for place, cents in held.items()):
            raise Refused("settled")

    def check_reversal(self, journal: Journal) -> None:
        """Refuse to reverse a journal that others have settled in part, or whose hold no longer lies where it put it."""
        reversed_ = journal.reverses
        if reversed_ is None:
            return
        if any(self._used(reversed_).values()) or any(self._is_gone(line, journal) for line in reversed_.lines):
            raise Refused("settled")

    def _is_gone(self, line: Line, reversal: Journal) -> bool:
        """Say whether the reversal takes more from where the line held something than is there."""
        if line.bucket not in PENDING or line.cents < 0 or not line.thread:
            return False
        place = (line.account, line.month, line.bucket)
        there = (*self.threads[line.thread], *(each for each in reversal.lines if each.thread == line.thread))
        return sum(each.cents for each in there if (each.account, each.month, each.bucket) == place) < 0

    def _used(self, journal: Journal) -> dict[Place, int]:
        return sums_of(line for other in self.settling[journal.key] for line in other.lines)
