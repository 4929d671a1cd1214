"""What callers hand in about a request: as typed, not yet judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


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
    """A request as asked for. Name the vendor by id, or by a name that is looked up and added where it is new."""

    kind: str
    title: str
    lines: Sequence[LineData]
    reason: str = ""
    vendor_id: int | None = None
    vendor_name: str = ""
    needed_by: date | None = None
    monthly_increase: str | Decimal | None = None
