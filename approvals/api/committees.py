"""Committees: how they stand, stated anew from a day on, and what waits for each."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from approvals.api import committee_serializers as shapes
from approvals.api.committee_filters import CommitteeFilter
from approvals.api.people import administered, people_named, person_named
from approvals.models import Committee, CommitteeVersion, Meeting
from approvals.selectors.agendas import Item, live
from approvals.selectors.committees import access_committee_by_id, committees_seen, standing_of, standings_of, to_come
from approvals.selectors.meetings import agenda_of
from approvals.services.committees import CommitteeData, state_committee
from approvals.services.meetings import call_meeting
from approvals.services.owners import refuse_unless_administered
from core.api.acts import read, write
from core.api.endpoint import NUMBER, Listed, Shown
from core.errors import NotFound
from core.models import Entity
from core.rules.rights import Right

ANYBODY = frozenset(Right)
SETTING_UP = frozenset({Right.ADMINISTER})
# What the service takes as lines of text, and what as people.
LINES, SEATS = ("authority", "meets"), ("members", "as_needed")


class Committees(Listed[Committee], Shown[Committee]):
    """Committees on which one sits or sat, and those of organizations that one administers or audits as a whole."""

    room = "approvals"
    model = Committee
    rights = ANYBODY
    shows = shapes.CommitteeSerializer
    lists = shapes.CommitteeRowSerializer
    filterset_class = CommitteeFilter
    orderings = ("code", "-code", "id")
    places = {"id": (NUMBER, "The committee's number.")}

    def rows(self) -> QuerySet[Committee]:
        return committees_seen(self.person)

    def one(self) -> Committee:
        return access_committee_by_id(self.person, self.number())

    def dress(self, rows: Sequence[Committee]) -> list[Any]:
        standings = standings_of(rows)
        told: list[dict[str, Any]] = [{"committee": each, "standing": standings.get(each.pk)} for each in rows]
        return told if self.act.paged else [each | {"to_come": to_come(each["committee"])} for each in told]

    @write(takes=shapes.StatingCommitteeSerializer, gives=shapes.CommitteeSerializer, status=201, rights=SETTING_UP)
    def create(self, data: dict[str, Any]) -> Committee:
        """State a committee from a day on; where there is one of that code, what it is from then on."""
        entity = administered(self.person, data["entity"])
        version = state_committee(entity=entity, data=_read(entity, data["code"], data), actor=self.person)
        return access_committee_by_id(self.person, version.committee_id)

    @write(takes=shapes.RestatingCommitteeSerializer, gives=shapes.CommitteeSerializer, rights=SETTING_UP)
    def update(self, committee: Committee, data: dict[str, Any]) -> Committee:
        """State all that a committee is from a day on. What held on the days before stays to be read."""
        refuse_unless_administered(committee.entity, self.person)
        state_committee(entity=committee.entity, data=_read(committee.entity, committee.code, data), actor=self.person)
        return committee

    @read(gives=shapes.CommitteeVersionSerializer, asks=shapes.DaySerializer)
    def standing(self, committee: Committee, asked: dict[str, Any]) -> CommitteeVersion:
        """Say how a committee stood, stands or will stand on a day."""
        found = standing_of(committee, on=asked.get("on"))
        if found is None:
            raise NotFound("Nothing is stated for that day.", remedy="Ask for a day on which it had begun.")
        return found

    @read(gives=shapes.AgendaSerializer)
    def agenda(self, committee: Committee) -> dict[str, list[Item]]:
        """List what waits for a committee now, the longest due first."""
        return {"items": live(agenda_of(committee))}

    @write(takes=shapes.CallingSerializer, gives=shapes.MeetingRowSerializer, status=201, rights=ANYBODY)
    def call(self, committee: Committee, data: dict[str, Any]) -> Meeting:
        """Call a meeting besides those of the cadence. Its chair does, and whoever administers the organization."""
        return call_meeting(committee=committee, starts_at=data["starts_at"], purpose=data["purpose"], actor=self.person)


def _read(entity: Entity, code: str, data: dict[str, Any]) -> CommitteeData:
    """Find the people who are named. Raises InvalidInput by field."""
    said = {name: value for name, value in data.items() if name not in {"entity", "code"}}
    said["chair"] = person_named(entity, data["chair"], field="chair")
    said |= {name: people_named(entity, data[name], field=name) for name in SEATS}
    said |= {name: "\n".join(data[name]) for name in LINES}
    return CommitteeData(code=code, **said)
