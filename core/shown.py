"""What was shown before it is done: a browser hands it back within the hour, and nobody could change it unseen."""

from typing import Any

from django.core import signing

from core.errors import InvalidInput, Stale

ONE_HOUR = 3600


def hand_out(said: list[Any], *, salt: str) -> str:
    """Return what was shown as text that nobody can change unseen."""
    return signing.dumps(said, salt=salt, compress=True)


def take_back(text: str, *, salt: str, what: str = "file", again: str = "Choose") -> list[Any]:
    """Return what was shown. Raises Stale after an hour, and InvalidInput where it is not what was shown.

    `what` names it in the sentences, and `again` says what to do with it anew.
    """
    try:
        found = signing.loads(text, salt=salt, max_age=ONE_HOUR)
    except signing.SignatureExpired as error:
        raise Stale(f"The {what} was shown more than an hour ago.", remedy=f"{again} it again and look once more.") from error
    except signing.BadSignature as error:
        raise refused(what, again) from error
    if not isinstance(found, list):
        raise refused(what, again)
    return found


def refused(what: str = "file", again: str = "Choose") -> InvalidInput:
    """Return the refusal of something that is not what was shown."""
    return InvalidInput("This is not what was shown.", remedy=f"{again} the {what} again.")
