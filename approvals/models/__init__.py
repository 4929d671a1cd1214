"""The nouns of approvals. What a policy says and what a run of it did are different tables."""

from approvals.models.attributes import RequestAttribute
from approvals.models.cards import Card
from approvals.models.changes import Advance, Amendment, Override, Virement
from approvals.models.comments import Comment, Mention, Wording
from approvals.models.committees import Committee, CommitteeSeat, CommitteeVersion
from approvals.models.decisions import Decision
from approvals.models.delegations import Delegation
from approvals.models.emergencies import Debt, DebtTimer, Emergency, EmergencyLimit, EmergencyTerms
from approvals.models.history import HistoryEvent, HistoryLog
from approvals.models.links import DecisionLink
from approvals.models.lookbacks import LookBack
from approvals.models.meetings import Attendance, Meeting, MeetingItem
from approvals.models.overruns import Overrun
from approvals.models.owners import GroupPerson, Manager, PeopleGroup
from approvals.models.paces import StagePace
from approvals.models.particulars import Contract, PolicyChange, ResourceChange, Trip
from approvals.models.places import OpenPlace
from approvals.models.policies import Policy, PolicyRule, PolicyVersion, StageTemplate
from approvals.models.questions import Pause, Question
from approvals.models.receipts import Receipt, ReceiptHead
from approvals.models.requests import Attachment, Request, RequestCounter, RequestLine
from approvals.models.reserves import DrawReport, Reserve, ReserveDraw, ReserveTerms
from approvals.models.rounds import Round
from approvals.models.saved_views import SavedView
from approvals.models.stages import Stage, StageMember
from approvals.models.timers import Timer

__all__ = [
    "Advance",
    "Amendment",
    "Attachment",
    "Attendance",
    "Card",
    "Comment",
    "Committee",
    "CommitteeSeat",
    "CommitteeVersion",
    "Contract",
    "Debt",
    "DebtTimer",
    "Decision",
    "DecisionLink",
    "Delegation",
    "DrawReport",
    "Emergency",
    "EmergencyLimit",
    "EmergencyTerms",
    "GroupPerson",
    "HistoryEvent",
    "HistoryLog",
    "LookBack",
    "Manager",
    "Meeting",
    "MeetingItem",
    "Mention",
    "OpenPlace",
    "Override",
    "Overrun",
    "Pause",
    "PeopleGroup",
    "Policy",
    "PolicyChange",
    "PolicyRule",
    "PolicyVersion",
    "Question",
    "Receipt",
    "ReceiptHead",
    "Request",
    "RequestAttribute",
    "RequestCounter",
    "RequestLine",
    "Reserve",
    "ReserveDraw",
    "ReserveTerms",
    "ResourceChange",
    "Round",
    "SavedView",
    "Stage",
    "StageMember",
    "StagePace",
    "StageTemplate",
    "Timer",
    "Trip",
    "Virement",
    "Wording",
]
