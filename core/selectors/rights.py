"""Rights as their page shows them: the table, who holds what where, what one person may do and why, and what changed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from core.access import whole_entities_of
from core.errors import NotAllowed, NotFound
from core.models import AuditRecord, Entity, Role, RoleAssignment, User
from core.rules.rights import LIMITED, RIGHTS_BY_KIND, WORDS, Right
from core.selectors.people import administered_entities, administers_all

SUBJECT = RoleAssignment._meta.label_lower
CHANGES = {
    "role.assigned": "given",
    "role.taken": "taken away",
    "role.limit_changed": "limit changed",
    # Written by earlier versions of the admin.
    "roleassignment.removed": "taken away",
}
READERS = (Right.ADMINISTER, Right.AUDIT)


@dataclass(frozen=True)
class RightRow:
    """A line of the table: a right in words, what hangs on it, and for each kind of role whether it carries the right."""

    right: Right
    name: str
    what: str
    carried: tuple[bool, ...]
    is_limited: bool


@dataclass(frozen=True)
class Held:
    """An assignment: who holds what, where, up to what amount in the entity's currency, and whether the viewer takes it."""

    assignment: RoleAssignment
    rights: tuple[str, ...]
    may_take: bool

    @property
    def where(self) -> str:
        """The scope in words."""
        held = self.assignment
        return f"{held.entity.name}, {held.cost_centre.name} and below" if held.cost_centre else held.entity.name

    @property
    def limit(self) -> Decimal | None:
        """Up to what amount; None where it has no limit or carries no right that one bounds."""
        return self.assignment.limit if LIMITED & RIGHTS_BY_KIND[self.assignment.role.kind] else None

    @property
    def is_limitable(self) -> bool:
        """Whether a limit would bound anything that it carries."""
        return bool(LIMITED & RIGHTS_BY_KIND[self.assignment.role.kind])


@dataclass
class MayDo:
    """A right of one person, and the assignments that give it."""

    right: Right
    name: str
    what: str
    is_limited: bool
    by: list[Held] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """What was given, taken or changed, by whom, when."""

    record: AuditRecord
    word: str
    person: str
    role: str
    where: str
    limits: str


def kinds() -> list[tuple[str, str]]:
    """Return the kinds of roles and what each is for, in the order of the table's columns."""
    return [(str(value), str(label)) for value, label in Role.Kind.choices]


def rights_table() -> list[RightRow]:
    """Return the one table of rights by kind of role, in words."""
    return [
        RightRow(right, *WORDS[right], tuple(right in RIGHTS_BY_KIND[kind] for kind, _ in kinds()), is_limited=right in LIMITED)
        for right in Right
    ]


def entities_shown(user: User) -> QuerySet[Entity]:
    """Return the entities whose rights a person may look at: those that they administer or audit as a whole."""
    if administers_all(user):
        return Entity.objects.order_by("name")
    return whole_entities_of(user, *READERS).order_by("name")


def access_rights_page(user: User) -> QuerySet[Entity]:
    """Return the entities whose rights a person may look at. Raises NotAllowed where there are none."""
    shown = entities_shown(user)
    if not administers_all(user) and not shown.exists():
        raise NotAllowed("Only administrators and auditors see who may do what.", remedy="Ask an administrator.")
    return shown


def assignments_shown(user: User) -> QuerySet[RoleAssignment]:
    """Return the assignments in the entities whose rights a person may look at, by entity, person and role."""
    rows = RoleAssignment.objects.filter(entity__in=entities_shown(user)).select_related("user", "role", "entity", "cost_centre")
    return rows.order_by("entity__name", "user__name", "role__name", "pk")


def held(rows: Iterable[RoleAssignment], *, viewer: User) -> list[Held]:
    """Return assignments as the page shows them."""
    theirs = {entity.pk for entity in administered_entities(viewer)}
    return [Held(row, _names(row), may_take=row.entity_id in theirs and row.user_id != viewer.pk) for row in rows]


def _names(row: RoleAssignment) -> tuple[str, ...]:
    return tuple(WORDS[right][0] for right in Right if right in RIGHTS_BY_KIND[row.role.kind])


def people_to_give(administrator: User) -> QuerySet[User]:
    """Return whom an administrator may give a role: who holds one in their entities, or held one that was taken away there."""
    people = User.objects.filter(is_active=True).exclude(pk=administrator.pk).exclude(email__endswith=".invalid").order_by("name")
    if administers_all(administrator):
        return people
    theirs = administered_entities(administrator)
    taken = AuditRecord.objects.filter(subject_type=SUBJECT, verb="role.taken", entity__in=theirs)
    gone = taken.annotate(person=KeyTextTransform("person", "before")).values("person")
    return people.filter(Q(assignments__entity__in=theirs) | Q(email__in=gone)).distinct()


def access_person_shown(viewer: User, person_id: int) -> User:
    """Return a person who holds a role in an entity whose rights the viewer may look at. Raises NotFound, NotAllowed."""
    access_rights_page(viewer)
    person = User.objects.filter(pk=person_id).first()
    if person is None or not (administers_all(viewer) or assignments_shown(viewer).filter(user=person).exists()):
        raise NotFound("There is no such person, or none whose roles you may see.", remedy="Choose one from the list.")
    return person


def may_do(person: User, *, viewer: User) -> list[MayDo]:
    """Return what a person may do in the entities that the viewer may look at: each right with the assignments that give it."""
    rows = held(assignments_shown(viewer).filter(user=person), viewer=viewer) if person.is_active else []
    found = []
    for right in Right:
        by = [row for row in rows if right in RIGHTS_BY_KIND[row.assignment.role.kind]]
        if by:
            found.append(MayDo(right, *WORDS[right], is_limited=right in LIMITED, by=by))
    return found


def changes_shown(viewer: User, *, person: User | None = None) -> QuerySet[AuditRecord]:
    """Return the records of what was given and taken in the entities that the viewer may look at, the newest first."""
    rows = AuditRecord.objects.filter(subject_type=SUBJECT, verb__in=CHANGES, entity__in=entities_shown(viewer))
    if person is not None:
        rows = rows.filter(after__person=person.email) | rows.filter(before__person=person.email)
    return rows.select_related("actor", "entity").order_by("-at", "-id")


def changes(records: Iterable[AuditRecord]) -> list[Change]:
    """Return records as the page shows them, people and roles by the names that they have now."""
    kept = list(records)
    told = [record.after or record.before or {} for record in kept]
    people = dict(User.objects.filter(email__in={each.get("person") for each in told}).values_list("email", "name"))
    roles = dict(Role.objects.filter(code__in={each.get("role") for each in told}).values_list("code", "name"))
    return [_change(record, each, people, roles) for record, each in zip(kept, told, strict=True)]


def _change(record: AuditRecord, told: dict[str, str], people: dict[str, str], roles: dict[str, str]) -> Change:
    person, role, centre = (str(told.get(name) or "") for name in ("person", "role", "cost_centre"))
    entity = record.entity.name if record.entity else ""
    where = f"{entity}, {centre} and below" if centre else entity
    if record.verb == "role.limit_changed":
        before, after = (_limit_words(state or {}) for state in (record.before, record.after))
        limits = f"{before or 'no limit'} before, {after or 'no limit'} now"
    else:
        limits = f"up to {words}" if (words := _limit_words(told)) else ""
    return Change(record, CHANGES[record.verb], people.get(person, person), roles.get(role, role), where, limits)


def _limit_words(told: dict[str, str]) -> str:
    amount, _, currency = str(told.get("limit") or "").partition(" ")
    return f"{Decimal(amount):,.2f} {currency}" if amount else ""
