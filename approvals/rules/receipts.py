"""What a receipt says and how it is hashed. Pure. docs/receipts.md describes it, verify_receipts.py reads it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

FORM = "purser-receipt-1"
DUMP_FORM = "purser-receipts-1"


def canonical(said: Mapping[str, Any]) -> str:
    """Return the one form of a text: keys in order, no spaces, nothing escaped that need not be, one line."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def moment(at: datetime) -> str:
    """Return a moment as receipts write it: UTC, to the microsecond."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
