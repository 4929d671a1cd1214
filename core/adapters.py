"""Where Purser's rules meet allauth: who may come in, how failures are counted, what words people read."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core import clock
from core.errors import Missing
from core.models import User
from core.rules.sealing import UnsealableError, seal, unseal
from core.services import people
from core.services.lockout import count_attempt, forgive

NO_ACCOUNT = "No active account has this e-mail address and password. Check both, or set a new password by e-mail."
SHUT = (
    "Too many attempts failed, so this account or your network's address is shut for {wait}. "
    "A passkey, or a new password by e-mail, opens it sooner; so can an administrator."
)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signing in by e-mail and password. Nobody registers here: accounts come by invitation."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": NO_ACCOUNT,
        "incorrect_password": "This is not your password.",
        "email_taken": "This address cannot be used. Choose another one.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Let nobody register."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Count the attempt, then look at the password. Whether there is such an account makes no difference to what is said."""
        email, address = str(credentials.get("email", "")), self.get_client_ip(request)
        let_in_or_shut(email=email, address=address)
        user = authenticate(request, **credentials)
        AuthenticationBackend.unstash_authenticated_user()
        if user is not None:
            forgive(email=email, address=address)
        return user if isinstance(user, User) else None

    def reauthenticate(self, user: User, password: str) -> bool:
        """Ask for the password of whoever is signed in; a failure counts like one at the door."""
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Say what a wrong password is told."""
        messages.error(request, "No active account belongs to this sign-in. Ask an administrator.")
        return HttpResponseRedirect(reverse("core:sign-in"))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Lead back to one's account."""
        return reverse("core:account")


def let_in_or_shut(*, email: str, address: str) -> None:
    """Count an attempt. Raises ValidationError with how long it lasts where the door is shut."""
    until = count_attempt(email=email, address=address)
    if until is None:
        return
    minutes = max(1, -(-int((until - clock.now()).total_seconds()) // 60))
    wait = "a minute" if minutes == 1 else f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
    raise ValidationError(SHUT.format(wait=wait), code="shut")


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors and passkeys."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is not right, or it was used already. Wait for the next one.",
    }

    def encrypt(self, text: str) -> str:
        """Seal a seed under the installation's key."""
        return seal(text, settings.FACTOR_KEYS)

    def decrypt(self, encrypted_text: str) -> str:
        """Open a seed. Raises Missing where no key does: a code of it can be neither right nor wrong."""
        try:
            return unseal(encrypted_text, settings.FACTOR_KEYS)
        except UnsealableError as error:
            raise Missing(
                "This second factor cannot be read: the key it was sealed under is not here.",
                remedy="Use a passkey, or ask an administrator to put the key back or to take the second factor away.",
            ) from error

    def build_totp_svg(self, url: str) -> str:
        """Draw the square on white, so that it can be scanned from a dark page too."""
        svg: str = super().build_totp_svg(url)
        return svg.replace("<path", '<rect width="100%" height="100%" fill="#fff"/><path', 1)

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002  the library's own name for it
        """Number the passkeys that are not named."""
        return f"Passkey {Authenticator.objects.filter(user=user, type=type).count() + 1}"

    def _get_site_name(self) -> str:
        return "Purser"


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Signing in at an organization's own provider, by an address that the provider has verified."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Make a person only where the settings say so, and only with a verified address."""
        return settings.OIDC_CREATE and bool(_verified_email(sociallogin))

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Ask no more questions."""
        return True

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """Make the person through the service, without any role."""
        email = _verified_email(sociallogin)
        claims = sociallogin.account.get_provider_account().get_user_data() or {}
        person = people.add_person(email=email, name=str(claims.get("name") or email)[:200], actor=None)
        sociallogin.user = person
        sociallogin.save(request, connect=True)
        return person


def _verified_email(sociallogin: Any) -> str:
    return next((str(one.email) for one in sociallogin.email_addresses if one.verified), "")
