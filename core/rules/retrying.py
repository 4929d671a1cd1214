"""How long what failed waits for its next try. Pure."""

from datetime import timedelta

LONGEST_WAIT = timedelta(hours=1)


def wait_after(doublings: int) -> timedelta:
    """Return a second, doubled so often; an hour at most."""
    return min(timedelta(seconds=2 ** min(doublings, 12)), LONGEST_WAIT)
