"""Secrets that the database keeps and cannot read: sealed under a key that is not in it. Pure.

Fernet (AES-128-CBC, HMAC-SHA256) with a key derived by HKDF-SHA256 from the text that a setting holds.
"""

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MARK = "sealed-1:"
PURPOSE = b"purser: second factors"


class UnsealableError(Exception):
    """A text is not sealed, or under none of the keys."""


def seal(text: str, keys: Sequence[str]) -> str:
    """Return a text that only whoever has the first of `keys` can read."""
    return MARK + _fernet(keys[0]).encrypt(text.encode()).decode()


def unseal(sealed: str, keys: Sequence[str]) -> str:
    """Return what was sealed under any of `keys`. Raises UnsealableError."""
    if not is_sealed(sealed):
        raise UnsealableError
    try:
        return MultiFernet([_fernet(key) for key in keys]).decrypt(sealed.removeprefix(MARK).encode()).decode()
    except InvalidToken as error:
        raise UnsealableError from error


def is_sealed(text: str) -> bool:
    """Say whether a text is a sealed one, under whatever key."""
    return text.startswith(MARK)


def is_current(text: str, keys: Sequence[str]) -> bool:
    """Say whether a text is sealed under the first of `keys`."""
    try:
        unseal(text, keys[:1])
    except UnsealableError:
        return False
    return True


def _fernet(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
