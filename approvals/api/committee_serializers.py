"""How committees and their meetings are written, and how they are read from bodies."""

from datetime import time
from typing import Any

from rest_framework import serializers

from approvals.api.people import NamedSerializer, PersonField
from approvals.models import CommitteeSeat, CommitteeVersion, Meeting
from approvals.selectors.agendas import Item, Seat, items_of, seats_at
from approvals.selectors.committees import seats_of
from approvals.services.committees import LONGEST, MOST_RESPONSIBILITIES, MOST_SEATS
from approvals.services.meetings import LONGEST_PURPOSE
from core.api.fields import AmountField, ClockField, MomentField
from core.api.serializers import Given, Taken

OUTCOMES = "approved, rejected, sent back, no longer asked or left over; empty while the meeting is planned."
LINE = 400


class SeatSerializer(Given):
    """A person's seat on a committee."""

    email = serializers.CharField(source="person.email")
    name = serializers.CharField(source="person.name")
    capacity = serializers.ChoiceField(CommitteeSeat.Capacity.choices)


class SeatsField(serializers.ListSerializer[Any]):
    """The seats of a version, the chair's first."""

    def get_attribute(self, instance: CommitteeVersion) -> list[CommitteeSeat]:
        return seats_of(instance)


class CommitteeVersionSerializer(Given):
    """What a committee is from a day on. Never changed: the next version follows it."""

    number = serializers.IntegerField()
    valid_from = serializers.DateField(help_text="From which day on, in the organization's zone.")
    name = serializers.CharField()
    seats = SeatsField(child=SeatSerializer(), help_text="The chair first, then in their order.")
    quorum = serializers.IntegerField(help_text="How many must approve, and how many must attend a meeting.")
    counts_noes = serializers.BooleanField(help_text="Whether a no is one vote; otherwise one no ends it.")
    chair_votes = serializers.BooleanField(help_text="Whether nothing is approved before the chair has voted.")
    responsibilities = serializers.ListField(child=serializers.CharField())
    authority = serializers.ListField(
        child=serializers.CharField(), help_text="Who decides on which amounts, a line for each, in the organization's currency."
    )
    authority_measure = serializers.ChoiceField(CommitteeVersion.Measure.choices)
    meets = serializers.ListField(child=serializers.CharField(), help_text="Such as “monthly: budget review”.")
    week = serializers.IntegerField(help_text="Which of the month's such weekdays; 5 is the last.")
    weekday = serializers.IntegerField(help_text="Monday is 0.")
    begins_at = ClockField(help_text="In the organization's zone.")
    stated_by = serializers.CharField(source="stated_by.email", allow_null=True, help_text="null: when it was set up.")
    stated_at = MomentField()


class CommitteeSerializer(Given):
    """A committee as it stands, and what is stated for later."""

    id = serializers.IntegerField(source="committee.pk")
    entity = serializers.CharField(source="committee.entity.code")
    code = serializers.CharField(source="committee.code", help_text="What policies call it: committee: budget.")
    standing = CommitteeVersionSerializer(allow_null=True, help_text="null: its first version is still to come.")
    to_come = CommitteeVersionSerializer(many=True, help_text="What begins on a later day, the next first.")


class CommitteeRowSerializer(Given):
    """A committee in short."""

    id = serializers.IntegerField(source="committee.pk")
    entity = serializers.CharField(source="committee.entity.code")
    code = serializers.CharField(source="committee.code")
    standing = CommitteeVersionSerializer(allow_null=True, help_text="null: its first version is still to come.")


class RestatingCommitteeSerializer(Taken):
    """All that a committee is from a day on."""

    name = serializers.CharField(max_length=LONGEST)
    valid_from = serializers.DateField(help_text="Today or later, in the organization's zone.")
    chair = PersonField()
    members = serializers.ListField(child=PersonField(), max_length=MOST_SEATS, help_text="Who votes besides the chair.")
    as_needed = serializers.ListField(
        child=PersonField(), required=False, default=list, max_length=MOST_SEATS, help_text="Who gets the agenda and has no vote."
    )
    quorum = serializers.IntegerField(min_value=1, max_value=99)
    counts_noes = serializers.BooleanField(required=False, default=False)
    chair_votes = serializers.BooleanField(required=False, default=False)
    responsibilities = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST), required=False, default=list, max_length=MOST_RESPONSIBILITIES
    )
    authority = serializers.ListField(
        child=serializers.CharField(max_length=LINE),
        required=False,
        default=list,
        max_length=MOST_RESPONSIBILITIES,
        help_text="Such as “from 100 up to 500: engineering_manager, committee”. It routes nothing.",
    )
    authority_measure = serializers.ChoiceField(CommitteeVersion.Measure.choices, required=False, default="amount")
    meets = serializers.ListField(
        child=serializers.CharField(max_length=LINE),
        required=False,
        default=list,
        max_length=MOST_RESPONSIBILITIES,
        help_text="Such as “monthly: budget review”; none: when a meeting is called.",
    )
    week = serializers.IntegerField(required=False, default=2, min_value=1, max_value=5)
    weekday = serializers.IntegerField(required=False, default=1, min_value=0, max_value=6)
    begins_at = ClockField(required=False, default=time(10), help_text="Such as 10:00.")


class StatingCommitteeSerializer(RestatingCommitteeSerializer):
    """A committee of an organization, under a code."""

    entity = serializers.CharField(max_length=40, help_text="The organization's code.")
    code = serializers.CharField(max_length=60, help_text="Small letters, digits, _ and -.")


class DaySerializer(Taken):
    """A day."""

    on = serializers.DateField(required=False, help_text="In the organization's zone; left out: today.")


class CallingSerializer(Taken):
    """A meeting besides those of the cadence."""

    starts_at = MomentField(help_text="When it begins: to come, within a year.")
    purpose = serializers.CharField(max_length=LONGEST_PURPOSE)


class AttendingSerializer(Taken):
    """Everybody who attends: whoever was put down before and is not named does not."""

    people = serializers.ListField(child=PersonField(), max_length=MOST_SEATS, help_text="People with a seat.")


class MeetingRowSerializer(Given):
    """A committee's meeting."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="committee.entity.code")
    committee = serializers.IntegerField(source="committee_id", help_text="The committee's number.")
    committee_code = serializers.CharField(source="committee.code")
    number = serializers.IntegerField(help_text="Its number among those of its committee.")
    state = serializers.ChoiceField(Meeting.State.choices)
    starts_at = MomentField()
    purposes = serializers.ListField(child=serializers.CharField())
    called_by = serializers.CharField(source="called_by.email", allow_null=True, help_text="null: by the cadence.")
    opened_at = MomentField(allow_null=True)
    opened_by = serializers.CharField(source="opened_by.email", allow_null=True)
    closed_at = MomentField(allow_null=True)
    closed_by = serializers.CharField(source="closed_by.email", allow_null=True)
    is_quorate = serializers.BooleanField(allow_null=True, help_text="Whether as many attended as its quorum says.")
    minutes_sha256 = serializers.CharField(help_text="Of the file below minutes; empty before it is closed.")


class AttendingSeatSerializer(Given):
    """A seat at a meeting, and whether its person attends."""

    person = NamedSerializer()
    capacity = serializers.ChoiceField(CommitteeSeat.Capacity.choices)
    attends = serializers.BooleanField()


class VoteSerializer(Given):
    """A decision on an item of an agenda."""

    person = serializers.CharField()
    on_behalf_of = serializers.CharField(help_text="In whose place; empty: their own.")
    verdict = serializers.CharField()
    reason = serializers.CharField()
    decided_at = MomentField()


class AgendaItemSerializer(Given):
    """What waits for a committee, or waited as the meeting was opened."""

    position = serializers.IntegerField()
    stage = serializers.IntegerField(help_text="The number under which each member finds it in their queue.")
    request = serializers.CharField(help_text="The request's number.")
    title = serializers.CharField()
    kind = serializers.CharField()
    requester = serializers.CharField()
    vendor = serializers.CharField()
    amount = AmountField()
    currency = serializers.CharField()
    digest = serializers.CharField(help_text="Of what is decided on.")
    due_at = MomentField(allow_null=True)
    effects = serializers.ListField(child=serializers.CharField(), help_text="What approving leaves at each budget line.")
    carried = serializers.IntegerField(help_text="On how many agendas it stood before.")
    outcome = serializers.CharField(help_text=OUTCOMES)
    decisions = VoteSerializer(many=True)


class AgendaSerializer(Given):
    """What waits for a committee now, the longest due first."""

    items = AgendaItemSerializer(many=True)


class SeatsAtField(serializers.ListSerializer[Any]):
    """The seats at a meeting, and who of them attends."""

    def get_attribute(self, instance: Meeting) -> list[Seat]:
        return seats_at(instance)


class ItemsField(serializers.ListSerializer[Any]):
    """The agenda of a meeting."""

    def get_attribute(self, instance: Meeting) -> list[Item]:
        return items_of(instance)


class MeetingSerializer(MeetingRowSerializer):
    """A meeting with its seats and its agenda: live while it is planned, frozen as it is opened, its minutes once closed."""

    seats = SeatsAtField(child=AttendingSeatSerializer())
    items = ItemsField(child=AgendaItemSerializer())
