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
class OrderClosed(RequestEvent):
    """Nothing more comes of an approved request; what was still committed is free."""

    topic: ClassVar[str] = "approvals.order_closed"


@dataclass(frozen=True)
class OrderOpenedAgain(RequestEvent):
    """What closing it had let go is committed again."""

    topic: ClassVar[str] = "approvals.order_opened_again"


@dataclass(frozen=True)
class OrderMoved(RequestEvent):
    """What is left of an approved request is held in another month. `to_month` is its first day."""

    topic: ClassVar[str] = "approvals.order_moved"
    to_month: str


@dataclass(frozen=True)
class AutomaticWithdrawn(RequestEvent):
    """What a policy had approved by itself was withdrawn by somebody who looked back; what was still committed is free."""

    topic: ClassVar[str] = "approvals.automatic_withdrawn"


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


@dataclass(frozen=True)
class CommentWritten(Event):
    """Somebody wrote on a request, or worded it anew; whoever is named in it is to be told."""

    topic: ClassVar[str] = "approvals.comment_written"
    comment_id: int
    at: str


@dataclass(frozen=True)
class EmergencyEvent(Event):
    """Something happened to an emergency."""

    topic: ClassVar[str] = "approvals.emergency"
    emergency_id: int
    at: str


@dataclass(frozen=True)
class EmergencyDeclared(EmergencyEvent):
    """Money was committed at once, on somebody's word."""

    topic: ClassVar[str] = "approvals.emergency_declared"


@dataclass(frozen=True)
class EmergencyDenied(EmergencyEvent):
    """Whoever was named says that they gave no word."""

    topic: ClassVar[str] = "approvals.emergency_denied"


@dataclass(frozen=True)
class DebtEvent(Event):
    """Something happened to what is owed for an emergency."""

    topic: ClassVar[str] = "approvals.debt"
    debt_id: int
    at: str


@dataclass(frozen=True)
class DebtWarned(DebtEvent):
    """Half of its time is gone."""

    topic: ClassVar[str] = "approvals.debt_warned"


@dataclass(frozen=True)
class DebtBreached(DebtEvent):
    """It is overdue."""

    topic: ClassVar[str] = "approvals.debt_breached"


@dataclass(frozen=True)
class DebtEscalated(DebtEvent):
    """It is overdue for a day."""

    topic: ClassVar[str] = "approvals.debt_escalated"


@dataclass(frozen=True)
class DebtPassedOn(DebtEvent):
    """The impact is stated, and whoever approved is asked."""

    topic: ClassVar[str] = "approvals.debt_passed_on"


@dataclass(frozen=True)
class DebtPaid(DebtEvent):
    """Nothing is owed for it any more."""

    topic: ClassVar[str] = "approvals.debt_paid"


@dataclass(frozen=True)
class AmendmentInForce(Event):
    """A version of a budget that was asked for is in force."""

    topic: ClassVar[str] = "approvals.amendment_in_force"
    request_id: int
    version_id: int
    at: str


@dataclass(frozen=True)
class AmendmentStuck(Event):
    """A version of a budget whose day has come could not be put in force."""

    topic: ClassVar[str] = "approvals.amendment_stuck"
    version_id: int
    why: str
    at: str


@dataclass(frozen=True)
class MeetingEvent(Event):
    """Something happened to a committee's meeting."""

    topic: ClassVar[str] = "approvals.meeting"
    meeting_id: int
    at: str


@dataclass(frozen=True)
class MeetingNear(MeetingEvent):
    """A meeting is near: its people are told of it, with the agenda."""

    topic: ClassVar[str] = "approvals.meeting_near"


@dataclass(frozen=True)
class MeetingClosed(MeetingEvent):
    """A meeting was closed, and its minutes are kept."""

    topic: ClassVar[str] = "approvals.meeting_closed"


@dataclass(frozen=True)
class OverrunEvent(Event):
    """Base of what is announced about a limit that facts went over. `at` is its moment (UTC, ISO)."""

    overrun_id: int
    at: str


@dataclass(frozen=True)
class OverrunAsked(OverrunEvent):
    """It is put before those who decide, in its asker's name; once for each round."""

    topic: ClassVar[str] = "approvals.overrun_asked"


@dataclass(frozen=True)
class OverrunLeft(OverrunEvent):
    """Nobody could be asked about it, or it was not approved: finance sees to it."""

    topic: ClassVar[str] = "approvals.overrun_left"


@dataclass(frozen=True)
class OverrunSettled(OverrunEvent):
    """Nobody need see to it: it is asked about, approved, or over."""

    topic: ClassVar[str] = "approvals.overrun_settled"


@dataclass(frozen=True)
class DrawEvent(Event):
    """Something happened to the report that a draw on a reserve owes."""

    topic: ClassVar[str] = "approvals.draw"
    request_id: int
    at: str


@dataclass(frozen=True)
class DrawOwesReport(DrawEvent):
    """A draw was approved: a report about its use is owed."""

    topic: ClassVar[str] = "approvals.draw_owes_report"


@dataclass(frozen=True)
class DrawReportWritten(DrawEvent):
    """The report is written and waits for its confirmation."""

    topic: ClassVar[str] = "approvals.draw_report_written"


@dataclass(frozen=True)
class DrawReportReturned(DrawEvent):
    """The report was given back with what it misses."""

    topic: ClassVar[str] = "approvals.draw_report_returned"


@dataclass(frozen=True)
class DrawReportOverdue(DrawEvent):
    """The report was not written by its time."""

    topic: ClassVar[str] = "approvals.draw_report_overdue"
