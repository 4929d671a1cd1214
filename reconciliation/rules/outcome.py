"""What an import does, or would do: counts and totals that add up, and what was found. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reconciliation.rules.problems import Problem

STATUSES = ("accepted", "quarantined", "duplicate", "ignored")
LABELS = {"accepted": "Accepted", "quarantined": "In quarantine", "duplicate": "Already here", "ignored": "Ignored"}


@dataclass(frozen=True, slots=True)
class Reason:
    """Rows that end the same way for the same reason; the sentence is an example where their words differ."""

    status: str
    code: str
    sentence: str
    remedy: str
    rows: int
    is_example: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """One of the four ways a row ends: how many did, for how much, and why."""

    status: str
    label: str
    rows: int
    amount: Decimal
    reasons: list[Reason]


@dataclass(slots=True)
class Outcome:
    """Counts of rows by how they end; amounts in `currency`. `rows` is the sum of the four."""

    format: str
    currency: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    totals: dict[str, Decimal] = field(default_factory=dict)
    new: int = 0
    known: int = 0
    changed: int = 0
    vanished: int = 0
    findings: list[dict[str, str]] = field(default_factory=list)
    refused: str | None = None
    reasons: dict[tuple[str, str], Reason] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(self.counts[status] for status in STATUSES)

    @property
    def control_total(self) -> Decimal:
        """What all rows with an amount add up to."""
        return sum(self.totals.values(), Decimal("0.00"))

    @property
    def ends(self) -> list[End]:
        """Return the four ways rows end, in order; what they hold adds up to the whole."""
        return [
            End(
                status,
                LABELS[status],
                self.counts[status],
                self.totals.get(status, Decimal("0.00")),
                [each for each in self.reasons.values() if each.status == status],
            )
            for status in STATUSES
        ]

    def take(self, status: str, amount: Decimal | None, problem: Problem | None = None, rows: int = 1) -> None:
        """Count rows that end in `status`."""
        self.counts[status] += rows
        self.totals[status] = self.totals.get(status, Decimal("0.00")) + (amount or 0)
        if problem:
            before = self.reasons.get((status, problem.code))
            differs = before is not None and (before.is_example or before.sentence != problem.sentence)
            self.reasons[status, problem.code] = Reason(
                status, problem.code, problem.sentence, problem.remedy, rows + (before.rows if before else 0), differs
            )

    def as_json(self) -> dict[str, Any]:
        """Return what the command prints; amounts as text, to the cent."""
        return {
            "format": self.format,
            "rows": self.rows,
            **{status: self.counts[status] for status in STATUSES},
            "new": self.new,
            "known": self.known,
            "changed": self.changed,
            "vanished": self.vanished,
            "control_total": str(self.control_total),
            "currency": self.currency,
            "findings": self.findings,
            "reasons": [
                {"status": each.status, "code": each.code, "rows": each.rows, "example": each.sentence, "remedy": each.remedy}
                for each in sorted(self.reasons.values(), key=lambda each: (each.status, -each.rows, each.code))
            ],
            "refused": self.refused,
        }
