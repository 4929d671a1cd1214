"""When failures to sign in shut the door, and for how long."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

LONGEST = timedelta(hours=12)
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many failures in a row shut the door, and for how long the first time."""

    failures: int
    span: timedelta


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of one account or address."""

    failures: int = 0
    rounds: int = 0
    last_failed_at: datetime | None = None
    locked_until: datetime | None = None


def is_locked(tally: Tally, *, now: datetime) -> bool:
    """Say whether nobody is let in at `now`."""
    return tally.locked_until is not None and now < tally.locked_until


def counted(tally: Tally, *, now: datetime, limit: Limit) -> Tally:
    """Return the tally after one more attempt, counted as a failure before its password is looked at.

    Counting first keeps attempts that run side by side within the limit. The attempt that reaches the limit is still looked
    at; the next one is not. Failures that lie a span back are forgotten, and each lock in a row is twice as long.
    """
    failures = 0 if _is_old(tally, now, limit.span) else tally.failures
    rounds = 0 if _is_old(tally, now, FORGOTTEN_AFTER) else tally.rounds
    if failures + 1 < limit.failures:
        return replace(tally, failures=failures + 1, rounds=rounds, last_failed_at=now, locked_until=None)
    span = min(limit.span * 2 ** min(rounds, 10), LONGEST)
    return Tally(failures=0, rounds=rounds + 1, last_failed_at=now, locked_until=now + span)


def forgiven(tally: Tally, *, now: datetime, limit: Limit) -> Tally:
    """Return the tally with its latest attempt taken back: it succeeded."""
    if is_locked(tally, now=now):
        return replace(tally, failures=limit.failures - 1, rounds=max(tally.rounds - 1, 0), locked_until=None)
    return replace(tally, failures=max(tally.failures - 1, 0))


def _is_old(tally: Tally, now: datetime, span: timedelta) -> bool:
    return tally.last_failed_at is None or now - max(tally.last_failed_at, tally.locked_until or tally.last_failed_at) >= span
