"""By when a requester is told that their request is decided: the policy's times, as past decisions have used them. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

# Fewer past decisions of a stage foretell nothing.
FEWEST = 5


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the decisions of a stage took, in shares of the time that each had. Nine of ten took no more than `nearly_all`."""

    decisions: int
    nearly_all: float


@dataclass(frozen=True, slots=True)
class Step:
    """A stage of a chain. Those of one group run side by side. `due` says when it is due if it begins at a moment."""

    name: str
    group: int
    due: Callable[[datetime], datetime]


@dataclass(frozen=True, slots=True)
class Promise:
    """By when a request is decided (UTC); `by_past` where past decisions say so for every stage, and not the policy alone."""

    at: datetime
    by_past: bool


def promise_of(steps: Sequence[Step], paces: Mapping[str, Pace], *, begun: datetime) -> Promise | None:
    """Return by when a chain that begins at `begun` is through; None where nobody is asked.

    Each stage takes the share of its time that nine of ten of its past decisions took, more than all of it where they were late;
    one with too short a past takes all of it. A group begins when the slowest of the one before is through.
    """
    start = latest = begun
    group = steps[0].group if steps else 0
    for step in steps:
        if step.group != group:
            start, group = latest, step.group
        latest = max(latest, start + (step.due(start) - start) * _share(paces.get(step.name)))
    known = all(_is_known(paces.get(step.name)) for step in steps)
    return Promise(latest, known) if steps else None


def _is_known(pace: Pace | None) -> bool:
    return pace is not None and pace.decisions >= FEWEST


def _share(pace: Pace | None) -> float:
    return pace.nearly_all if pace is not None and _is_known(pace) else 1.0
