"""The addresses of core for programs."""

from core.api.calendars import PersonCalendars
from core.api.endpoints import Entities, Jobs, Me, Notices
from core.api.routing import Router

router = Router()
router.add("me", Me)
router.add("entities", Entities)
router.add("notices", Notices)
router.add("jobs", Jobs)
router.add("person-calendars", PersonCalendars)
