"""What this room announces."""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class Posted(Event):
    """A journal was posted. The posting function writes it into the outbox itself, in the posting's transaction."""

    topic: ClassVar[str] = "budgets.posted"

    journal_id: int
    kind: str
    entity_id: int
    source_type: str
    source_id: str
    account_ids: list[int]


@dataclass(frozen=True)
class ChargebackEvent(Event):
    """Base of what is announced about a month's chargeback. `at` is its moment (UTC, ISO)."""

    run_id: int
    at: str


@dataclass(frozen=True)
class ChargebackSent(ChargebackEvent):
    """The managers of those who bear it are asked."""

    topic: ClassVar[str] = "budgets.chargeback_sent"


@dataclass(frozen=True)
class ChargebackPosted(ChargebackEvent):
    """Its spend moved to those who bear it."""

    topic: ClassVar[str] = "budgets.chargeback_posted"


@dataclass(frozen=True)
class ChargebackUndone(ChargebackEvent):
    """Its spend moved back."""

    topic: ClassVar[str] = "budgets.chargeback_undone"


@dataclass(frozen=True)
class ChargebackDropped(ChargebackEvent):
    """It was left unposted."""

    topic: ClassVar[str] = "budgets.chargeback_dropped"


@dataclass(frozen=True)
class StatementEvent(Event):
    """Base of what is announced about a statement."""

    statement_id: int
    at: str


@dataclass(frozen=True)
class StatementAsked(StatementEvent):
    """A manager is asked about it alone: it says something else now, or somebody else is asked."""

    topic: ClassVar[str] = "budgets.statement_asked"


@dataclass(frozen=True)
class StatementReminded(StatementEvent):
    """Three working days went by without an answer."""

    topic: ClassVar[str] = "budgets.statement_reminded"


@dataclass(frozen=True)
class StatementAccepted(StatementEvent):
    """Its manager says that it is right."""

    topic: ClassVar[str] = "budgets.statement_accepted"


@dataclass(frozen=True)
class DisputeEvent(Event):
    """Base of what is announced about a dispute."""

    dispute_id: int
    at: str


@dataclass(frozen=True)
class StatementDisputed(DisputeEvent):
    """A manager says that a statement is not right."""

    topic: ClassVar[str] = "budgets.statement_disputed"


@dataclass(frozen=True)
class DisputeReminded(DisputeEvent):
    """Three working days went by, and it is open."""

    topic: ClassVar[str] = "budgets.dispute_reminded"


@dataclass(frozen=True)
class DisputeEscalated(DisputeEvent):
    """Five working days went by, and it is open."""

    topic: ClassVar[str] = "budgets.dispute_escalated"


@dataclass(frozen=True)
class DisputeResolved(DisputeEvent):
    """It ended, by an adjustment or a refusal."""

    topic: ClassVar[str] = "budgets.dispute_resolved"


@dataclass(frozen=True)
class OwnerNamed(Event):
    """Somebody owns a budget from now on. `at` is the moment it was said (UTC, ISO)."""

    topic: ClassVar[str] = "budgets.owner_named"

    budget_id: int
    person_id: int
    at: str


@dataclass(frozen=True)
class VersionToSign(Event):
    """A version of a budget waits for its owner and for finance to sign it. `at` is its moment (UTC, ISO)."""

    topic: ClassVar[str] = "budgets.version_to_sign"

    version_id: int
    at: str


@dataclass(frozen=True)
class VersionSigned(Event):
    """One side signed a version, or it is asked for no more: it was put away."""

    topic: ClassVar[str] = "budgets.version_signed"

    version_id: int
    at: str
