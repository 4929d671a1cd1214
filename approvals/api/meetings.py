"""Meetings of committees: their agendas, who attends, and the minutes, which are the decisions."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from django.db.models import QuerySet

from approvals.api import committee_serializers as shapes
from approvals.api.committee_filters import MeetingFilter
from approvals.models import Meeting
from approvals.selectors.meetings import access_meeting_by_id, access_minutes_by_id, meetings_seen, seated
from approvals.services.meetings import close_meeting, open_meeting, record_attendance
from core.api.acts import download, write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.files import Sent
from core.errors import InvalidInput
from core.rules.rights import Right

ANYBODY = frozenset(Right)


class Meetings(Listed[Meeting], Shown[Meeting]):
    """Meetings of the committees that one may see, the latest first. Votes on what they are about are cast in the queue."""

    room = "approvals"
    model = Meeting
    rights = ANYBODY
    shows = shapes.MeetingSerializer
    lists = shapes.MeetingRowSerializer
    filterset_class = MeetingFilter
    orderings = ("-starts_at", "starts_at", "id")
    places = {"id": (NUMBER, "The meeting's number among all.")}

    def rows(self) -> QuerySet[Meeting]:
        return meetings_seen(self.person)

    def one(self) -> Meeting:
        return access_meeting_by_id(self.person, self.number())

    @write(gives=shapes.MeetingSerializer, rights=ANYBODY)
    def open(self, meeting: Meeting) -> Meeting:
        """Open a meeting: what waits for the committee now is its agenda. Its chair does, or a member while the chair is away."""
        return self._again(open_meeting(meeting_id=meeting.pk, actor=self.person))

    @write(takes=shapes.AttendingSerializer, gives=shapes.MeetingSerializer, rights=ANYBODY)
    def attend(self, meeting: Meeting, data: dict[str, Any]) -> Meeting:
        """Say who attends a meeting that is open. Attendance is no vote."""
        people = _seated(meeting, data["people"])
        return self._again(record_attendance(meeting_id=meeting.pk, people=people, actor=self.person))

    @write(gives=shapes.MeetingSerializer, rights=ANYBODY)
    def close(self, meeting: Meeting) -> Meeting:
        """Close a meeting: its minutes are the decisions, kept with their hash. What is left over is on the next agenda."""
        return self._again(close_meeting(meeting_id=meeting.pk, actor=self.person))

    @download(sends="application/json")
    def minutes(self, meeting: Meeting) -> Sent:
        """Hand the minutes out as the very text that was hashed: one line of JSON."""
        found = access_minutes_by_id(self.person, meeting.pk)
        text = found.minutes.encode()
        name = f"{found.committee.code}-minutes-{found.number}.json"
        return Sent(BytesIO(text), name, "application/json", len(text), found.minutes_sha256)

    def _again(self, meeting: Meeting) -> Meeting:
        return access_meeting_by_id(self.person, meeting.pk)


def _seated(meeting: Meeting, emails: Sequence[str]) -> list[int]:
    """Return the people of addresses who have a seat at a meeting. Raises InvalidInput."""
    seats = {seat.person.email.casefold(): seat.person_id for seat in seated(meeting)}
    strangers = [email for email in emails if email.casefold() not in seats]
    if strangers:
        sentence = f"{', '.join(strangers[:3])}: choose from those with a seat."
        raise InvalidInput(sentence, details={"people": sentence})
    return [seats[email.casefold()] for email in emails]
