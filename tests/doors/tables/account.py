"""The doors of one's account, most of them allauth's, and of signing in. What one finds there is one's own."""

from tests.doors.words import Access, Answer, Door, Part, Persona, act, form, own_only, page, public, signed_in

SENT = {"email": "no", "password": "no", "login": "no"}
# Who has no second factor finds no such page.
NO_FACTOR = signed_in(Answer.HIDDEN)


def _revokes(persona: Persona, part: Part) -> Answer:
    """A token is revoked by its owner, and by who administers all that its owner belongs to."""
    if not persona.signs_in:
        return Answer.SIGN_IN
    if persona.name == "administrator" and part in {Part.OWN, Part.NEAR}:
        return Answer.ALLOWED
    return Answer.ALLOWED if persona.name == "requester" and part == Part.OWN else Answer.HIDDEN


DOORS: list[Door] = [
    form("account_login", public(), post=public(stranger=Answer.WRONG), body=lambda things: SENT),
    form("core:sign-in", public(), post=public(stranger=Answer.WRONG), body=lambda things: SENT),
    act("account_logout", signed_in(Answer.SIGN_IN)),
    act("core:sign-out", signed_in(Answer.SIGN_IN)),
    form("core:account", signed_in(), body=lambda things: {"name": "A new name"}, changes=("core_user",)),
    page("core:sessions", signed_in()),
    act("core:session-end", signed_in()),
    form("core:tokens", signed_in(), post=signed_in(Answer.WRONG), body=lambda things: {"name": ""}),
    act("core:token-revoke", Access(_revokes), token_id="token", changes=("core_apitoken",)),
    form("account_reauthenticate", signed_in()),
    form("account_request_reauthentication_code", signed_in()),
    form("account_confirm_reauthentication_code", signed_in()),
    form("account_email", signed_in()),
    page("account_email_verification_sent", public()),
    form("account_confirm_email", public(), post=public(Answer.HIDDEN), key="=no-such-key"),
    form("account_change_password", signed_in()),
    form("account_set_password", signed_in()),
    form("account_reset_password", public()),
    page("account_reset_password_done", public()),
    form("account_reset_password_from_key", public(), uidb36="=1", key="=no-such-key"),
    page("account_reset_password_from_key_done", public()),
    page("mfa_index", signed_in()),
    form("mfa_authenticate", signed_in(stranger=Answer.SIGN_IN)),
    form("mfa_reauthenticate", signed_in()),
    form("mfa_activate_totp", signed_in()),
    form("mfa_deactivate_totp", NO_FACTOR),
    page("mfa_view_recovery_codes", NO_FACTOR),
    form("mfa_generate_recovery_codes", signed_in()),
    page("mfa_download_recovery_codes", NO_FACTOR),
    page("mfa_list_webauthn", signed_in()),
    form("mfa_add_webauthn", signed_in()),
    form("mfa_reauthenticate_webauthn", signed_in()),
    # One's own passkeys are made by a device alone: what is tried here is another person's.
    form("mfa_remove_webauthn", own_only(), pk="passkey"),
    form("mfa_edit_webauthn", own_only(), pk="passkey", body=lambda things: {"name": "My key"}),
    form("mfa_login_webauthn", signed_in(stranger=Answer.SIGN_IN)),
    form("openid_connect_login", public(Answer.HIDDEN), provider_id="=no-such"),
    form("openid_connect_callback", public(Answer.HIDDEN), provider_id="=no-such"),
    page("socialaccount_login_cancelled", public()),
    page("socialaccount_login_error", signed_in(Answer.SIGN_IN)),
]
