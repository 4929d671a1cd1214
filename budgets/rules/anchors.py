"""An anchor's one form: what it says, how it is signed, and how it names the one before."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

FORM = "purser-anchor-1"


class NotAnAnchorError(ValueError):
    """A file does not hold an anchor in its canonical form. The message is a sentence."""


@dataclass(frozen=True, slots=True)
class AnchoredChain:
    """Chains of a room above, which its AppConfig names in `anchored_chains` so that anchors hold them as well.

    `heads` selects whose chain it is, the number and the hash of its end, all as text. `differing` is given such rows as JSON and
    selects whose and the number of those that are not there any more, or are others.
    """

    heads: str
    differing: str


@dataclass(frozen=True, slots=True)
class Heads:
    """The ends of all chains at one moment.

    `accounts` has a row for each account: id, number of its last link, that link's hash, budget, cost centre, category, currency.
    `chains` has those of other rooms by name: for each chain whose it is, the number of its last link, and that link's hash.
    """

    accounts: list[list[str]]
    journals: int
    entries: int
    chains: dict[str, list[list[str]]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        return {"accounts": len(self.accounts), "journals": self.journals, "entries": self.entries}


def signed(*, heads: Heads, number: int, before: str, taken_at: datetime, key: bytes) -> bytes:
    """Return the bytes of the anchor's file. `before` is the digest of the anchor before it, empty for the first."""
    anchor: dict[str, Any] = {
        "form": FORM,
        "number": str(number),
        "taken_at": taken_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "before": before,
        "counts": heads.counts,
        "accounts": heads.accounts,
    }
    # Anchors from before other chains were held say nothing of them, and stay what they are.
    if heads.chains:
        anchor["chains"] = heads.chains
    return canonical({**anchor, "signature": signature_of(anchor, key)})


def canonical(anchor: Mapping[str, Any]) -> bytes:
    """Return the one form of an anchor: keys in order, no spaces, UTF-8, a line feed at the end."""
    return json.dumps(anchor, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def signature_of(anchor: Mapping[str, Any], key: bytes) -> str:
    """Return the HMAC-SHA256, in hexadecimal, of the anchor's canonical form without its signature."""
    return hmac.new(key, canonical({name: value for name, value in anchor.items() if name != "signature"}), "sha256").hexdigest()


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of an anchor's file, in hexadecimal: what the next anchor names."""
    return hashlib.sha256(content).hexdigest()


def read(content: bytes) -> dict[str, Any]:
    """Return what an anchor's file says. Raises NotAnAnchorError."""
    try:
        anchor: dict[str, Any] = json.loads(content)
        if anchor["form"] == FORM and canonical(anchor) == content and int(anchor["number"]) > 0:
            return anchor
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise NotAnAnchorError("It is not an anchor.") from error
    raise NotAnAnchorError("It is not an anchor in its canonical form.")


def is_signed_by(anchor: Mapping[str, Any], key: bytes) -> bool:
    return hmac.compare_digest(signature_of(anchor, key), str(anchor.get("signature", "")))


def name_of(number: int) -> str:
    """Return the name of an anchor's file."""
    return f"anchor-{number:06}.json"
