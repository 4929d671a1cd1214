"""One thing that is looked at, and what was found. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Part:
    """Whether one thing is well, what was found, and the exact fix where it is not.

    `level` is `fine`, `note` (well enough, worth knowing) or `bad`.
    """

    id: str
    ok: bool
    found: str
    fix: str = ""
    level: str = ""

    def __post_init__(self) -> None:
        if not self.level:
            object.__setattr__(self, "level", "fine" if self.ok else "bad")


def fine(name: str, found: str) -> Part:
    return Part(name, True, found)


def note(name: str, found: str, fix: str) -> Part:
    return Part(name, True, found, fix, "note")


def bad(name: str, found: str, fix: str) -> Part:
    return Part(name, False, found, fix)


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago that was, in words."""
    seconds = max(0, int((now - then).total_seconds()))
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} seconds ago"


def listed(names: list[str], most: int = 5) -> str:
    """Return names as they stand in a sentence, the first few of many."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
