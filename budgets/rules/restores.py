"""An accepted restore's one form: that the ledger came back from a backup, and which anchors' ends are thereby given up.

It is an anchor as well: it says where every chain ended when the restore was accepted, and is signed with the anchors' key. An
anchor that was taken after the backup and before the acceptance is from then on held against the ledger only as far as the
restored chains reached; what it saw beyond is what was given up.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from budgets.rules.anchors import Heads, NotAnAnchorError, canonical, signature_of

FORM = "purser-restore-1"
Said = Mapping[str, Any]


def signed(*, number: int, before: str, accepted_at: datetime, told: Mapping[str, Any], heads: Heads, key: bytes) -> bytes:
    """Return the bytes of the file. `told` has: by, reason, backup, token, anchor, restores, given_up.

    `anchor` and `restores` are the numbers of the last anchor and the last accepted restore that the backup knew;
    `given_up` lists [number, digest] of the later anchors that were known here.
    """
    said: dict[str, Any] = {
        "form": FORM,
        "number": str(number),
        "before": before,
        "accepted_at": accepted_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        **told,
        "counts": heads.counts,
        "accounts": heads.accounts,
    }
    return canonical({**said, "signature": signature_of(said, key)})


def read(content: bytes) -> dict[str, Any]:
    """Return what an accepted restore's file says. Raises NotAnAnchorError."""
    try:
        said: dict[str, Any] = json.loads(content)
        if said["form"] == FORM and canonical(said) == content and int(said["number"]) > 0 and int(said["anchor"]) >= 0:
            return said
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise NotAnAnchorError("It is not an accepted restore.") from error
    raise NotAnAnchorError("It is not an accepted restore in its canonical form.")


def name_of(number: int) -> str:
    """Return the name of an accepted restore's file."""
    return f"restore-{number:06}.json"


def gives_up_anchor(restore: Said, anchor: Said) -> bool:
    """Say whether an anchor was taken between the backup and the acceptance."""
    return int(anchor["number"]) > int(restore["anchor"]) and str(anchor["taken_at"]) < str(restore["accepted_at"])


def gives_up_restore(restore: Said, other: Said) -> bool:
    """Say whether another restore was accepted between the backup and this acceptance."""
    return int(other["number"]) > int(restore["restores"]) and str(other["accepted_at"]) < str(restore["accepted_at"])


def still_held(accounts: Iterable[list[str]], restores: Iterable[Said]) -> list[list[str]]:
    """Return, of what an anchor saw, what it still holds the ledger to, where these restores give it up."""
    held = list(accounts)
    for restore in restores:
        reached = {row[0]: int(row[1]) for row in restore["accounts"]}
        held = [row for row in held if row[0] in reached and int(row[1]) <= reached[row[0]]]
    return held
