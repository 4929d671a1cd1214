"""A committee's meetings: the agenda as it is, who attends, and the minutes, which are the decisions."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals.forms import text_field
from approvals.models import Committee, Decision, Meeting
from approvals.selectors.committees import access_committee_by_id, standing_of
from approvals.selectors.meetings import (
    access_meeting_by_id,
    access_minutes_by_id,
    agenda_of,
    decisions_on,
    may_call,
    may_run,
    outcome_word,
    seated,
)
from approvals.selectors.queue import queue_of
from approvals.selectors.requests import visible_requests
from approvals.services.meetings import GRACE, call_meeting, close_meeting, open_meeting, record_attendance
from approvals.views.person import person_of
from approvals.views.story import VERDICTS
from core import clock
from core.access import needs
from core.errors import InvalidInput, NotAllowed, Refusal
from core.models import User
from core.posted import posted
from core.rules.rights import Right
from core.viewer import known_zone


class CallForm(forms.Form):
    """When a meeting begins, in the organization's zone, and what it is for."""

    use_required_attribute = False

    starts_at = forms.DateTimeField(
        label="When it begins",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        error_messages={"required": "State when it begins.", "invalid": "Enter a moment such as 2026-11-20 14:30."},
    )
    purpose = text_field("What it is for", 200, required="Say what it is for.")

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts_at"].help_text = f"In the organization's zone, {zone}."


@require_http_methods(["GET", "HEAD", "POST"])
@needs(*Right)
def call(request: HttpRequest, committee_id: int) -> HttpResponse:
    """Call a meeting. 422: something is missing; 409: one begins then. Raises NotFound, NotAllowed."""
    person = person_of(request)
    committee = access_committee_by_id(person, committee_id)
    if not may_call(person, committee):
        raise NotAllowed("You do not run this committee.", remedy="Its chair calls its meetings.", code="not_yours")
    with timezone.override(known_zone(committee.entity.time_zone)):
        form = CallForm(posted(request), zone=committee.entity.time_zone)
        if request.method != "POST" or not form.is_valid():
            return _calling(request, committee, form, status=422 if form.is_bound else 200)
        data = form.cleaned_data
    try:
        meeting = call_meeting(committee=committee, starts_at=data["starts_at"], purpose=data["purpose"], actor=person)
    except Refusal as refusal:
        for name, sentence in (refusal.details or {"": str(refusal)}).items():
            form.add_error(name if name in form.fields else None, str(sentence))
        return _calling(request, committee, form, status=422 if isinstance(refusal, InvalidInput) else refusal.status)
    messages.success(request, "The meeting is called. Whoever sits is told of it two days before, with the agenda.")
    return redirect("approvals:meeting", meeting.pk)


@require_safe
@needs(*Right)
def meeting(request: HttpRequest, meeting_id: int) -> HttpResponse:
    """Show a meeting: its agenda, live or frozen, or its minutes. Raises NotFound."""
    person = person_of(request)
    return _page(request, person, access_meeting_by_id(person, meeting_id))


@require_POST
@needs(*Right)
def begin(request: HttpRequest, meeting_id: int) -> HttpResponse:
    """Open a meeting. 403: not theirs to run; 409: not now. Raises NotFound."""
    person = person_of(request)
    found = access_meeting_by_id(person, meeting_id)
    open_meeting(meeting_id=found.pk, actor=person)
    messages.success(
        request, "The meeting is open, its agenda is frozen. Record who attends; each member decides on their own account."
    )
    return redirect("approvals:meeting", found.pk)


@require_POST
@needs(*Right)
def attend(request: HttpRequest, meeting_id: int) -> HttpResponse:
    """Record who attends. 422: somebody without a seat; 403, 409 as above. Raises NotFound."""
    person = person_of(request)
    found = access_meeting_by_id(person, meeting_id)
    people = [int(value) for value in request.POST.getlist("people") if value.isdecimal() and len(value) < 18]
    try:
        record_attendance(meeting_id=found.pk, people=people, actor=person)
    except InvalidInput as refusal:
        return _page(request, person, found, error=str(refusal), status=422)
    messages.success(request, "Kept who attends.")
    return redirect("approvals:meeting", found.pk)


@require_POST
@needs(*Right)
def end(request: HttpRequest, meeting_id: int) -> HttpResponse:
    """Close a meeting with its minutes. 403, 409 as above. Raises NotFound."""
    person = person_of(request)
    found = access_meeting_by_id(person, meeting_id)
    closed = close_meeting(meeting_id=found.pk, actor=person)
    short = "" if closed.is_quorate else " Too few attended for its quorum, and they say so."
    messages.success(request, f"The meeting is closed. Its minutes are kept.{short}")
    return redirect("approvals:meeting", found.pk)


@require_safe
@needs(*Right)
def minutes(request: HttpRequest, meeting_id: int) -> HttpResponse:
    """Hand the minutes out as the text that was hashed. Raises NotFound, also before the meeting is closed."""
    found = access_minutes_by_id(person_of(request), meeting_id)
    response = HttpResponse(found.minutes, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{found.committee.code}-minutes-{found.number}.json"'
    return response


def _calling(request: HttpRequest, committee: Committee, form: CallForm, *, status: int) -> HttpResponse:
    return render(
        request, "approvals/meeting_call.html", {"committee": committee, "name": _name(committee), "form": form}, status=status
    )


def _name(committee: Committee) -> str:
    stated = standing_of(committee)
    return stated.name if stated else committee.code


def _page(request: HttpRequest, person: User, found: Meeting, *, error: str = "", status: int = 200) -> HttpResponse:
    now = clock.now()
    runs = may_run(person, found.committee, version=found.version)
    there = set(found.attendances.values_list("person_id", flat=True))
    context: dict[str, Any] = {
        "meeting": found,
        "committee": found.committee,
        "name": found.version.name if found.version else _name(found.committee),
        "seats": [(seat, seat.person_id in there) for seat in seated(found)],
        "zone": found.committee.entity.time_zone,
        "may_run": runs,
        "may_open": runs and found.state == Meeting.State.PLANNED and now >= found.starts_at - GRACE,
        "error": error,
    }
    if found.state == Meeting.State.PLANNED:
        context["agenda"] = agenda_of(found.committee)
        context["opens_at"] = found.starts_at - GRACE if now < found.starts_at - GRACE else None
    elif found.state == Meeting.State.OPEN:
        context["items"] = _items(found, person)
    elif found.state == Meeting.State.CLOSED:
        context["said"] = _read(found.minutes, person)
        context["taken_back"] = _taken_back(context["said"])
    return render(request, "approvals/meeting.html", context, status=status)


def _items(found: Meeting, person: User) -> list[dict[str, Any]]:
    """Return the frozen agenda with the decisions so far, and whether this person still votes on each."""
    items = list(found.items.select_related("stage__committee_version", "request").order_by("position"))
    said, mine = decisions_on(items), set(queue_of(person).values_list("pk", flat=True))
    return [
        {
            "item": item,
            "content": item.content,
            "outcome": outcome_word(item.stage),
            "needed": item.stage.needed,
            "decisions": [(VERDICTS[each.verdict], each) for each in said.get(item.stage_id, [])],
            "votes": item.stage_id in mine,
        }
        for item in items
    ]


def _read(text: str, person: User) -> dict[str, Any]:
    """Return minutes with their moments as such, and which requests this person may open."""
    said: dict[str, Any] = json.loads(text)
    numbers = [item["request"] for item in said["items"]]
    seen = set(visible_requests(person).filter(number__in=numbers).values_list("number", flat=True))
    for part in (said["opened"], said["closed"]):
        part["at"] = parse_datetime(part["at"])
    said["planned_for"] = parse_datetime(said["planned_for"])
    for item in said["items"]:
        item["link"] = item["request"] in seen
        for decision in item["decisions"]:
            decision["decided_at"] = parse_datetime(decision["decided_at"])
    return said


def _taken_back(said: dict[str, Any]) -> list[Decision]:
    """Return what was taken back after the minutes were closed, within its window."""
    ids = [int(decision["id"]) for item in said["items"] for decision in item["decisions"]]
    rows = Decision.objects.filter(pk__in=ids, voided_at__isnull=False)
    return list(rows.select_related("person", "on_behalf_of", "request").order_by("voided_at"))
