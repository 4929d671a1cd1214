"""The lock on the door: failures to sign in are counted per account and per address, before the password is looked at."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import transaction

from core import clock
from core.events import Event
from core.locks import lock_tally
from core.models import Notice, SignInTally, User
from core.rules.lockout import Limit, Tally, counted, forgiven, is_locked
from core.services import audit, outbox
from core.services.notices import notify

FIELDS = ("failures", "rounds", "last_failed_at", "locked_until")


@dataclass(frozen=True)
class AccountLocked(Event):
    """Too many attempts shut an account, or what would be one."""

    topic: ClassVar[str] = "core.account_locked"
    tally_id: int
    until: str


def key_of(text: str) -> str:
    """Return the hash under which an e-mail address or a network address is counted."""
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()


@transaction.atomic
def count_attempt(*, email: str, address: str) -> datetime | None:
    """Count an attempt to sign in; return until when the door is shut, or None where it may be looked at.

    Whether there is such an account makes no difference. `address` is blank where only the account is counted.
    """
    now = clock.now()
    wanted = [(SignInTally.Kind.ACCOUNT, email), (SignInTally.Kind.ADDRESS, address)]
    rows = [lock_tally(kind=kind, key=key_of(text)) for kind, text in wanted if text]
    shut = [row.locked_until for row in rows if row.locked_until and is_locked(_tally(row), now=now)]
    if shut:
        return max(shut)
    for row in rows:
        _keep(row, counted(_tally(row), now=now, limit=limit_of(row.kind)))
        if row.kind == SignInTally.Kind.ACCOUNT and row.locked_until:
            outbox.publish(AccountLocked(tally_id=row.pk, until=row.locked_until.isoformat()))
    return None


@transaction.atomic
def forgive(*, email: str, address: str = "") -> None:
    """Forget an account's failures, for its person has shown who they are; take back the one attempt of the address."""
    now = clock.now()
    _keep(lock_tally(kind=SignInTally.Kind.ACCOUNT, key=key_of(email)), Tally())
    if address:
        row = lock_tally(kind=SignInTally.Kind.ADDRESS, key=key_of(address))
        _keep(row, forgiven(_tally(row), now=now, limit=limit_of(row.kind)))


@transaction.atomic
def lift_lock(*, person: User, actor: User) -> None:
    """Let an administrator open a shut account again."""
    _keep(lock_tally(kind=SignInTally.Kind.ACCOUNT, key=key_of(person.email)), Tally())
    audit.record(actor=actor, verb="sign_in.lock_lifted", subject=person, after={"person": person.email})


@transaction.atomic
def tell_locked(event: AccountLocked) -> None:
    """Tell the person, where there is one, that somebody tried their account too often, and record it."""
    row = SignInTally.objects.filter(pk=event.tally_id, locked_until=datetime.fromisoformat(event.until)).first()
    person = next((one for one in User.objects.filter(is_active=True) if key_of(one.email) == row.key), None) if row else None
    if person is None:
        return
    audit.record(actor=None, verb="sign_in.locked", subject=person, after={"until": event.until})
    notify(
        person=person,
        kind="sign_in_locked",
        level=Notice.Level.WATCH,
        subject="Your account was shut for a while: too many failed attempts to sign in",
        body="If it was not you, change your password. A passkey, or a new password by e-mail, opens the account at once.",
        key=f"sign-in-locked-{event.until}",
        url="/account/",
    )


def limit_of(kind: str) -> Limit:
    """Return the limit that the settings state for accounts or for addresses."""
    failures = settings.LOCK_AFTER if kind == SignInTally.Kind.ACCOUNT else settings.LOCK_ADDRESS_AFTER
    return Limit(failures=failures, span=timedelta(minutes=settings.LOCK_MINUTES))


def _tally(row: SignInTally) -> Tally:
    return Tally(**{name: getattr(row, name) for name in FIELDS})


def _keep(row: SignInTally, tally: Tally) -> None:
    for name in FIELDS:
        setattr(row, name, getattr(tally, name))
    row.save(update_fields=FIELDS)
