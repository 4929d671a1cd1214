"""Calls that are carried out once, however often they are sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from core import clock
from core.errors import KeyReused, KeyUnderWay
from core.locks import try_key
from core.models import ApiToken, IdempotencyKey, User

KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Call:
    """A call under a key: whose, which, and the digest of what it says."""

    person: User
    token: ApiToken | None
    key: str
    method: str
    path: str
    digest: bytes


@transaction.atomic
def claim_key(*, call: Call) -> IdempotencyKey | None:
    """Hold the call's key until the caller's transaction ends; return what was answered under it before, or None.

    Raises KeyReused where the key stands for another call, KeyUnderWay where that one has not ended yet.
    """
    owner = {"person": call.person, "token": call.token}
    if not try_key(f"{call.person.pk}:{call.token.pk if call.token else ''}:{call.key}"):
        raise KeyUnderWay(
            "A call with this idempotency key is being carried out.", remedy="Send it again in a moment to get its answer."
        )
    kept = IdempotencyKey.objects.filter(**owner, key=call.key).first()
    if kept is None:
        return None
    if kept.created_at <= clock.now() - KEPT:
        kept.delete()
        return None
    if bytes(kept.digest) != call.digest:
        raise KeyReused(
            "This idempotency key was used for another call.", remedy="Send a new key with a new call, the same with the same."
        )
    return kept


@transaction.atomic
def keep_answer(*, call: Call, status: int, headers: Mapping[str, str], body: str) -> IdempotencyKey:
    """Keep what was answered, in the transaction of the effect. The key must have been claimed in it."""
    return IdempotencyKey.objects.create(
        person=call.person,
        token=call.token,
        key=call.key,
        method=call.method,
        path=call.path[:500],
        digest=call.digest,
        status=status,
        headers=dict(headers),
        body=body,
        created_at=clock.now(),
    )


@transaction.atomic
def sweep_keys() -> int:
    """Forget the keys of a day ago; return how many."""
    return IdempotencyKey.objects.filter(created_at__lte=clock.now() - KEPT).delete()[0]
