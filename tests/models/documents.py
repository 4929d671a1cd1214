"""What can be asked of the model of the ledger, and what of it says nothing that can be posted."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.models.pooling import HOLDING, Line
from tests.models.stands import Broken
from tests.models.structure import number_of

LARGEST = Decimal(10) ** 15
MOVING = ("transfer", "carry", "move", "recode")
KINDS = frozenset({"allot", "revise", "reserve", "release", "commit", "spend", "liquidate", "paid", "opening", *MOVING})
BUCKETS = ("allotted", *HOLDING, "paid")


class Refused(Exception):
    """The model's no: its code, and for a lack of funds the window."""

    def __init__(self, code: str, broken: Broken | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.broken = broken


@dataclass(frozen=True)
class Asked:
    """A line as it is asked for: whether it can be posted is not known yet. The amount is in the account's currency."""

    account: int
    month: date
    bucket: str
    amount: Decimal
    thread: str = ""


@dataclass(frozen=True)
class Document:
    """What is to be posted. `settles` is the key of another journal."""

    key: str
    kind: str
    lines: tuple[Asked, ...]
    settles: str = ""
    is_fact: bool = False
    is_override: bool = False


def check_document(document: Document) -> None:
    """Raise Refused for what says nothing that could be posted, whatever stands in the books."""
    if not document.key or document.kind not in KINDS:
        raise Refused("invalid_input")
    for line in document.lines:
        if not line.amount.is_finite() or line.amount == 0 or abs(line.amount) >= LARGEST or line.amount * 100 % 1:
            raise Refused("invalid_amount")
        if line.bucket not in BUCKETS or line.month.day != 1:
            raise Refused("invalid_input")
    if not document.lines:
        raise Refused("invalid_input")


def as_line(asked: Asked) -> Line:
    return Line(asked.account, number_of(asked.month), asked.bucket, int(asked.amount * 100), asked.thread)
