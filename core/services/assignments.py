"""Who holds which role where: given and taken away by an administrator, never by the person themselves."""

from decimal import Decimal
from typing import Any

from django.db import transaction

from core.errors import InvalidInput, NotAllowed, NotFound, WrongState
from core.locks import lock_administrators
from core.models import Entity, Role, RoleAssignment, User
from core.selectors.people import administered_entities
from core.services import audit


@transaction.atomic
def assign_role(
    *, person: User, role: Role, entity: Entity, actor: User | None, cost_centre: Any = None, limit: Decimal | None = None
) -> RoleAssignment:
    """Let `person` hold a role over an entity, or over the subtree of one of its cost centres, up to an amount. Twice is once.

    `limit` is in the entity's currency; another one than before takes its place. Raises NotAllowed beyond the entities that
    `actor` administers and for oneself, and InvalidInput. Without an actor the house itself gives it.
    """
    _check(person, entity, cost_centre, limit, actor)
    scope = RoleAssignment.Scope.COST_CENTRE if cost_centre is not None else RoleAssignment.Scope.ENTITY
    assignment, is_new = RoleAssignment.objects.get_or_create(
        user=person, role=role, entity=entity, cost_centre=cost_centre, defaults={"scope": scope, "limit": limit}
    )
    if is_new:
        audit.record(actor=actor, verb="role.assigned", subject=assignment, entity=entity, after=said(assignment))
    elif assignment.limit != limit:
        before = said(assignment)
        assignment.limit = limit
        assignment.save(update_fields=["limit"])
        audit.record(
            actor=actor, verb="role.limit_changed", subject=assignment, entity=entity, before=before, after=said(assignment)
        )
    return assignment


@transaction.atomic
def take_role(*, assignment_id: int, actor: User) -> None:
    """Take a role away. What the person decided and asked for stays.

    Raises NotFound, NotAllowed as assign_role does, and WrongState for the last administrator of an entity.
    """
    rows = RoleAssignment.objects.select_related("user", "role", "entity", "cost_centre")
    assignment = rows.filter(pk=assignment_id).first()
    if assignment is None:
        raise NotFound("There is no such assignment.", remedy="It may have been taken away already; look at the list.")
    refuse_unless_theirs_to_give(person=assignment.user, entity=assignment.entity, actor=actor)
    if _administers(assignment):
        _refuse_last(assignment.entity, assignment.user)
    audit.record(actor=actor, verb="role.taken", subject=assignment, entity=assignment.entity, before=said(assignment))
    assignment.delete()


def refuse_unless_theirs_to_give(*, person: User, entity: Entity, actor: User) -> None:
    """Let only an administrator of the whole entity give and take its roles, and nobody their own. Raises NotAllowed."""
    if person.pk == actor.pk:
        raise NotAllowed("Nobody changes their own roles.", remedy="Ask another administrator.")
    if entity not in administered_entities(actor):
        raise NotAllowed(f"{actor.name} does not administer {entity.name}.", remedy="Ask one of its administrators.")


def refuse_last_administrator(person: User) -> None:
    """Raise WrongState where an entity would be left without an administrator if `person` left. Holds the locks it needs."""
    rows = RoleAssignment.objects.filter(user=person, role__kind=Role.Kind.ADMINISTRATOR, cost_centre=None)
    for assignment in rows.select_related("entity").order_by("entity_id"):
        _refuse_last(assignment.entity, person)


def said(assignment: RoleAssignment) -> dict[str, str]:
    """Return what an audit record says of an assignment."""
    return {
        "person": assignment.user.email,
        "role": assignment.role.code,
        "cost_centre": assignment.cost_centre.name if assignment.cost_centre else "",
        "limit": f"{assignment.limit:.2f} {assignment.entity.currency}" if assignment.limit is not None else "",
    }


def _administers(assignment: RoleAssignment) -> bool:
    return assignment.role.kind == Role.Kind.ADMINISTRATOR and assignment.cost_centre_id is None


def _refuse_last(entity: Entity, person: User) -> None:
    others = [row for row in lock_administrators(entity) if row.user_id != person.pk and row.user.is_active]
    if not others:
        raise WrongState(
            f"{person.name} is the last administrator of {entity.name}.", remedy="Make somebody else its administrator first."
        )


def _check(person: User, entity: Entity, cost_centre: Any, limit: Decimal | None, actor: User | None) -> None:
    if actor is not None:
        refuse_unless_theirs_to_give(person=person, entity=entity, actor=actor)
    if cost_centre is not None and cost_centre.entity_id != entity.pk:
        told = {"cost_centre": f"Choose one of {entity.name}."}
        raise InvalidInput("The cost centre belongs to another entity.", remedy=told["cost_centre"], details=told)
    if limit is not None and not (limit.is_finite() and limit > 0):
        told = {"limit": "State an amount above zero, or leave it blank."}
        raise InvalidInput("A limit is an amount above zero.", remedy=told["limit"], details=told)
