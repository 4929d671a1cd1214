"""The addresses of core for programs."""

from core.api.audit import AuditRecords
from core.api.calendars import PersonCalendars
from core.api.endpoints import Entities, Jobs, Me, Notices
from core.api.retention import RetentionHolds, RetentionPeriods, RetentionRemovals, RetentionRemoved
from core.api.routing import Router

router = Router()
router.add("me", Me)
router.add("entities", Entities)
router.add("notices", Notices)
router.add("jobs", Jobs)
router.add("person-calendars", PersonCalendars)
router.add("audit-records", AuditRecords)
router.add("retention-periods", RetentionPeriods)
router.add("retention-holds", RetentionHolds)
router.add("retention-removals", RetentionRemovals)
router.add(r"retention-removals/(?P<number>[^/]+)/documents", RetentionRemoved, name="retention-removed")
