"""Filters of the lists of groups, managers, committees and meetings."""

from approvals.models import Committee, Manager, Meeting, PeopleGroup
from core.api.fields import MomentField
from core.api.filters import Asked, Choice, Code, FilterSet, Number

ENTITY = "Of the organization with this code."


class GroupFilter(FilterSet):
    """Of an organization, by code."""

    entity = Asked(Code(), field_name="entity__code", about=ENTITY)
    code = Asked(Code(), field_name="code")

    class Meta:
        model = PeopleGroup
        fields: list[str] = []


class ManagerFilter(FilterSet):
    """Of an organization, by person."""

    entity = Asked(Code(), field_name="entity__code", about=ENTITY)
    person = Asked(Code(), field_name="person__email", lookup_expr="iexact", about="Above this person: an e-mail address.")
    manager = Asked(Code(), field_name="manager__email", lookup_expr="iexact", about="Below this one: an e-mail address.")

    class Meta:
        model = Manager
        fields: list[str] = []


class CommitteeFilter(FilterSet):
    """Of an organization, by code."""

    entity = Asked(Code(), field_name="entity__code", about=ENTITY)
    code = Asked(Code(), field_name="code")

    class Meta:
        model = Committee
        fields: list[str] = []


class MeetingFilter(FilterSet):
    """Of an organization or a committee, in a state, from or before a moment."""

    entity = Asked(Code(), field_name="committee__entity__code", about=ENTITY)
    committee = Asked(Number(), field_name="committee", about="The committee's number.")
    state = Asked(Choice(Meeting.State.choices), field_name="state")
    since = Asked(MomentField(), field_name="starts_at", lookup_expr="gte", about="That begin then or later.")
    before = Asked(MomentField(), field_name="starts_at", lookup_expr="lt", about="That begin before then.")

    class Meta:
        model = Meeting
        fields: list[str] = []
