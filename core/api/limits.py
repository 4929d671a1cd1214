"""How many calls a caller may make in a minute, by class: what reads, what writes, what is heavy."""

from dataclasses import dataclass

from django.conf import settings

from core import clock
from core.api.errors import TooMany
from core.models import ApiToken, User
from core.services.calls import count_call

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
    """Count a call of a token, or of a person's sessions, and return what is left. What is too much, `check` refuses."""
    limit, now = settings.API_CALLS_A_MINUTE[kind], clock.now()
    caller = f"token-{token.pk}" if token is not None else f"person-{person.pk}"
    used = count_call(caller=caller, kind=kind, now=now)
    return Share(limit, limit - used, MINUTE - int(now.timestamp()) % MINUTE)


def check(share: Share) -> None:
    """Refuse a call beyond the share. Raises TooMany."""
    if share.left < 0:
        raise TooMany(retry_after=share.resets)
