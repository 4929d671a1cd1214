"""By which calendar a person works: for administrators, on a page of its own."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core import clock
from core.calendar_forms import PersonCalendarForm
from core.errors import InvalidInput
from core.posted import posted
from core.selectors.calendars import calendars_of_people, history_of, own_calendar
from core.selectors.people import access_person_by_id, calendars_to_give
from core.services.calendars import state_person_calendar
from core.views.people import person_of


@require_http_methods(["GET", "HEAD", "POST"])
def person_calendar(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show by which calendars a person works and worked, and take another from a day on."""
    administrator = person_of(request)
    person = access_person_by_id(administrator, person_id).person
    form = PersonCalendarForm(posted(request), calendars=calendars_to_give(administrator))
    if request.method == "POST" and form.is_valid():
        try:
            stated = state_person_calendar(person=person, **form.cleaned_data, actor=administrator)
        except InvalidInput as refusal:
            form.add_error(next((name for name in refusal.details if name in form.fields), None), str(refusal))
        else:
            by = stated.calendar or "the organization's calendar"
            messages.success(request, f"{person.name} works by {by} from {stated.valid_from.day} {stated.valid_from:%B %Y} on.")
            return redirect("core:person-calendar", person.pk)
    now = own_calendar(calendars_of_people([person.pk]), person.pk, at=clock.now())
    context = {"person": person, "form": form, "now": now, "history": history_of(person)}
    return render(request, "core/person_calendar.html", context, status=422 if form.is_bound else 200)
