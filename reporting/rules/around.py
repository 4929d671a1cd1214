"""What a pack tells beside the figures: promises of money, decisions that wait, trouble, milestones. All of it frozen."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Promise:
    """What is left of a request's line: reserved while it waits for decisions, committed once it is approved."""

    request: str
    title: str
    vendor: str
    category: str
    cost_centre: str
    month: date
    bucket: str
    amount: Decimal
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A decision that somebody owes."""

    request: str
    title: str
    amount: Decimal
    stage: str
    role: str
    due_at: datetime
    vendor: str = ""
    escalated: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """An open exception. `amount` is None where it has none; it is in `currency`."""

    code: str
    sentence: str
    remedy: str
    amount: Decimal | None
    currency: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class MilestoneLine:
    """A milestone of the budget: what was promised by when."""

    code: str
    name: str
    due_on: date
    done_on: date | None
    planned_cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Timeliness:
    """How many decisions of the month were made, and how many of them in time."""

    decided: int
    on_time: int

    @property
    def percent(self) -> Decimal | None:
        """The share decided in time, in per cent; None where nothing was decided."""
        return Decimal(self.on_time) * 100 / self.decided if self.decided else None


@dataclass(frozen=True, slots=True)
class Around:
    """All that stands around a report."""

    promises: tuple[Promise, ...]
    wanted: tuple[Wanted, ...]
    troubles: tuple[Trouble, ...]
    milestones: tuple[MilestoneLine, ...]
    timeliness: Timeliness
