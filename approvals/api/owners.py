"""Groups of approvers and managers: whom a policy's stages name besides those who hold a role."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from approvals.api.committee_filters import GroupFilter, ManagerFilter
from approvals.api.people import NamedSerializer, PersonField, administered, people_named, person_named
from approvals.locks import lock_group, lock_managers
from approvals.models import Manager, PeopleGroup
from approvals.selectors.committees import OVERSEEING
from approvals.selectors.owners import access_group_by_id, access_manager_by_id, groups_in_reach, managers_in_reach
from approvals.services.owners import drop_group, save_group, state_manager
from core.api.acts import write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.fields import MomentField
from core.api.serializers import Given, Taken
from core.rules.rights import Right

SETTING_UP = frozenset({Right.ADMINISTER})
MOST_NAMED = 200


class PlaceSerializer(NamedSerializer):
    """A person in a group."""

    email = serializers.CharField(source="person.email")
    name = serializers.CharField(source="person.name")


class GroupSerializer(Given):
    """People under one name, in the order in which they are asked."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    code = serializers.CharField(help_text="What policies call it: group: buyers.")
    name = serializers.CharField()
    people = PlaceSerializer(many=True, source="places.all")


class RegroupingSerializer(Taken):
    """A group's name and all its people: they take the place of those before."""

    name = serializers.CharField(max_length=200)
    people = serializers.ListField(
        child=PersonField(), allow_empty=False, max_length=MOST_NAMED, help_text="In the order in which they are asked."
    )


class GroupingSerializer(RegroupingSerializer):
    """A group of an organization, under a code."""

    entity = serializers.CharField(max_length=40, help_text="The organization's code.")
    code = serializers.CharField(max_length=60, help_text="Small letters, digits, _ and -.")


class ManagerSerializer(Given):
    """Who stands above a person in an organization."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    person = serializers.CharField(source="person.email")
    manager = serializers.CharField(source="manager.email")
    stated_at = MomentField()


class ManagingSerializer(Taken):
    """Who stands above whom; whoever stood there before does no longer."""

    entity = serializers.CharField(max_length=40, help_text="The organization's code.")
    person = PersonField()
    manager = PersonField()


class Groups(Listed[PeopleGroup], Shown[PeopleGroup]):
    """Groups of the organizations that one administers or audits as a whole."""

    room = "approvals"
    model = PeopleGroup
    rights = frozenset(OVERSEEING)
    shows = GroupSerializer
    filterset_class = GroupFilter
    orderings = ("code", "-code", "id")
    places = {"id": (NUMBER, "The group's number.")}

    def rows(self) -> QuerySet[PeopleGroup]:
        return groups_in_reach(self.person)

    def one(self) -> PeopleGroup:
        found = access_group_by_id(self.person, self.number())
        if not self.act.is_write:
            return found
        # What If-Match is compared with stays so until it is changed, also where a page changes it.
        lock_group(found.pk)
        return access_group_by_id(self.person, found.pk)

    @write(takes=GroupingSerializer, gives=GroupSerializer, status=201, rights=SETTING_UP)
    def create(self, data: dict[str, Any]) -> PeopleGroup:
        """Keep a group under a code; where there is one of that code, all that it was is replaced."""
        entity = administered(self.person, data["entity"])
        people = people_named(entity, data["people"], field="people")
        kept = save_group(entity=entity, code=data["code"], name=data["name"], people=people, actor=self.person)
        return access_group_by_id(self.person, kept.pk)

    @write(takes=RegroupingSerializer, gives=GroupSerializer, rights=SETTING_UP)
    def update(self, group: PeopleGroup, data: dict[str, Any]) -> PeopleGroup:
        """State a group anew. What waits already stays with whom it was put before."""
        people = people_named(group.entity, data["people"], field="people")
        save_group(entity=group.entity, code=group.code, name=data["name"], people=people, actor=self.person)
        return access_group_by_id(self.person, group.pk)

    @write(rights=SETTING_UP)
    def destroy(self, group: PeopleGroup) -> None:
        """Take a group away that no policy asks which routes now."""
        drop_group(group_id=group.pk, actor=self.person)


class Managers(Listed[Manager], Shown[Manager]):
    """Who stands above whom, in the organizations that one administers or audits as a whole."""

    room = "approvals"
    model = Manager
    rights = frozenset(OVERSEEING)
    shows = ManagerSerializer
    filterset_class = ManagerFilter
    orderings = ("id", "-id")
    places = {"id": (NUMBER, "The statement's number.")}

    def rows(self) -> QuerySet[Manager]:
        return managers_in_reach(self.person)

    def one(self) -> Manager:
        found = access_manager_by_id(self.person, self.number())
        if not self.act.is_write:
            return found
        lock_managers(found.entity_id)
        return access_manager_by_id(self.person, found.pk)

    @write(takes=ManagingSerializer, gives=ManagerSerializer, status=201, rights=SETTING_UP)
    def create(self, data: dict[str, Any]) -> Manager:
        """Say who stands above a person. A circle is refused (409)."""
        entity = administered(self.person, data["entity"])
        person, manager = (person_named(entity, data[name], field=name) for name in ("person", "manager"))
        stated = state_manager(entity=entity, person=person, manager=manager, actor=self.person)
        assert stated is not None
        return access_manager_by_id(self.person, stated.pk)

    @write(rights=SETTING_UP)
    def destroy(self, row: Manager) -> None:
        """Say that nobody stands above the person any more."""
        state_manager(entity=row.entity, person=row.person, manager=None, actor=self.person)
