"""What approvals announces. Moments are ISO 8601 in UTC; a deadline's event carries the deadline, not the poll."""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class RequestEvent(Event):
    """Something happened to a request as a whole."""

    topic: ClassVar[str] = "approvals.request"
    request_id: int
    round: int
    actor_id: int
    at: str


@dataclass(frozen=True)
class RequestSubmitted(RequestEvent):
    """A round began; the money is reserved."""

    topic: ClassVar[str] = "approvals.request_submitted"


@dataclass(frozen=True)
class RequestApproved(RequestEvent):
    """The last stage was approved; the money is committed."""

    topic: ClassVar[str] = "approvals.request_approved"


@dataclass(frozen=True)
class RequestRejected(RequestEvent):
    """A stage said no; the money is released."""

    topic: ClassVar[str] = "approvals.request_rejected"


@dataclass(frozen=True)
class RequestReturned(RequestEvent):
    """It went back to its requester; the money is released."""

    topic: ClassVar[str] = "approvals.request_returned"


@dataclass(frozen=True)
class RequestWithdrawn(RequestEvent):
    """Its requester took it back; what it held is released."""

    topic: ClassVar[str] = "approvals.request_withdrawn"


@dataclass(frozen=True)
class StageEvent(Event):
    """Something happened to a stage."""

    topic: ClassVar[str] = "approvals.stage"
    stage_id: int
    at: str


@dataclass(frozen=True)
class StageAssigned(StageEvent):
    """A stage is before its owner, and its clock runs."""

    topic: ClassVar[str] = "approvals.stage_assigned"


@dataclass(frozen=True)
class StageJoined(StageEvent):
    """Somebody was put before a stage by whoever stood there: it was handed over, or one more decision is asked for."""

    topic: ClassVar[str] = "approvals.stage_joined"
    member_id: int


@dataclass(frozen=True)
class StageWarned(StageEvent):
    """A stage's clock has run for so long that its owner is reminded."""

    topic: ClassVar[str] = "approvals.stage_warned"


@dataclass(frozen=True)
class StageEscalated(StageEvent):
    """The backup was added to a stage; the owner stays."""

    topic: ClassVar[str] = "approvals.stage_escalated"
    backup_id: int | None = None


@dataclass(frozen=True)
class StageBreached(StageEvent):
    """A stage's deadline passed without a decision."""

    topic: ClassVar[str] = "approvals.stage_breached"


@dataclass(frozen=True)
class QuestionEvent(Event):
    """Something happened to a question on a stage."""

    topic: ClassVar[str] = "approvals.question"
    question_id: int
    at: str


@dataclass(frozen=True)
class QuestionAsked(QuestionEvent):
    """Somebody who decides wants to know something first."""

    topic: ClassVar[str] = "approvals.question_asked"


@dataclass(frozen=True)
class QuestionAnswered(QuestionEvent):
    """The answer is there, and the clock goes on."""

    topic: ClassVar[str] = "approvals.question_answered"


@dataclass(frozen=True)
class QuestionLapsed(QuestionEvent):
    """Nobody answered in time; the clock goes on without."""

    topic: ClassVar[str] = "approvals.question_lapsed"


@dataclass(frozen=True)
class QuestionClosed(QuestionEvent):
    """It was withdrawn, or its stage is over: no answer is wanted any more."""

    topic: ClassVar[str] = "approvals.question_closed"


@dataclass(frozen=True)
class BackupAsked(StageEvent):
    """Too few of a stage's people are there: somebody else was asked at once. Without a backup, nobody could be."""

    topic: ClassVar[str] = "approvals.backup_asked"
    backup_id: int | None = None


@dataclass(frozen=True)
class DelegationEvent(Event):
    """Something happened to a delegation."""

    topic: ClassVar[str] = "approvals.delegation"
    delegation_id: int
    at: str


@dataclass(frozen=True)
class DelegationStated(DelegationEvent):
    """Somebody is to decide for a person."""

    topic: ClassVar[str] = "approvals.delegation_stated"


@dataclass(frozen=True)
class DelegationBegun(DelegationEvent):
    """Its time has come."""

    topic: ClassVar[str] = "approvals.delegation_begun"


@dataclass(frozen=True)
class DelegationEnded(DelegationEvent):
    """It was ended before its time."""

    topic: ClassVar[str] = "approvals.delegation_ended"
