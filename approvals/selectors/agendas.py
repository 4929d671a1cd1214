"""What stands on an agenda, told alike whether it is live, frozen, or kept in minutes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime

from approvals.models import CommitteeSeat, Decision, Meeting, MeetingItem
from approvals.selectors.meetings import AgendaItem, agenda_of, content_of, decisions_on, outcome_word, seated
from core.models import User


@dataclass(frozen=True, slots=True)
class Vote:
    """A decision on an item, in words."""

    person: str
    on_behalf_of: str
    verdict: str
    reason: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """An item of an agenda. `amount` is in `currency`; `outcome` is empty where nobody has met on it yet."""

    position: int
    stage: int
    request: str
    title: str
    kind: str
    requester: str
    vendor: str
    amount: Decimal
    currency: str
    digest: str
    due_at: datetime | None
    effects: list[str]
    carried: int
    outcome: str
    decisions: list[Vote]


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat at a meeting, and whether its person is put down as attending."""

    person: User
    capacity: str
    attends: bool


def live(items: Sequence[AgendaItem]) -> list[Item]:
    """Return what waits for a committee as an agenda of it."""
    return [_item(at, each.stage.pk, content_of(each), "", []) for at, each in enumerate(items, start=1)]


def items_of(meeting: Meeting) -> list[Item]:
    """Return a meeting's agenda: live while it is planned; as it was frozen, with decisions; in the end as its minutes say."""
    if meeting.state == Meeting.State.PLANNED:
        return live(agenda_of(meeting.committee))
    rows = list(meeting.items.select_related("stage").order_by("position"))
    return _kept_items(meeting, rows) if meeting.state == Meeting.State.CLOSED else _open_items(rows)


def _open_items(rows: Sequence[MeetingItem]) -> list[Item]:
    said = decisions_on(rows)
    votes = {row.pk: [_vote(each) for each in said.get(row.stage_id, [])] for row in rows}
    return [_item(row.position, row.stage_id, row.content, outcome_word(row.stage), votes[row.pk]) for row in rows]


def _kept_items(meeting: Meeting, rows: Sequence[MeetingItem]) -> list[Item]:
    minutes = {int(item["position"]): item for item in json.loads(meeting.minutes)["items"]}
    told = [(row, minutes[row.position]) for row in rows]
    return [
        _item(row.position, row.stage_id, said, said["outcome"], [_kept(each) for each in said["decisions"]])
        for row, said in told
    ]


def seats_at(meeting: Meeting) -> list[Seat]:
    """Return the seats at a meeting, the chair's first, and who of them attends."""
    there = set(meeting.attendances.values_list("person_id", flat=True))
    seats: Sequence[CommitteeSeat] = seated(meeting)
    return [Seat(seat.person, seat.capacity, seat.person_id in there) for seat in seats]


def _item(position: int, stage: int, content: Mapping[str, Any], outcome: str, decisions: list[Vote]) -> Item:
    same = {name: content[name] for name in ("request", "title", "kind", "requester", "vendor", "currency", "digest", "effects")}
    return Item(
        position=position,
        stage=stage,
        amount=Decimal(content["amount"]),
        due_at=parse_datetime(content["due_at"]) if content["due_at"] else None,
        carried=int(content["carried"]),
        outcome=outcome,
        decisions=decisions,
        **same,
    )


def _vote(decision: Decision) -> Vote:
    on_behalf_of = decision.on_behalf_of.name if decision.on_behalf_of else ""
    verdict = decision.get_verdict_display()
    return Vote(decision.decider.name, on_behalf_of, verdict, decision.comment, decision.decided_at)


def _kept(said: Mapping[str, str]) -> Vote:
    decided_at = parse_datetime(said["decided_at"])
    assert decided_at is not None
    return Vote(said["person"], said["on_behalf_of"], said["verdict"], said["reason"], decided_at)
