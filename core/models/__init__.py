"""The nouns of core."""

from core.models.audit import AuditRecord
from core.models.calendars import CalendarDay, WorkCalendar
from core.models.entities import Entity
from core.models.jobs import Job
from core.models.notices import Notice
from core.models.outbox import OutboxEvent
from core.models.people import Role, RoleAssignment, User
from core.models.signs import Sign

__all__ = [
    "AuditRecord",
    "CalendarDay",
    "Entity",
    "Job",
    "Notice",
    "OutboxEvent",
    "Role",
    "RoleAssignment",
    "Sign",
    "User",
    "WorkCalendar",
]
