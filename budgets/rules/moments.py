"""Moments of the past, as people write them in an address or a form."""

from datetime import date, datetime, time, timedelta, tzinfo

LONGEST = 40


def moment_of(text: str, zone: tzinfo) -> datetime:
    """Return the moment that `text` names: of a day its end, in `zone`; of a moment without a zone that one in `zone`.

    Raises ValueError for anything else.
    """
    if len(text) > LONGEST:
        raise ValueError("Too long for a moment.")
    if len(text) == len("2026-11-05"):
        following = date.fromisoformat(text) + timedelta(days=1)
        return datetime.combine(following, time.min, tzinfo=zone) - timedelta(microseconds=1)
    # In an address a plus sign arrives as a blank.
    named = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    return named if named.tzinfo else named.replace(tzinfo=zone)
