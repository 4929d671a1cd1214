"""What an API token looks like: `purser_`, eight letters to know it by, forty that are secret, and six of a checksum."""

import hashlib
import zlib
from collections.abc import Callable
from ipaddress import ip_address, ip_network

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
START = "purser_"
PREFIX, SECRET, CHECK = 8, 40, 6
LENGTH = len(START) + PREFIX + SECRET + CHECK

ROOMS = ("core", "budgets", "approvals", "reconciliation", "reporting")
SCOPES = tuple(f"{room}:{kind}" for room in ROOMS for kind in ("read", "write"))


def compose(choose: Callable[[str], str]) -> str:
    """Return a new token, each letter chosen by `choose` from those it is given."""
    body = START + "".join(choose(ALPHABET) for _ in range(PREFIX + SECRET))
    return body + checksum(body)


def checksum(body: str) -> str:
    """Return the letters that a token ends in: a CRC-32 to the base of 62."""
    number, letters = zlib.crc32(body.encode()), ""
    for _ in range(CHECK):
        number, place = divmod(number, len(ALPHABET))
        letters = ALPHABET[place] + letters
    return letters


def is_well_formed(token: str) -> bool:
    """Say whether a text can be a token at all; most that cannot were cut off or mistyped."""
    if len(token) != LENGTH or not token.startswith(START) or not token.isascii():
        return False
    return checksum(token[:-CHECK]) == token[-CHECK:]


def prefix_of(token: str) -> str:
    """Return the letters that a token is known by."""
    return token[len(START) : len(START) + PREFIX]


def digest_of(token: str) -> bytes:
    """Return what is kept of a token. It is drawn at random, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode()).digest()


def scopes_reach(scopes: list[str], wanted: str) -> bool:
    """Say whether scopes reach `wanted`, such as budgets:read. Who may write in a room may read there."""
    room, _, kind = wanted.partition(":")
    return wanted in scopes or (kind == "read" and f"{room}:write" in scopes)


def is_within(address: str, networks: list[str]) -> bool:
    """Say whether an address lies in one of the networks; where none is named, every address does."""
    if not networks:
        return True
    try:
        found = ip_address(address)
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in ip_network(network) for network in networks)
