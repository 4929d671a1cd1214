"""Meetings of committees. Nobody decides in another's name there: votes are decisions, each by its person, and minutes are these.

Opening freezes the agenda, closing the minutes. What was left over waits on, and so stands on the next agenda.
"""

import hashlib
import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from approvals.events import MeetingClosed, MeetingNear
from approvals.locks import claim_meetings_to_remind_of, claim_passed_meetings, lock_committee_by_id, lock_meeting
from approvals.models import Attendance, Committee, Meeting, MeetingItem
from approvals.rules.receipts import canonical
from approvals.selectors.committees import seats_of, standing_of
from approvals.selectors.meeting_days import planned_after
from approvals.selectors.meetings import (
    NOTICE,
    agenda_of,
    content_of,
    may_call,
    may_run,
    minutes_of,
    quorum_attends,
)
from core import clock
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import User
from core.services import audit
from core.services.outbox import publish

logger = logging.getLogger(__name__)
BATCH = 100
# A meeting that nobody has opened by then was not held.
GRACE = timedelta(hours=24)
FARTHEST = timedelta(days=366)
LONGEST_PURPOSE = 200


@transaction.atomic
def call_meeting(*, committee: Committee, starts_at: datetime, purpose: str, actor: User) -> Meeting:
    """Call a meeting besides those of the cadence. Raises NotAllowed, InvalidInput by field, WrongState (one begins then)."""
    now = clock.now()
    if not may_call(actor, committee):
        raise NotAllowed("You do not run this committee.", remedy="Its chair calls its meetings.", code="not_yours")
    wrong = {}
    if not now < starts_at <= now + FARTHEST:
        wrong["starts_at"] = "Choose a moment that is to come, within a year."
    if not purpose.strip() or len(purpose) > LONGEST_PURPOSE or "\x00" in purpose:
        wrong["purpose"] = f"Say what it is for, in up to {LONGEST_PURPOSE} characters."
    if wrong:
        raise InvalidInput("The meeting cannot be so.", remedy=next(iter(wrong.values())), details=wrong)
    lock_committee_by_id(committee.pk)
    if Meeting.objects.filter(committee=committee, starts_at=starts_at).exists():
        raise WrongState("A meeting begins at that moment already.", remedy="Choose another time.", code="taken")
    meeting = _planned(committee, starts_at, [purpose.strip()], actor, now)
    after = {"starts_at": starts_at.isoformat(), "purpose": purpose.strip()}
    audit.record(actor=actor, verb="meeting.called", subject=meeting, entity=committee.entity, after=after)
    return meeting


@transaction.atomic
def open_meeting(*, meeting_id: int, actor: User) -> Meeting:
    """Open a meeting: what waits for the committee now is its agenda, and nothing that comes later.

    Raises NotAllowed (not the chair, nor a member while the chair is away), WrongState (no longer planned, another one is open,
    or it is not its day), NotFound.
    """
    now = clock.now()
    meeting = lock_meeting(meeting_id)
    _refuse_unless_run_by(meeting, actor)
    if meeting.state != Meeting.State.PLANNED:
        raise WrongState(f"This meeting is {meeting.get_state_display()}.", remedy="Choose the next one.")
    if now < meeting.starts_at - GRACE:
        raise WrongState("It is opened on its day: within 24 hours before it begins.", remedy="Call one for today.", code="early")
    if Meeting.objects.filter(committee=meeting.committee, state=Meeting.State.OPEN).exists():
        raise WrongState("Another meeting of this committee is open.", remedy="Close that one first.", code="another_open")
    items = agenda_of(meeting.committee)
    MeetingItem.objects.bulk_create(
        MeetingItem(
            meeting=meeting,
            position=position,
            stage=item.stage,
            request=item.request,
            content=content_of(item),
            carried=item.carried,
        )
        for position, item in enumerate(items, start=1)
    )
    meeting.version, meeting.opened_at, meeting.opened_by = standing_of(meeting.committee), now, actor
    meeting.open()
    meeting.save(update_fields=["version", "opened_at", "opened_by", "state"])
    after = {"number": meeting.number, "items": [item.request.number for item in items]}
    audit.record(actor=actor, verb="meeting.opened", subject=meeting, entity=meeting.committee.entity, after=after)
    return meeting


@transaction.atomic
def record_attendance(*, meeting_id: int, people: Collection[int], actor: User) -> Meeting:
    """Say who attends a meeting that is open: people with a seat. Raises as open_meeting does, and InvalidInput."""
    now = clock.now()
    meeting = lock_meeting(meeting_id)
    _refuse_unless_run_by(meeting, actor)
    _refuse_unless_open(meeting)
    assert meeting.version is not None
    seats = {seat.person_id for seat in seats_of(meeting.version)}
    if not set(people) <= seats:
        sentence = "Choose from those with a seat."
        raise InvalidInput(sentence, details={"people": sentence})
    Attendance.objects.filter(meeting=meeting).exclude(person__in=people).delete()
    known = set(meeting.attendances.values_list("person_id", flat=True))
    Attendance.objects.bulk_create(
        Attendance(meeting=meeting, person_id=pk, recorded_by=actor, recorded_at=now) for pk in sorted(set(people) - known)
    )
    after = {"present": sorted(set(people))}
    if known != set(people):
        audit.record(actor=actor, verb="meeting.attended", subject=meeting, entity=meeting.committee.entity, after=after)
    return meeting


@transaction.atomic
def close_meeting(*, meeting_id: int, actor: User) -> Meeting:
    """Close a meeting: its minutes are the decisions, kept with their hash. Where too few attend, they say so.

    Raises NotAllowed, WrongState (not open), NotFound.
    """
    now = clock.now()
    meeting = lock_meeting(meeting_id)
    _refuse_unless_run_by(meeting, actor)
    _refuse_unless_open(meeting)
    meeting.is_quorate = quorum_attends(meeting)
    meeting.minutes = canonical(minutes_of(meeting, closed_by=actor, at=now, is_quorate=meeting.is_quorate))
    meeting.minutes_sha256 = hashlib.sha256(meeting.minutes.encode()).hexdigest()
    meeting.closed_at, meeting.closed_by = now, actor
    meeting.close()
    said = ["is_quorate", "minutes", "minutes_sha256", "closed_at", "closed_by", "state"]
    meeting.save(update_fields=said)
    after = {"number": meeting.number, "sha256": meeting.minutes_sha256, "is_quorate": meeting.is_quorate}
    audit.record(actor=actor, verb="meeting.closed", subject=meeting, entity=meeting.committee.entity, after=after)
    publish(MeetingClosed(meeting_id=meeting.pk, at=now.isoformat()))
    return meeting


def tend_meetings() -> int:
    """Plan each committee's next meeting, let pass what nobody opened, and remind of what is near; return how many of these.

    Safe to run anywhere, any time.
    """
    return sum(_plan_one(pk) for pk in Committee.objects.values_list("pk", flat=True)) + _lapse() + _remind()


def _plan_one(committee_id: int) -> int:
    try:
        with transaction.atomic():
            return plan_next(committee=lock_committee_by_id(committee_id), now=clock.now())
    except Exception as error:  # one committee may fail in any way; it holds up no other, and the next round comes to it again
        logger.exception("Committee %s could not be planned.", committee_id, exc_info=error)
    return 0


def plan_next(*, committee: Committee, now: datetime) -> int:
    """Keep the next meeting by the cadence as a row; return how many were added. The caller holds the committee's lock."""
    version = standing_of(committee)
    to_come = planned_after(version, now) if version else []
    if not to_come or Meeting.objects.filter(committee=committee, starts_at=to_come[0].starts_at).exists():
        return 0
    _planned(committee, to_come[0].starts_at, list(to_come[0].purposes), None, now)
    return 1


@transaction.atomic
def _lapse() -> int:
    passed = claim_passed_meetings(before=clock.now() - GRACE, limit=BATCH)
    for meeting in passed:
        meeting.lapse()
        meeting.save(update_fields=["state"])
        audit.record(actor=None, verb="meeting.lapsed", subject=meeting, entity=meeting.committee.entity)
    return len(passed)


@transaction.atomic
def _remind() -> int:
    now = clock.now()
    near = claim_meetings_to_remind_of(now=now, limit=BATCH)
    for meeting in near:
        meeting.reminded_at = now
        meeting.save(update_fields=["reminded_at"])
        publish(MeetingNear(meeting_id=meeting.pk, at=meeting.reminds_at.isoformat()))
    return len(near)


def _planned(committee: Committee, starts_at: datetime, purposes: list[str], actor: User | None, now: datetime) -> Meeting:
    last = Meeting.objects.filter(committee=committee).order_by("-number").values_list("number", flat=True).first() or 0
    return Meeting.objects.create(
        committee=committee,
        number=last + 1,
        starts_at=starts_at,
        purposes=purposes,
        called_by=actor,
        reminds_at=max(now, starts_at - NOTICE),
        created_at=now,
    )


def _refuse_unless_run_by(meeting: Meeting, actor: User) -> None:
    if not may_run(actor, meeting.committee, version=meeting.version):
        remedy = "Its chair does, and any member while the chair is away."
        raise NotAllowed("You do not run this meeting.", remedy=remedy, code="not_yours")


def _refuse_unless_open(meeting: Meeting) -> None:
    if meeting.state != Meeting.State.OPEN:
        raise WrongState(f"This meeting is {meeting.get_state_display()}.", remedy="Open it first, or look at its minutes.")
