"""Meetings of committees: when the next ones are, what waits for each, and who may run and see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet

from approvals.models import (
    Attendance,
    Committee,
    CommitteeSeat,
    CommitteeVersion,
    Decision,
    Meeting,
    MeetingItem,
    Request,
    RequestLine,
    Stage,
)
from approvals.rules.delegation import Matter
from approvals.rules.receipts import moment
from approvals.selectors.committees import chair_of, committees_seen, seats_of, standing_of
from approvals.selectors.delegations import deputies_of
from approvals.selectors.effects import effects_of_lines
from core import clock
from core.access import whole_entities_of
from core.errors import NotFound
from core.models import User
from core.rules.rights import Right

FORM = "purser-minutes-1"
OUTCOMES = {
    Stage.State.APPROVED: "approved",
    Stage.State.REJECTED: "rejected",
    Stage.State.RETURNED: "sent back",
    Stage.State.SKIPPED: "no longer asked",
}
LEFT_OVER = "left over"


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """What waits for a committee: the stage, what is asked, what it does to the budget, on how many agendas it stood before."""

    stage: Stage
    request: Request
    effects: list[str]
    carried: int


def waiting_for(committee: Committee) -> QuerySet[Stage]:
    """Return what waits for a committee now, in the order in which it is due."""
    rows = Stage.objects.filter(committee_version__committee=committee, state=Stage.State.ASSIGNED)
    related = ("request__entity__calendar", "request__requester", "request__vendor", "owner", "committee_version")
    return rows.select_related(*related).order_by("due_at", "id")


def agenda_of(committee: Committee) -> list[AgendaItem]:
    """Return the agenda as it is now: what waits, the longest due first."""
    stages = list(waiting_for(committee))
    lines: dict[int, list[RequestLine]] = {}
    for line in RequestLine.objects.filter(request__in=[stage.request_id for stage in stages]).order_by("number"):
        lines.setdefault(line.request_id, []).append(line)
    held = MeetingItem.objects.filter(stage__in=stages).exclude(meeting__state=Meeting.State.OPEN)
    counts = dict(held.values_list("stage").annotate(Count("id")))
    return [
        AgendaItem(stage, stage.request, _effects(lines.get(stage.request_id, [])), counts.get(stage.pk, 0)) for stage in stages
    ]


def _effects(lines: Sequence[RequestLine]) -> list[str]:
    """Say what approving leaves at each budget line."""
    return [
        f"{each.name}, {each.when or each.window}: {each.left:,.2f} left of {each.cap:,.2f}" for each in effects_of_lines(lines)
    ]


def content_of(item: AgendaItem) -> dict[str, Any]:
    """Return what an agenda keeps of an item as it is frozen. Amounts are text, moments UTC."""
    request, stage = item.request, item.stage
    return {
        "request": request.number,
        "title": request.title,
        "kind": request.kind,
        "requester": request.requester.name,
        "vendor": request.vendor.name if request.vendor else "",
        "amount": f"{request.amount:.2f}",
        "currency": request.currency,
        "digest": request.digest,
        "round": str(stage.round),
        "stage": stage.name,
        "due_at": moment(stage.due_at) if stage.due_at else "",
        "effects": item.effects,
        "carried": str(item.carried),
    }


def meetings_seen(user: User) -> QuerySet[Meeting]:
    """Return the meetings of the committees that a person may see, the latest first."""
    seen = committees_seen(user).order_by()
    related = ("committee__entity__calendar", "version", "opened_by", "closed_by", "called_by")
    return Meeting.objects.filter(committee__in=seen).select_related(*related).order_by("-starts_at", "-id")


def access_meeting_by_id(user: User, meeting_id: int) -> Meeting:
    """Return a meeting, if `user` may see its committee. Raises NotFound either way it is not so."""
    found = meetings_seen(user).filter(pk=meeting_id).first()
    if found is None:
        raise NotFound("There is no such meeting, or it is not yours to see.", remedy="Start from the committee's page.")
    return found


def access_minutes_by_id(user: User, meeting_id: int) -> Meeting:
    """Return a meeting that is closed, if `user` may see its committee. Raises NotFound."""
    found = access_meeting_by_id(user, meeting_id)
    if found.state != Meeting.State.CLOSED:
        raise NotFound("This meeting has no minutes yet.", remedy="They are kept as it is closed.")
    return found


def seated(meeting: Meeting) -> list[CommitteeSeat]:
    """Return who has a seat at a meeting: as it was opened, or as the committee stands."""
    version = meeting.version or standing_of(meeting.committee)
    return seats_of(version) if version else []


def may_run(person: User, committee: Committee, *, version: CommitteeVersion | None = None) -> bool:
    """Say whether a person opens and closes a committee's meetings: its chair, and while the chair is away any who votes."""
    sits = version or standing_of(committee)
    if sits is None or not person.is_active:
        return False
    chair = chair_of(sits)
    if person.pk == chair.pk:
        return True
    votes = any(seat.person_id == person.pk and seat.votes for seat in seats_of(sits))
    return votes and _is_away(chair, committee)


def may_call(person: User, committee: Committee) -> bool:
    """Say whether a person calls a meeting: who runs it, and whoever administers the whole organization."""
    administers = whole_entities_of(person, Right.ADMINISTER).filter(pk=committee.entity_id).exists()
    return administers or may_run(person, committee)


def _is_away(person: User, committee: Committee) -> bool:
    deputies = deputies_of(committee.entity, now=clock.now(), people=[person.pk])
    return deputies.is_away(person.pk, Matter("", "/"))


def outcome_word(stage: Stage) -> str:
    """Say how an item stands: what the committee came to, or that it is left over."""
    return OUTCOMES.get(Stage.State(stage.state), LEFT_OVER)


def decisions_on(items: Sequence[MeetingItem]) -> dict[int, list[Decision]]:
    """Return the decisions that stand on the stages of an agenda, by the stages' ids, in their order."""
    rows = Decision.objects.filter(stage__in=[item.stage_id for item in items], voided_at__isnull=True)
    found: dict[int, list[Decision]] = {}
    for decision in rows.select_related("person", "on_behalf_of").order_by("decided_at", "id"):
        if decision.stage_id is not None:
            found.setdefault(decision.stage_id, []).append(decision)
    return found


def minutes_of(meeting: Meeting, *, closed_by: User, at: datetime, is_quorate: bool) -> dict[str, Any]:
    """Return the minutes of a meeting that is being closed: who attended, each item, its decisions, what it came to."""
    assert meeting.version is not None
    assert meeting.opened_at is not None
    assert meeting.opened_by is not None
    items = list(meeting.items.select_related("stage", "request").order_by("position"))
    said = decisions_on(items)
    present = list(Attendance.objects.filter(meeting=meeting).select_related("person").order_by("id"))
    there = {each.person_id for each in present}
    seats = seats_of(meeting.version)
    return {
        "form": FORM,
        "entity": meeting.committee.entity.code,
        "committee": {
            "code": meeting.committee.code,
            "name": meeting.version.name,
            "version": str(meeting.version.number),
            "quorum": str(meeting.version.quorum),
        },
        "meeting": str(meeting.number),
        "planned_for": moment(meeting.starts_at),
        "purposes": list(meeting.purposes),
        "opened": {"by": meeting.opened_by.name, "at": moment(meeting.opened_at)},
        "closed": {"by": closed_by.name, "at": moment(at)},
        "present": [_seat(seat) for seat in seats if seat.person_id in there],
        "absent": [_seat(seat) for seat in seats if seat.person_id not in there],
        "quorum_attended": "yes" if is_quorate else "no",
        "items": [_item(item, said.get(item.stage_id, [])) for item in items],
        "left_over": [item.request.number for item in items if outcome_word(item.stage) == LEFT_OVER],
    }


def _seat(seat: CommitteeSeat) -> dict[str, str]:
    return {"id": str(seat.person_id), "name": seat.person.name, "capacity": seat.get_capacity_display()}


def _item(item: MeetingItem, decisions: Sequence[Decision]) -> dict[str, Any]:
    content: dict[str, Any] = item.content
    return content | {
        "position": str(item.position),
        "outcome": outcome_word(item.stage),
        "decisions": [_decision(decision) for decision in decisions],
    }


def _decision(decision: Decision) -> dict[str, str]:
    return {
        "id": str(decision.pk),
        "person": decision.decider.name,
        "on_behalf_of": decision.on_behalf_of.name if decision.on_behalf_of else "",
        "verdict": decision.get_verdict_display(),
        "reason": decision.comment,
        "decided_at": moment(decision.decided_at),
        "digest": decision.digest,
        "may_be_taken_back_until": moment(decision.undo_until) if decision.undo_until else "",
    }


def quorum_attends(meeting: Meeting) -> bool:
    """Say whether as many of those who vote attend as the quorum says."""
    assert meeting.version is not None
    voters = {seat.person_id for seat in seats_of(meeting.version) if seat.votes}
    there = set(meeting.attendances.values_list("person_id", flat=True))
    return len(voters & there) >= meeting.version.quorum


# How long before it a meeting's people are told of it, with the agenda.
NOTICE = timedelta(hours=48)
