"""Whom a stage's owner stands for: the people, in the order in which they are asked, and up to what amount each decides.

Whoever is not named by a role must hold one that decides over the cost centre: who left, or lost it, is passed over.
"""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from approvals.models import CommitteeVersion, GroupPerson, Manager, PeopleGroup, StageTemplate
from approvals.rules.owners import MOST_MANAGERS, OwnerKind, chain_above, owner_of, word_of
from approvals.selectors.committees import OVERSEEING, in_force, voters_of
from approvals.selectors.delegations import DECIDING_KINDS
from approvals.selectors.policies import versions_in_force
from core.access import WHOLE, limits_among, limits_of, whole_entities_of
from core.errors import NotFound
from core.models import Entity, RoleAssignment, User
from core.rules.rights import widest

Holders = dict[User, Decimal | None]


def holders_at(
    word: str,
    *,
    entity: Entity,
    path: str,
    requester_id: int,
    inactive: bool = False,
    committee: CommitteeVersion | None = None,
) -> Holders:
    """Return who may decide as the owner that a stage names, and up to what amount each, in the entity's currency.

    With `inactive`, people whose account is shut too. `committee` is the version that sits, where it is not the present one.
    """
    if owner_of(word).kind is OwnerKind.ROLE:
        return limits_of(word, entity=entity, path=path, inactive=inactive)
    named = _named(word, entity, requester_id, committee)
    return limits_by_rights(named, entity=entity, path=path, inactive=inactive)


def _named(word: str, entity: Entity, requester_id: int, committee: CommitteeVersion | None = None) -> list[User]:
    """Return the people for whom an owner stands that is no role."""
    owner = owner_of(word)
    if owner.kind is OwnerKind.PERSON:
        return list(User.objects.filter(email__iexact=owner.code))
    if owner.kind is OwnerKind.GROUP:
        return people_of_group(entity, owner.code)
    if owner.kind is OwnerKind.MANAGER:
        return managers_above(entity, requester_id)[owner.step - 1 : owner.step]
    version = committee or in_force(entity, owner.code)
    return voters_of(version) if version else []


class HoldersAnywhere:
    """Says what `holders_at` says to whoever asks about many places: all roles, and each owner's people, are read once.

    It answers for a requester who has no managers.
    """

    def __init__(self, entity: Entity) -> None:
        self._entity = entity
        rows = RoleAssignment.objects.filter(entity=entity, user__is_active=True)
        self._rows = list(rows.select_related("user", "cost_centre", "role").order_by("pk"))
        self._people: dict[str, list[User]] = {}
        self._found: dict[tuple[str, str], Holders] = {}

    def at(self, word: str, path: str) -> Holders:
        """Return who may decide there as the owner that a stage names, and up to what amount each."""
        if (word, path) not in self._found:
            self._found[word, path] = self._look(word, path)
        return self._found[word, path]

    def _look(self, word: str, path: str) -> Holders:
        if owner_of(word).kind is OwnerKind.ROLE:
            return limits_among((row for row in self._rows if row.role.code == word), path=path)
        if word not in self._people:
            self._people[word] = _named(word, self._entity, requester_id=0)
        deciding = (row for row in self._rows if row.role.kind in DECIDING_KINDS)
        return _limits_by_rights_among(deciding, self._people[word], path=path)


def people_of_group(entity: Entity, code: str) -> list[User]:
    """Return a group's people, in its order; nobody where there is no such group."""
    places = GroupPerson.objects.filter(group__entity=entity, group__code=code).select_related("person").order_by("position")
    return [place.person for place in places]


def managers_above(entity: Entity, person_id: int, *, most: int = MOST_MANAGERS) -> list[User]:
    """Return the managers above a person in an organization, the nearest first."""
    found = chain_above(person_id, managers_in(entity), most=most)
    people = User.objects.in_bulk(found)
    return [people[pk] for pk in found]


def managers_in(entity: Entity) -> dict[int, int]:
    """Return who stands above whom in an organization."""
    return dict(Manager.objects.filter(entity=entity).values_list("person_id", "manager_id"))


def limits_by_rights(people: Sequence[User], *, entity: Entity, path: str, inactive: bool = False) -> Holders:
    """Return those of `people` who hold a role that decides over the path, in their order, and up to what amount each."""
    rows = deciding_assignments(entity, [person.pk for person in people]).select_related("cost_centre")
    return _limits_by_rights_among(rows, people, path=path, inactive=inactive)


def _limits_by_rights_among(
    rows: Iterable[RoleAssignment], people: Sequence[User], *, path: str, inactive: bool = False
) -> Holders:
    found: dict[int, list[Decimal | None]] = {}
    for row in rows:
        if path.startswith(row.cost_centre.path if row.cost_centre else WHOLE):
            found.setdefault(row.user_id, []).append(row.limit)
    return {person: widest(found[person.pk]) for person in people if person.pk in found and (inactive or person.is_active)}


def deciding_assignments(entity: Entity, people: Collection[int]) -> QuerySet[RoleAssignment]:
    """Return the roles by which people decide in an organization."""
    return RoleAssignment.objects.filter(entity=entity, user__in=people, role__kind__in=DECIDING_KINDS)


def without_a_role(entity: Entity, people: Collection[int]) -> frozenset[int]:
    """Return which of `people` hold no role in an organization that decides."""
    held = set(deciding_assignments(entity, people).values_list("user_id", flat=True)) if people else set()
    return frozenset(set(people) - held)


def policies_naming(group: PeopleGroup) -> list[str]:
    """Return the policies that route now and have a stage owned by a group."""
    word = word_of(OwnerKind.GROUP, group.code)
    rows = StageTemplate.objects.filter(role_code=word, rule__version__policy__entity=group.entity)
    standing = rows.filter(rule__version__in=versions_in_force())
    return sorted(set(standing.values_list("rule__version__policy__name", flat=True)))


def groups_in_reach(user: User) -> QuerySet[PeopleGroup]:
    """Return the groups of the organizations that a person administers or audits as a whole."""
    rows = PeopleGroup.objects.filter(entity__in=whole_entities_of(user, *OVERSEEING)).select_related("entity")
    places = GroupPerson.objects.select_related("person").order_by("position")
    return rows.prefetch_related(Prefetch("places", queryset=places)).order_by("entity__name", "name")


def access_group_by_id(user: User, group_id: int) -> PeopleGroup:
    """Return a group, if `user` administers or audits its whole organization. Raises NotFound either way it is not so."""
    found = groups_in_reach(user).filter(pk=group_id).first()
    if found is None:
        raise NotFound("There is no such group, or it is not yours to see.", remedy="Choose one from the list.")
    return found


def managers_in_reach(user: User) -> QuerySet[Manager]:
    """Return who stands above whom in the organizations that a person administers or audits as a whole."""
    rows = Manager.objects.filter(entity__in=whole_entities_of(user, *OVERSEEING))
    return rows.select_related("entity", "person", "manager").order_by("entity__name", "person__name")


def access_manager_by_id(user: User, manager_id: int) -> Manager:
    """Return a statement of who stands above somebody, if `user` oversees its whole organization. Raises NotFound."""
    found = managers_in_reach(user).filter(pk=manager_id).first()
    if found is None:
        raise NotFound("Nobody is stated there as a manager, or it is not yours to see.", remedy="Choose one from the list.")
    return found


def people_in(entity: Entity) -> QuerySet[User]:
    """Return the active people who hold a role in an organization, by name."""
    held = RoleAssignment.objects.filter(user=OuterRef("pk"), entity=entity)
    return User.objects.filter(Exists(held), is_active=True).order_by("name", "pk")
