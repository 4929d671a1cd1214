"""What callers hand in about a request: as typed, not yet judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class LineData:
    """A line as asked for. Amounts may be text as typed or Decimals, in the account's currency (or `currency`, if it is that)."""

    description: str
    account_id: int | None
    month: date | None
    net: str | Decimal
    vat: str | Decimal = ""
    recoverable: str | Decimal = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class RequestData:
    """A request as asked for. Name the vendor by id, or by a name that is looked up and added where it is new.

    `particulars` is what its kind states beside the lines, by the names of `approvals/rules/particulars.py`.
    """

    kind: str
    title: str
    lines: Sequence[LineData]
    reason: str = ""
    vendor_id: int | None = None
    vendor_name: str = ""
    needed_by: date | None = None
    monthly_increase: str | Decimal | None = None
    particulars: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    is_emergency: bool = False
    card_id: int | None = None
    # The number of the request by which the contract was approved that this is called off from.
    contract: str = ""
    # The reserve from whose line its lines draw; from a reserve's line nothing else is asked.
    reserve_id: int | None = None
