"""How alike a payment and an invoice are, and why. Scores only order suggestions; they never apply anything."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import SequenceMatcher

from core.names import fold

SAME_NAME = 0.85
LIKE_NAME = 0.6
NEAR_DAYS = 45
LEAST_SCORE = 35
_LEGAL_FORMS = frozenset(
    [
        "ab",
        "ag",
        "bv",
        "co",
        "corp",
        "gmbh",
        "inc",
        "llc",
        "llp",
        "ltd",
        "limited",
        "nv",
        "plc",
        "pty",
        "sa",
        "sarl",
        "srl",
        "the",
    ]
)


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """What a payment says. `amount` is what is left of it."""

    amount: Decimal
    booked_on: date
    name: str
    iban: str
    keys: frozenset[str]
    digits: frozenset[str]


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """What an invoice says. `amount` is what is open."""

    amount: Decimal
    issued_on: date
    due_on: date | None
    name: str
    iban: str
    key: str
    digits: str
    payment_key: str


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100, and the reasons in sentences, the strongest first."""

    points: int
    reasons: tuple[str, ...]


def name_likeness(one: str, other: str) -> float:
    """Return how alike two names are, 0 to 1: word by word, without legal forms. HAWORTH and OAKWORTH are not the same."""
    left, right = _words(one), _words(other)
    if not left or not right:
        return 0.0
    return SequenceMatcher(None, " ".join(sorted(left)), " ".join(sorted(right)), autojunk=False).ratio()


def score(payment: PaymentFacts, invoice: InvoiceFacts) -> Score:
    """Weigh amount, reference, name and date."""
    found = [_amount(payment, invoice), _reference(payment, invoice), _name(payment, invoice), _date(payment, invoice)]
    parts = sorted((part for part in found if part), key=lambda part: -part[0])
    return Score(min(100, sum(points for points, _ in parts)), tuple(reason for _, reason in parts))


def _amount(payment: PaymentFacts, invoice: InvoiceFacts) -> tuple[int, str] | None:
    if payment.amount == invoice.amount:
        return 40, "The amount is the same."
    return None


def _reference(payment: PaymentFacts, invoice: InvoiceFacts) -> tuple[int, str] | None:
    if invoice.payment_key and invoice.payment_key in payment.keys:
        return 40, "The payment carries the invoice's own reference."
    if invoice.key in payment.keys:
        return 35, "The payment names the invoice's number."
    if len(invoice.digits) >= 4 and invoice.digits in payment.digits:
        return 20, "The digits of the invoice's number are in the payment's text."
    return None


def _name(payment: PaymentFacts, invoice: InvoiceFacts) -> tuple[int, str] | None:
    if invoice.iban and invoice.iban == payment.iban:
        return 20, "It went to the vendor's account."
    likeness = name_likeness(payment.name, invoice.name)
    if likeness >= SAME_NAME:
        return 18, f"The names are alike ({likeness:.0%})."
    if likeness >= LIKE_NAME:
        return 8, f"The names are somewhat alike ({likeness:.0%}): look twice."
    return None


def _date(payment: PaymentFacts, invoice: InvoiceFacts) -> tuple[int, str] | None:
    if payment.booked_on < invoice.issued_on:
        return None
    days = abs((payment.booked_on - (invoice.due_on or invoice.issued_on)).days)
    if days > NEAR_DAYS:
        return None
    since = "its due date" if invoice.due_on else "the invoice"
    return 15 - days // 5, f"It was paid {days} {'day' if days == 1 else 'days'} from {since}."


def _words(name: str) -> list[str]:
    return [word for word in fold(name).split() if word not in _LEGAL_FORMS]
