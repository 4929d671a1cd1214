"""By which calendar people work, for programs."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from core.api.acts import write
from core.api.endpoint import Listed
from core.api.fields import MomentField
from core.api.filters import Asked, Code, FilterSet
from core.api.serializers import Given, Taken
from core.errors import InvalidInput
from core.models import PersonCalendar
from core.rules.rights import Right
from core.selectors.people import calendars_to_give, people_of
from core.services.calendars import state_person_calendar

SETTING_UP = frozenset({Right.ADMINISTER})


class PersonCalendarSerializer(Given):
    """By which calendar a person works from a day on."""

    id = serializers.IntegerField()
    person = serializers.CharField(source="person.email")
    calendar = serializers.CharField(source="calendar.code", allow_null=True, help_text="null: as the organization.")
    time_zone = serializers.CharField(source="calendar.time_zone", allow_null=True)
    valid_from = serializers.DateField(help_text="It begins in the calendar's zone.")
    stated_at = MomentField()


class CalendarStatingSerializer(Taken):
    """By which calendar a person is to work; whatever was stated for the same day gives way."""

    person = serializers.EmailField(max_length=254)
    calendar = serializers.CharField(
        max_length=40, required=False, allow_null=True, help_text="A work calendar's code; left out: the organization's."
    )
    valid_from = serializers.DateField(help_text="Today or later, in the calendar's zone.")


class PersonCalendarFilter(FilterSet):
    """Of a person."""

    person = Asked(Code(), field_name="person__email", lookup_expr="iexact", about="Of the person with this address.")


class PersonCalendars(Listed[PersonCalendar]):
    """By which calendars the people work whom one looks after, with what was stated before."""

    room = "core"
    model = PersonCalendar
    rights = SETTING_UP
    shows = PersonCalendarSerializer
    filterset_class = PersonCalendarFilter
    orderings = ("-valid_from", "id")

    def rows(self) -> QuerySet[PersonCalendar]:
        people = [row.person.pk for row in people_of(self.person)]
        return PersonCalendar.objects.filter(person__in=people).select_related("person", "calendar")

    @write(takes=CalendarStatingSerializer, gives=PersonCalendarSerializer, status=201, rights=SETTING_UP)
    def create(self, data: dict[str, Any]) -> PersonCalendar:
        """Let a person work by a calendar from a day on. Clocks that run go on by the one they began with."""
        known = {row.person.email.casefold(): row.person for row in people_of(self.person)}
        person = known.get(data["person"].casefold())
        if person is None:
            raise _wrong("person", "You look after nobody of this address.")
        code = data.get("calendar")
        calendar = calendars_to_give(self.person).filter(code=code).first() if code else None
        if code and calendar is None:
            raise _wrong("calendar", "There is no calendar of this code, or none that you may give.")
        return state_person_calendar(person=person, calendar=calendar, valid_from=data["valid_from"], actor=self.person)


def _wrong(field: str, said: str) -> InvalidInput:
    return InvalidInput(said, details={field: said})
