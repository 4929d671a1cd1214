"""The doors of the API at groups, managers, committees and meetings: who is let in there is who opens their pages."""

from datetime import timedelta
from typing import Any

from core import clock
from tests.doors.tables.api_rooms import RIGHTS, states_whole
from tests.doors.tables.approvals import runs, sits
from tests.doors.words import ADMINISTER, AUDIT, Access, Answer, Door, Things, may, reads

OVERSEEING = reads(ADMINISTER, AUDIT, whole=True)
# Nothing is overwritten by who does not say what they have read.
UNREAD = may(ADMINISTER, whole=True, allowed=Answer.WRONG)
NOBODY = "nobody@example.org"


def _grouped(things: Things) -> dict[str, Any]:
    people = [things.get("taker_mail", NOBODY)]
    return {"entity": things["entity"], "code": "sellers", "name": "Sellers", "people": people}


def _managed(things: Things) -> dict[str, Any]:
    above = {"person": things.get("approver_mail", NOBODY), "manager": things.get("taker_mail", NOBODY)}
    return {"entity": things["entity"], **above}


def _stated(things: Things) -> dict[str, Any]:
    named = {"code": "audit", "name": "Audit committee", "valid_from": f"{clock.now() + timedelta(days=1):%Y-%m-%d}"}
    seats = {"chair": things.get("taker_mail", NOBODY), "members": [], "quorum": 1}
    return {"entity": things["entity"], **named, **seats}


def _called(things: Things) -> dict[str, Any]:
    return {"starts_at": (clock.now() + timedelta(days=3)).isoformat(), "purpose": "Urgent matters"}


SEEN = Access(sits)
COMMITTEE, MEETING = {"id": "committee"}, {"id": "meeting"}

DOORS: list[Door] = [
    Door(
        "api:groups-list",
        get=reads(ADMINISTER, AUDIT),
        post=Access(states_whole),
        body=_grouped,
        names=("entity",),
        changes=("approvals_peoplegroup",),
    ),
    Door("api:groups-detail", get=OVERSEEING, put=UNREAD, delete=UNREAD, at={"id": "group"}),
    Door(
        "api:managers-list",
        get=reads(ADMINISTER, AUDIT),
        post=Access(states_whole),
        body=_managed,
        names=("entity",),
        changes=("approvals_manager",),
    ),
    Door("api:managers-detail", get=OVERSEEING, delete=UNREAD, at={"id": "manager"}),
    Door(
        "api:committees-list",
        get=reads(*RIGHTS),
        post=Access(states_whole),
        body=_stated,
        names=("entity",),
        changes=("approvals_committeeversion",),
    ),
    Door("api:committees-detail", get=SEEN, put=UNREAD, at=COMMITTEE),
    Door("api:committees-standing", get=SEEN, at=COMMITTEE),
    Door("api:committees-agenda", get=SEEN, at=COMMITTEE),
    Door(
        "api:committees-call",
        post=runs(Answer.ALLOWED, administers=True),
        at=COMMITTEE,
        body=_called,
        changes=("approvals_meeting",),
    ),
    Door("api:meetings-list", get=reads(*RIGHTS)),
    Door("api:meetings-detail", get=SEEN, at=MEETING),
    Door("api:meetings-open", post=runs(Answer.ALLOWED), at=MEETING, changes=("approvals_meeting",)),
    # It is not open: nobody is put down as attending, nothing is closed.
    Door("api:meetings-attend", post=runs(Answer.WRONG), at=MEETING, body=lambda things: {"people": []}),
    Door("api:meetings-close", post=runs(Answer.WRONG), at=MEETING),
    Door("api:meetings-minutes", get=SEEN, at={"id": "closed_meeting"}),
]
