"""API tokens: made, used, revoked."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_network

from django.db import transaction

from core import clock
from core.access import entities_of
from core.errors import InvalidInput, NotFound, WrongState
from core.locks import claim_unused_token, lock_token
from core.models import ApiToken, RoleAssignment, User
from core.rules import tokens
from core.rules.rights import Right
from core.services import audit

MOST_TOKENS = 20
LONGEST = timedelta(days=5 * 366)
NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def make_token(
    *,
    owner: User,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    networks: Iterable[str] = (),
) -> tuple[ApiToken, str]:
    """Make a token of `owner`; return it with its secret, which is nowhere else. Raises InvalidInput, WrongState."""
    wanted = sorted(set(scopes))
    reach = _read_networks(networks)
    _check(name, wanted, expires_at)
    if ApiToken.objects.filter(owner=owner, revoked_at__isnull=True).count() >= MOST_TOKENS:
        raise WrongState(f"You have {MOST_TOKENS} tokens.", remedy="Revoke one that is not used any more.")
    secret = tokens.compose(secrets.choice)
    token = ApiToken.objects.create(
        owner=owner,
        name=name.strip(),
        prefix=tokens.prefix_of(secret),
        digest=tokens.digest_of(secret),
        scopes=wanted,
        networks=reach,
        created_at=clock.now(),
        expires_at=expires_at,
    )
    audit.record(actor=owner, verb="token.made", subject=token, after=_said(token))
    return token, secret


@transaction.atomic
def revoke_token(*, token_id: int, actor: User) -> ApiToken:
    """End a token of one's own, or of a person of an entity that one administers. The next call with it is refused.

    Raises NotFound, and WrongState where it was revoked before.
    """
    token = lock_token(token_id)
    if token is None or not may_revoke(actor, token):
        raise NotFound("There is no such token, or none that you may see.", remedy="Choose one from the list.")
    if token.revoked_at is not None:
        raise WrongState("This token was revoked before.", remedy="Nothing is left to do.")
    token.revoked_at, token.revoked_by = clock.now(), actor
    token.save(update_fields=["revoked_at", "revoked_by"])
    audit.record(actor=actor, verb="token.revoked", subject=token, before=_said(token))
    return token


def may_revoke(actor: User, token: ApiToken) -> bool:
    """Say whether a token is the person's own, or its owner holds a role in an entity that the person administers."""
    if token.owner_id == actor.pk:
        return True
    administered = entities_of(actor, Right.ADMINISTER)
    return RoleAssignment.objects.filter(user_id=token.owner_id, entity__in=administered).exists()


def note_use(*, token: ApiToken) -> None:
    """Keep when a token was last used, to the minute. Who else notes it, or revokes it meanwhile, is not waited for."""
    now = clock.now()
    if token.last_used_at is not None and now - token.last_used_at < NOTED_EVERY:
        return
    with transaction.atomic():
        if claim_unused_token(token.pk, since=now - NOTED_EVERY):
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _said(token: ApiToken) -> dict[str, object]:
    expires = token.expires_at.isoformat() if token.expires_at else None
    return {"name": token.name, "prefix": token.prefix, "scopes": token.scopes, "networks": token.networks, "expires_at": expires}


def _check(name: str, scopes: list[str], expires_at: datetime | None) -> None:
    if not name.strip() or len(name.strip()) > 100 or "\x00" in name:
        raise _bad("name", "Say in up to 100 characters what the token is for.")
    if not scopes or not set(scopes) <= set(tokens.SCOPES):
        raise _bad("scopes", "Choose what the token may do.")
    now = clock.now()
    if expires_at is not None and not now < expires_at <= now + LONGEST:
        raise _bad("expires_at", "Choose a day to come, within five years.")


def _read_networks(stated: Iterable[str]) -> list[str]:
    """Return the networks as they are kept. Raises InvalidInput."""
    found = list(stated)
    if len(found) > 20:
        raise _bad("networks", "Name at most 20 networks.")
    try:
        return sorted({str(ip_network(network.strip(), strict=False)) for network in found})
    except ValueError as error:
        raise _bad("networks", "Write a network as 192.0.2.0/24, or a single address.") from error


def _bad(field: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, code=field, details={field: sentence})
