"""What an invoice says, and whether it can be read as one. No clock, no database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reconciliation.rules.references import number_key

LARGEST = Decimal(10) ** 15
CENT = Decimal("0.01")
LONGEST = {"number": 80, "vendor_name": 300, "reference": 300, "payment_reference": 80}
LONGEST_DESCRIPTION = 400
MOST_LINES = 2000


@dataclass(frozen=True, slots=True)
class LineData:
    """A line as it came, amounts in the invoice's currency. With `account_id` and `month` it is coded at once."""

    description: str
    net: Decimal
    vat: Decimal = Decimal(0)
    recoverable: Decimal = Decimal(0)
    service_month: date | None = None
    account_id: int | None = None
    month: date | None = None

    @property
    def amount(self) -> Decimal:
        """What the line costs the budget."""
        return self.net + self.vat - self.recoverable


@dataclass(frozen=True, slots=True)
class InvoiceData:
    """An invoice as it came. `gross`, where it is stated, is checked against the lines."""

    vendor_name: str
    number: str
    issued_on: date
    currency: str
    lines: tuple[LineData, ...]
    due_on: date | None = None
    vendor_code: str = ""
    reference: str = ""
    payment_reference: str = ""
    gross: Decimal | None = None

    @property
    def net(self) -> Decimal:
        return sum((line.net for line in self.lines), Decimal(0))

    @property
    def vat(self) -> Decimal:
        return sum((line.vat for line in self.lines), Decimal(0))

    @property
    def recoverable(self) -> Decimal:
        return sum((line.recoverable for line in self.lines), Decimal(0))


def faults(data: InvoiceData) -> dict[str, str]:
    """Return what is wrong, as a sentence with its remedy by field name; empty when nothing is."""
    found = dict(_head_faults(data))
    for number, line in enumerate(data.lines[:MOST_LINES], start=1):
        if fault := _line_fault(line):
            found[f"lines.{number}"] = f"Line {number}: {fault}"
    if not found:
        found |= dict(_total_faults(data))
    return found


def _head_faults(data: InvoiceData) -> Iterator[tuple[str, str]]:
    if not number_key(data.number):
        yield "number", "The invoice has no number. Give the one printed on it."
    if not data.vendor_name.strip() and not data.vendor_code.strip():
        yield "vendor_name", "The invoice has no vendor. Name who is to be paid."
    for field, longest in LONGEST.items():
        if len(getattr(data, field)) > longest:
            yield field, f"This is longer than {longest} characters. Shorten it."
    if not data.lines:
        yield "lines", "The invoice has no lines. Give at least one, with its amount."
    if len(data.lines) > MOST_LINES:
        yield "lines", f"The invoice has more than {MOST_LINES:,} lines. Split it."
    if data.due_on and data.due_on < data.issued_on:
        yield "due_on", "It is due before it was issued. Correct one of the two dates."


def _line_fault(line: LineData) -> str:
    if len(line.description) > LONGEST_DESCRIPTION:
        return f"the description is longer than {LONGEST_DESCRIPTION} characters. Shorten it."
    for amount in (line.net, line.vat, line.recoverable):
        if fault := _amount_fault(amount):
            return fault
    if line.amount == 0:
        return "it costs nothing. Leave it out, or correct its amounts."
    if abs(line.recoverable) > abs(line.vat) or line.recoverable * line.vat < 0:
        return "more VAT comes back than was charged. Correct the VAT."
    if (line.account_id is None) != (line.month is None):
        return "a coded line needs both an account and a month. Give both or neither."
    return ""


def _amount_fault(amount: Decimal) -> str:
    if not amount.is_finite() or abs(amount) >= LARGEST:
        return "an amount is not a number that the books can hold. State it in digits."
    if amount != amount.quantize(CENT):
        return "an amount has more than two decimals. Round it as the document does."
    return ""


def _total_faults(data: InvoiceData) -> Iterator[tuple[str, str]]:
    total = data.net + data.vat
    if total == 0:
        yield "gross", "The invoice adds up to zero. Nothing is owed: leave it out."
    if data.gross is not None and data.gross != total:
        yield "gross", f"It says {data.gross:,} and its lines add up to {total:,}. Correct the lines or the total."
