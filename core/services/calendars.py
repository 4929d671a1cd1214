"""The calendar that a person works by: stated by an administrator, from a day on."""

from datetime import date

from django.db import transaction

from core import clock
from core.errors import InvalidInput
from core.locks import lock_person
from core.models import PersonCalendar, User, WorkCalendar
from core.selectors.people import access_person_by_id, calendars_to_give
from core.services import audit
from core.viewer import known_zone


@transaction.atomic
def state_person_calendar(*, person: User, calendar: WorkCalendar | None, valid_from: date, actor: User) -> PersonCalendar:
    """Let a person work by a calendar from a day on, which begins in its zone; by their organization's where it is None.

    Clocks that run already go on by the calendar they began with. Another statement for the same day takes this one's place.
    Raises NotAllowed and NotFound for somebody whom `actor` does not look after, InvalidInput (a past day, a calendar of others).
    """
    access_person_by_id(actor, person.pk)
    lock_person(person.pk)
    now = clock.now()
    if calendar is not None and not calendars_to_give(actor).filter(pk=calendar.pk).exists():
        raise _wrong("calendar", "Choose one of the calendars listed.")
    if valid_from < now.astimezone(known_zone(calendar.time_zone if calendar else "UTC")).date():
        raise _wrong("valid_from", f"{valid_from.day} {valid_from:%B %Y} is past. Name today or a later day.")
    row, is_new = PersonCalendar.objects.get_or_create(
        person=person, valid_from=valid_from, defaults={"calendar": calendar, "stated_at": now, "stated_by": actor}
    )
    before = None if is_new else _said(row)
    if not is_new and row.calendar_id != (calendar.pk if calendar else None):
        row.calendar, row.stated_at, row.stated_by = calendar, now, actor
        row.save(update_fields=["calendar", "stated_at", "stated_by"])
    if before != _said(row):
        audit.record(actor=actor, verb="person.calendar_stated", subject=person, before=before, after=_said(row))
    return row


def _said(row: PersonCalendar) -> dict[str, str]:
    return {"calendar": row.calendar.code if row.calendar else "", "valid_from": row.valid_from.isoformat()}


def _wrong(field: str, said: str) -> InvalidInput:
    return InvalidInput(said, details={field: said})
