"""What can be wrong with a row or with a whole file, each with a code, a sentence and its remedy."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row was not taken as it is."""

    code: str
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Coding:
    """Where a row's money goes: an account of the ledger, and the first day of a month."""

    account_id: int
    month: date


@dataclass(frozen=True, slots=True)
class FileFinding:
    """Something in a file that does not add up. `amount` is in the file's currency.

    `period` is the month of the bill that it is about, such as 2026-06; blank where it is about the file.
    """

    code: str
    where: str
    amount: Decimal
    sentence: str
    remedy: str = ""
    period: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the finding as JSON takes it; the amount as text, to the cent."""
        return {
            "code": self.code,
            "where": self.where,
            "amount": f"{self.amount:.2f}",
            "sentence": self.sentence,
            "remedy": self.remedy,
            **({"period": self.period} if self.period else {}),
        }


class FileRefused(InvalidInput):
    """The file as a whole cannot be read as what its source says it is. Nothing of it was taken."""

    code = "file_refused"
