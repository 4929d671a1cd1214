"""Groups of people and managers: who owns a stage besides those who hold a role. Kept by an organization's administrators."""

import re
from collections.abc import Sequence

from django.db import transaction

from approvals.locks import lock_group, lock_group_of, lock_managers
from approvals.models import GroupPerson, Manager, PeopleGroup
from approvals.rules.owners import circle_of
from approvals.selectors.owners import managers_in, policies_naming
from core import clock
from core.access import may
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import Entity, RoleAssignment, User
from core.rules.rights import Right
from core.services import audit

MOST_PEOPLE = 200
CODE = re.compile(r"[a-z][a-z0-9_-]{0,59}")
CODE_SENTENCE = "Write small letters, digits, _ and -, beginning with a letter, at most 60."


@transaction.atomic
def save_group(*, entity: Entity, code: str, name: str, people: Sequence[User], actor: User | None) -> PeopleGroup:
    """Keep a group of people under a code, in the order in which they are asked; what was kept under it is replaced.

    Raises NotAllowed for who does not administer the whole organization, InvalidInput by field.
    """
    refuse_unless_administered(entity, actor)
    named = list(dict.fromkeys(people))
    _check_group(entity, code, name, named)
    group, is_new = lock_group_of(entity, code, name.strip())
    before = None if is_new else _said(group)
    group.name = name.strip()
    group.save(update_fields=["name"])
    group.places.all().delete()
    GroupPerson.objects.bulk_create(GroupPerson(group=group, person=each, position=at) for at, each in enumerate(named, start=1))
    after = _said(group)
    if before != after:
        audit.record(actor=actor, verb="people_group.saved", subject=group, entity=entity, before=before, after=after)
    return group


@transaction.atomic
def drop_group(*, group_id: int, actor: User) -> None:
    """Take a group away. Raises NotFound, NotAllowed, WrongState (a policy that routes now names it)."""
    group = lock_group(group_id)
    refuse_unless_administered(group.entity, actor)
    if used := policies_naming(group):
        said = f"{', '.join(used[:3])} asks this group."
        raise WrongState(said, remedy="Publish a version that does not, then take it away.", code="in_use")
    audit.record(actor=actor, verb="people_group.removed", subject=group, entity=group.entity, before=_said(group))
    group.delete()


@transaction.atomic
def state_manager(*, entity: Entity, person: User, manager: User | None, actor: User | None) -> Manager | None:
    """Say who stands above a person in an organization; nobody, where none is given.

    Raises NotAllowed as save_group does, InvalidInput (somebody who holds no role there), WrongState (it would close a circle).
    """
    refuse_unless_administered(entity, actor)
    lock_managers(entity.pk)
    for field, each in (("person", person), ("manager", manager)):
        if each is not None and not holds_role(entity, each):
            sentence = f"{each.name} holds no role at {entity.name}."
            raise InvalidInput(sentence, remedy="Give them a role first.", details={field: sentence})
    known = managers_in(entity)
    _refuse_circle(entity, person, manager, known)
    before = {"manager": known.get(person.pk)}
    row = None
    if manager is None:
        Manager.objects.filter(entity=entity, person=person).delete()
    else:
        row, _ = Manager.objects.update_or_create(
            entity=entity, person=person, defaults={"manager": manager, "stated_at": clock.now()}
        )
    after = {"manager": manager.pk if manager else None}
    if before != after:
        audit.record(actor=actor, verb="manager.stated", subject=person, entity=entity, before=before, after=after)
    return row


def refuse_unless_administered(entity: Entity, actor: User | None) -> None:
    """Let only who administers the whole organization go on; without an actor the house itself acts. Raises NotAllowed."""
    if actor is not None and not may(actor, Right.ADMINISTER, entity=entity, path="/"):
        raise NotAllowed(f"You do not administer {entity.name}.", remedy="Ask one of its administrators.")


def holds_role(entity: Entity, person: User) -> bool:
    """Say whether a person is active and holds any role in an organization."""
    return person.is_active and RoleAssignment.objects.filter(user=person, entity=entity).exists()


def _check_group(entity: Entity, code: str, name: str, people: Sequence[User]) -> None:
    wrong = {}
    if not CODE.fullmatch(code):
        wrong["code"] = CODE_SENTENCE
    if not name.strip() or len(name) > 200 or "\x00" in name:
        wrong["name"] = "Give it a name of up to 200 characters."
    if not 1 <= len(people) <= MOST_PEOPLE:
        wrong["people"] = f"Choose 1 to {MOST_PEOPLE} people."
    strangers = [each.name for each in people if not holds_role(entity, each)]
    if strangers:
        wrong["people"] = f"{', '.join(strangers[:3])}: choose people who hold a role at {entity.name}."
    if wrong:
        raise InvalidInput("The group cannot be so.", remedy=next(iter(wrong.values())), details=wrong)


def _refuse_circle(entity: Entity, person: User, manager: User | None, known: dict[int, int]) -> None:
    if manager is None:
        return
    if manager.pk == person.pk:
        sentence = "Nobody is their own manager."
        raise InvalidInput(sentence, details={"manager": sentence})
    circle = circle_of(person.pk, manager.pk, known)
    if circle:
        people = User.objects.in_bulk(circle)
        way = ", then ".join(people[pk].name for pk in circle[1:])
        raise WrongState(
            f"That closes a circle: above {person.name} would stand {way}, and above them {person.name} again.",
            remedy="Choose somebody who does not stand below them, or change the line below first.",
            code="circle",
        )


def _said(group: PeopleGroup) -> dict[str, object]:
    people = group.places.order_by("position").values_list("person__email", flat=True)
    return {"code": group.code, "name": group.name, "people": list(people)}
