"""The fingerprint of what is decided on: change one of these and an approval no longer fits. Pure."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Ground:
    """A line as it is decided on: account, month and amounts in the request's currency."""

    account_id: int
    month: date
    net: Decimal
    vat: Decimal
    recoverable: Decimal


def digest_of(
    *, kind: str, currency: str, vendor_id: int | None, monthly_increase: Decimal | None, lines: Sequence[Ground]
) -> str:
    """Return the SHA-256 (hex) of what a decision is bound to. Title, reason and wording are not part of it."""
    content: dict[str, Any] = {
        "kind": kind,
        "currency": currency,
        "vendor": vendor_id,
        "monthly_increase": _plain(monthly_increase),
        "lines": [
            [line.account_id, line.month.isoformat(), *map(_plain, (line.net, line.vat, line.recoverable))] for line in lines
        ],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.2f}"
