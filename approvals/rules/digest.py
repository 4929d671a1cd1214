"""The fingerprint of what is decided on: change one of these and an approval no longer fits. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
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
    *,
    kind: str,
    currency: str,
    vendor_id: int | None,
    monthly_increase: Decimal | None,
    lines: Sequence[Ground],
    terms: Mapping[str, str] | None = None,
    particulars: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    is_emergency: bool = False,
    contract_id: int | None = None,
) -> str:
    """Return the SHA-256 (hex) of what a decision is bound to. Title, reason and wording are not part of it.

    `terms` are what is asked for beyond the lines, such as where budget is moved to. Terms, tags, that it is an emergency
    and the contract are said only where they are, so that digests from before there were any still fit.
    """
    content: dict[str, Any] = {
        "kind": kind,
        "currency": currency,
        "vendor": vendor_id,
        "monthly_increase": _plain(monthly_increase),
        "lines": [
            [line.account_id, line.month.isoformat(), *map(_plain, (line.net, line.vat, line.recoverable))] for line in lines
        ],
    }
    if terms:
        content["terms"] = dict(terms)
    if particulars:
        content["particulars"] = dict(particulars)
    if tags:
        content["tags"] = dict(tags)
    if is_emergency:
        content["emergency"] = True
    if contract_id is not None:
        content["contract"] = contract_id
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.2f}"
