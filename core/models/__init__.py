"""The nouns of core."""

from core.models.audit import AuditRecord
from core.models.calendars import CalendarDay, PersonCalendar, WorkCalendar
from core.models.calls import CallCount
from core.models.entities import Entity
from core.models.idempotency import IdempotencyKey
from core.models.jobs import Job
from core.models.keeping import DiscardedFile
from core.models.notices import Notice
from core.models.outbox import OutboxEvent
from core.models.people import Role, RoleAssignment, User
from core.models.retention import RecordKinds, RemovedDocument, RetentionHold, RetentionPeriod, RetentionRun
from core.models.sign_in import ActingSession, FirstAdministratorLink, Invitation, InvitedRole, SignInTally
from core.models.signs import Sign
from core.models.tokens import ApiToken

__all__ = [
    "ActingSession",
    "ApiToken",
    "AuditRecord",
    "CalendarDay",
    "CallCount",
    "DiscardedFile",
    "Entity",
    "FirstAdministratorLink",
    "IdempotencyKey",
    "Invitation",
    "InvitedRole",
    "Job",
    "Notice",
    "OutboxEvent",
    "PersonCalendar",
    "RecordKinds",
    "RemovedDocument",
    "RetentionHold",
    "RetentionPeriod",
    "RetentionRun",
    "Role",
    "RoleAssignment",
    "Sign",
    "SignInTally",
    "User",
    "WorkCalendar",
]
