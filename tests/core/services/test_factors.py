"""Seeds of second factors are sealed in the database; those in the open and under an earlier key are sealed anew."""

import json
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from core.errors import Missing
from core.models import User
from core.rules.sealing import MARK, is_current, seal, unseal
from core.selectors.factors import opens
from core.services.factors import Sealed, seal_factors

SECRET = "JBSWY3DPEHPK3PXP"
SEED = "0123456789abcdef0123456789abcdef01234567"


def kept(person: User) -> dict[str, Any]:
    """Return what the database holds, as whoever reads it alone would see it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT type, data FROM mfa_authenticator WHERE user_id = %s", [person.pk])
        return {kind: json.loads(data) if isinstance(data, str) else data for kind, data in cursor.fetchall()}


@pytest.fixture
def in_the_open(controller: User) -> User:
    """Somebody whose seeds were kept before they were sealed."""
    Authenticator.objects.create(user=controller, type="totp", data={"secret": SECRET})
    Authenticator.objects.create(user=controller, type="recovery_codes", data={"seed": SEED, "used_mask": 1})
    Authenticator.objects.create(user=controller, type="webauthn", data={"name": "key", "credential": {}})
    return controller


@override_settings(FACTOR_KEYS=["the key"])
def test_a_seed_is_sealed_in_the_database_and_its_codes_are_right(controller: User) -> None:
    totp = TOTP.activate(controller, SECRET)
    RecoveryCodes.activate(controller)
    said = json.dumps(kept(controller))
    assert SECRET not in said
    assert said.count(MARK) == 2
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()
    assert len(codes) == 10
    assert unseal(totp.instance.data["secret"], ["the key"]) == SECRET
    now = int(time.time()) // 30
    assert TOTP(Authenticator.objects.get(type="totp")).validate_code(str(format_hotp_value(hotp_value(SECRET, now))))


@override_settings(FACTOR_KEYS=["new", "old"])
def test_those_in_the_open_and_under_an_earlier_key_are_sealed_anew(in_the_open: User, executive: User) -> None:
    Authenticator.objects.create(user=executive, type="totp", data={"secret": seal(SECRET, ["old"])})
    passkey = kept(in_the_open)["webauthn"]

    assert seal_factors() == Sealed(seeds=3, sealed=3, unreadable=0)

    mine = kept(in_the_open)
    assert is_current(mine["totp"]["secret"], ["new"])
    assert unseal(mine["recovery_codes"]["seed"], ["new"]) == SEED
    assert mine["recovery_codes"]["used_mask"] == 1
    assert mine["webauthn"] == passkey
    assert unseal(kept(executive)["totp"]["secret"], ["new"]) == SECRET
    before = kept(in_the_open), kept(executive)
    assert seal_factors() == Sealed(seeds=3, sealed=0, unreadable=0)
    assert (kept(in_the_open), kept(executive)) == before


@override_settings(FACTOR_KEYS=["new"])
def test_a_seed_under_a_key_that_is_gone_is_said_and_left_alone(controller: User) -> None:
    Authenticator.objects.create(user=controller, type="totp", data={"secret": seal(SECRET, ["lost"])})
    before = kept(controller)
    with pytest.raises(SystemExit), override_settings(FACTOR_KEYS_ARE_KEPT=True):
        call_command("seal_factors")
    assert kept(controller) == before
    assert not opens(before["totp"]["secret"])
    with pytest.raises(Missing, match="cannot be read"):
        TOTP(Authenticator.objects.get()).validate_code("123456")


def test_a_seed_that_somebody_wrote_there_in_the_open_is_not_believed(in_the_open: User) -> None:
    with pytest.raises(Missing):
        TOTP(Authenticator.objects.get(type="totp")).validate_code(str(format_hotp_value(hotp_value(SECRET, 1))))
