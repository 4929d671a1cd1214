"""Who is told of a committee's meetings: all who sit, once before it with the agenda, once after it with its outcome."""

import json

from django.urls import reverse

from approvals.events import MeetingClosed, MeetingNear
from approvals.models import Meeting
from approvals.selectors.meetings import agenda_of, seated
from core.events import on
from core.services.notices import notify
from core.viewer import known_zone


@on(MeetingNear)
def remind_of_meeting(event: MeetingNear) -> None:
    """Whoever sits gets the agenda as it is: one mail for all that waits."""
    meeting = _meeting(event.meeting_id)
    if meeting.state != Meeting.State.PLANNED:
        return
    items = agenda_of(meeting.committee)
    lines = [
        f"{number}. {item.request.number} {item.request.title}: {item.request.amount:,.2f} {item.request.currency}, "
        f"asked by {item.request.requester}" + (f"; left over {item.carried} times" if item.carried else "")
        for number, item in enumerate(items, start=1)
    ]
    body = "\n".join([", ".join(meeting.purposes), "", *(lines or ["Nothing waits for it now."])])
    words = f"{_name(meeting)} meets {_when(meeting)}: {len(items)} on the agenda"
    _tell(meeting, "near", words, body)


@on(MeetingClosed)
def tell_of_minutes(event: MeetingClosed) -> None:
    """Whoever sits hears that the minutes are there."""
    meeting = _meeting(event.meeting_id)
    said = json.loads(meeting.minutes)
    lines = [f"{item['request']} {item['title']}: {item['outcome']}" for item in said["items"]]
    short = [] if meeting.is_quorate else ["Too few attended for its quorum."]
    words = f"Minutes of {_name(meeting)}, meeting {meeting.number}"
    _tell(meeting, "closed", words, "\n".join([*short, *(lines or ["Nothing was on the agenda."])]))


def _tell(meeting: Meeting, what: str, words: str, body: str) -> None:
    for seat in seated(meeting):
        if seat.person.is_active:
            notify(
                person=seat.person,
                kind=f"approvals.meeting_{what}",
                subject=words,
                key=f"meeting:{meeting.pk}:{what}",
                entity=meeting.committee.entity,
                body=body,
                url=reverse("approvals:meeting", args=[meeting.pk]),
            )


def _name(meeting: Meeting) -> str:
    seats = seated(meeting)
    return seats[0].version.name if seats else meeting.committee.code


def _when(meeting: Meeting) -> str:
    """Write when it begins, in the organization's zone."""
    zone = known_zone(meeting.committee.entity.time_zone)
    local = meeting.starts_at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} ({zone.key})"


def _meeting(meeting_id: int) -> Meeting:
    return Meeting.objects.select_related("committee__entity", "version").get(pk=meeting_id)
