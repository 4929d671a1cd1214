"""Who calls: by token, or by the session of a browser."""

import hmac
import re
from copy import copy
from typing import Any

from django.conf import settings
from django.http import HttpRequest, QueryDict
from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from core import actor, clock, walls
from core.models import ApiToken, User
from core.rules.tokens import digest_of, is_well_formed, is_within, prefix_of
from core.services.tokens import note_use

_BEARER = re.compile(r"Bearer +(\S+)", re.IGNORECASE)


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer purser_…`. The row is read at each call, so that a token is out at once when it is revoked."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the token and its owner; None where the call names no token. Raises AuthenticationFailed."""
        stated = request.headers.get("Authorization")
        if stated is None:
            return None
        found = _BEARER.fullmatch(stated.strip())
        token = _token_of(found.group(1)) if found else None
        if token is None:
            raise AuthenticationFailed("This is no token that works here: mistyped, revoked, expired, or its owner has left.")
        if not is_within(address_of(request), token.networks):
            raise AuthenticationFailed("This token does not work from your address.")
        walls.look_as(token.owner)
        actor.carry(token)
        # For the lines of the log, the last of which is written when the context above is put back already.
        request._request.by_token = token  # type: ignore[attr-defined]  # a note of ours on it
        note_use(token=token)
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        """Say how to sign in."""
        return 'Bearer realm="Purser"'


def _token_of(secret: str) -> ApiToken | None:
    if not is_well_formed(secret):
        return None
    token = ApiToken.objects.select_related("owner").filter(prefix=prefix_of(secret), revoked_at__isnull=True).first()
    if token is None or not hmac.compare_digest(bytes(token.digest), digest_of(secret)):
        return None
    is_over = token.expires_at is not None and token.expires_at <= clock.now()
    return token if token.owner.is_active and not is_over else None


def address_of(request: HttpRequest | Request) -> str:
    """Return the caller's address: what our own proxies say of it, as many as the settings name; else the connection's."""
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    hops = [hop.strip() for hop in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",") if hop.strip()]
    if proxies and len(hops) >= proxies:
        return str(hops[-proxies])
    return str(request.META.get("REMOTE_ADDR", ""))


class SessionInBrowser(SessionAuthentication):
    """A browser's session. Its CSRF token is looked for in the header alone, so that no body is read before rights are."""

    def enforce_csrf(self, request: Request) -> None:
        """Raise PermissionDenied where the session's token does not stand in `X-CSRFToken`."""
        bare = copy(request._request)
        bare._post = QueryDict()  # type: ignore[attr-defined]  # where the framework keeps the form once it is read
        super().enforce_csrf(bare)  # type: ignore[arg-type]  # the check is Django's own, of Django's request


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library is half typed
    """How the description of the API names it."""

    target_class = "core.api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe it."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "purser_…"}


class SessionInBrowserScheme(SessionScheme):  # type: ignore[no-untyped-call]  # the library is half typed
    """A browser's session, by the name it has in every description of the framework's."""

    target_class = "core.api.authentication.SessionInBrowser"
    priority = 0
