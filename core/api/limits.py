"""How many calls a caller may make in a minute, by class: what reads, what writes, what is heavy."""

from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

from core import clock
from core.api.errors import TooMany
from core.models import ApiToken, User

MINUTE = 60


@dataclass(frozen=True, slots=True)
class Share:
    """A caller's share of a minute: how many calls, how many are left, in how many seconds it begins anew."""

    limit: int
    left: int
    resets: int

    def headers(self) -> dict[str, str]:
        """Return what each answer says of it."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(self.left, 0)),
            "RateLimit-Reset": str(self.resets),
        }


def take_share(*, person: User, token: ApiToken | None, kind: str) -> Share:
    """Count a call of a token, or of a person's sessions, and return what is left. Never raises: see `check`."""
    limit = settings.API_CALLS_A_MINUTE[kind]
    now = int(clock.now().timestamp())
    who = f"token-{token.pk}" if token is not None else f"person-{person.pk}"
    key = f"api-calls-{kind}-{who}-{now // MINUTE}"
    cache.add(key, 0, 2 * MINUTE)
    try:
        used = cache.incr(key)
    except ValueError:  # it was dropped between the two
        used = 1
    return Share(limit, limit - used, MINUTE - now % MINUTE)


def check(share: Share) -> None:
    """Refuse a call beyond the share. Raises TooMany."""
    if share.left < 0:
        raise TooMany(retry_after=share.resets)
