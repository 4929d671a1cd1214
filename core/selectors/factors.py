"""Seeds of second factors, as they are kept."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import QuerySet

from core.rules.sealing import UnsealableError, unseal

# Which part of a second factor is a secret. A passkey keeps a public key, which is none.
SECRET_IN = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


def seeds() -> QuerySet[Authenticator]:
    """Return the second factors that keep a secret."""
    found: QuerySet[Authenticator] = Authenticator.objects.filter(type__in=list(SECRET_IN))
    return found.order_by("pk")


def seed_of(factor: Authenticator) -> tuple[str, str]:
    """Return the name under which a second factor keeps its secret, and the secret as it is kept."""
    name = SECRET_IN[Authenticator.Type(factor.type)]
    return name, str(factor.data[name])


def opens(kept: str) -> bool:
    """Say whether a seed, as it is kept, is sealed under one of the keys that are given."""
    try:
        unseal(kept, settings.FACTOR_KEYS)
    except UnsealableError:
        return False
    return True
