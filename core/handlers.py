"""Core's reactions to its own events, and to what allauth announces."""

from typing import Any

from allauth.account import signals
from allauth.mfa import signals as factor_signals

from core.events import on
from core.models import User
from core.services import audit
from core.services.invitations import InvitationSent, mail_invitation
from core.services.lockout import AccountLocked, forgive, tell_locked
from core.services.notices import BundleBegun, BundleClosed, NoticeWritten, close_bundle, mail_bundle, mail_notice

on(NoticeWritten)(mail_notice)
on(BundleBegun)(close_bundle)
on(BundleClosed)(mail_bundle)
on(InvitationSent)(mail_invitation)
on(AccountLocked)(tell_locked)


# allauth writes what belongs to signing in itself, and has no other way to say so than Django's signals.
def _signed_in(*, user: User, **said: Any) -> None:
    audit.record(actor=user, verb="person.signed_in", subject=user)


def _password_changed(*, user: User, **said: Any) -> None:
    audit.record(actor=user, verb="person.password_changed", subject=user)


def _password_reset(*, user: User, **said: Any) -> None:
    forgive(email=user.email)
    audit.record(actor=user, verb="person.password_reset", subject=user)


def _email_changed(*, user: User, from_email_address: Any, to_email_address: Any, **said: Any) -> None:
    before = {"email": from_email_address.email} if from_email_address else None
    audit.record(actor=user, verb="person.email_changed", subject=user, before=before, after={"email": to_email_address.email})


def _factor_added(*, user: User, authenticator: Any, **said: Any) -> None:
    audit.record(actor=user, verb="second_factor.added", subject=user, after={"type": authenticator.type})


def _factor_removed(*, user: User, authenticator: Any, **said: Any) -> None:
    audit.record(actor=user, verb="second_factor.removed", subject=user, before={"type": authenticator.type})


signals.user_logged_in.connect(_signed_in, dispatch_uid="core.signed_in")
signals.password_changed.connect(_password_changed, dispatch_uid="core.password_changed")
signals.password_set.connect(_password_changed, dispatch_uid="core.password_set")
signals.password_reset.connect(_password_reset, dispatch_uid="core.password_reset")
signals.email_changed.connect(_email_changed, dispatch_uid="core.email_changed")
factor_signals.authenticator_added.connect(_factor_added, dispatch_uid="core.factor_added")
factor_signals.authenticator_reset.connect(_factor_added, dispatch_uid="core.factor_reset")
factor_signals.authenticator_removed.connect(_factor_removed, dispatch_uid="core.factor_removed")
