"""By which calendar a person works, as it is typed."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from core.models import WorkCalendar


class PersonCalendarForm(forms.Form):
    """A calendar, and the day from which on it holds."""

    use_required_attribute = False

    calendar = forms.ModelChoiceField(
        queryset=WorkCalendar.objects.none(),
        label="Calendar",
        required=False,
        empty_label="As the organization",
        help_text="Working hours, days off and zone by which this person's time to decide is counted.",
        error_messages={"invalid_choice": "Choose one of the calendars listed."},
    )
    valid_from = forms.DateField(
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="What waits for them already goes on by the calendar it began with.",
        error_messages={"required": "Choose the first day.", "invalid": "Enter a date such as 2026-11-20."},
    )

    def __init__(self, *args: Any, calendars: QuerySet[WorkCalendar], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["calendar"].queryset = calendars  # type: ignore[attr-defined]
