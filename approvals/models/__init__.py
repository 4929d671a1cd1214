"""The nouns of approvals. What a policy says and what a run of it did are different tables."""

from approvals.models.delegations import Delegation
from approvals.models.history import HistoryEvent, HistoryLog
from approvals.models.policies import Policy, PolicyRule, PolicyVersion, StageTemplate
from approvals.models.questions import Pause, Question
from approvals.models.requests import Attachment, Request, RequestCounter, RequestLine, Round
from approvals.models.stages import Decision, Stage, StageMember
from approvals.models.timers import Timer

__all__ = [
    "Attachment",
    "Decision",
    "Delegation",
    "HistoryEvent",
    "HistoryLog",
    "Pause",
    "Policy",
    "PolicyRule",
    "PolicyVersion",
    "Question",
    "Request",
    "RequestCounter",
    "RequestLine",
    "Round",
    "Stage",
    "StageMember",
    "StageTemplate",
    "Timer",
]
