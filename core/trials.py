"""Trying a change: it is done in a transaction, what it did is read there, and it is undone. Told and done cannot differ.

The room that keeps amounts says by `money_read_by` how it is read what a change moved. It knows a change by its correlation id.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from core import correlation
from core.database.constraints import look_now
from core.models import User
from core.storage import files_undone


@dataclass(frozen=True, slots=True)
class Moved:
    """What one bucket of a budget line has in a month before and after a change, in the line's currency.

    The line is known by the codes of its budget, cost centre and category: one that the change makes has no number yet.
    """

    budget: str
    cost_centre: str
    category: str
    line: str
    month: date
    bucket: str
    before: Decimal
    after: Decimal
    currency: str

    @property
    def by(self) -> Decimal:
        return self.after - self.before

    def as_json(self) -> dict[str, Any]:
        said = {"budget": self.budget, "cost_centre": self.cost_centre, "category": self.category, "line": self.line}
        amounts = {"before": f"{self.before:.2f}", "after": f"{self.after:.2f}", "currency": self.currency}
        return {**said, "month": f"{self.month:%Y-%m}", "bucket": self.bucket, **amounts}


@dataclass(frozen=True, slots=True)
class Effects:
    """What a change moves on the budget lines that a person may read, and how many more places of others it moves."""

    moved: Sequence[Moved] = ()
    hidden: int = 0

    def as_json(self) -> dict[str, Any]:
        return {"moved": [each.as_json() for each in self.moved], "hidden": self.hidden}

    def digest(self, *said: str) -> str:
        """Return what stands for these effects and for what was `said` of them."""
        return hashlib.sha256(json.dumps([self.as_json(), said], sort_keys=True).encode()).hexdigest()


# Who reads: a person, or None for a command, which sees all.
Told = Callable[[User | None], Effects]
_watches: list[Callable[[], Told]] = []


def money_read_by(watch: Callable[[], Told]) -> None:
    """Let `watch` be called before a change; what it returns is called after it, in its transaction, and says what it moved."""
    if watch not in _watches:
        _watches.append(watch)


def watched() -> Told:
    """Return what tells, later in this transaction, what the change that begins now has moved."""
    tellers = [watch() for watch in _watches]

    def told(person: User | None) -> Effects:
        found = [tell(person) for tell in tellers]
        return Effects([each for effects in found for each in effects.moved], sum(effects.hidden for effects in found))

    return told


@contextmanager
def undone() -> Iterator[Told]:
    """Undo at the end what is done within the block: rows, files, and what would follow the commit. Gives what tells of it.

    What the database looks at when a transaction ends it looks at before, so that it refuses here what it would refuse then.
    """
    with files_undone(), correlation.running(correlation.fresh()), transaction.atomic():
        yield watched()
        look_now()
        transaction.set_rollback(True)


@contextmanager
def maybe_undone(*, dry_run: bool) -> Iterator[Told | None]:
    """Do what is within the block in earnest, or, with `dry_run`, undo it."""
    if not dry_run:
        yield None
        return
    with undone() as told:
        yield told
