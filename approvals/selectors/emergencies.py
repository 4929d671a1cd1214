"""Emergencies as they stand: the terms in force, who may declare one, what is owed, and who may pay it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from approvals.models import Debt, Emergency, EmergencyTerms, Request
from approvals.rules.emergencies import RoleLimit, room_of
from approvals.selectors.places import path_of
from approvals.selectors.requests import visible_requests
from core.access import entities_of, may, people_with
from core.errors import NotFound
from core.models import Entity, Role, RoleAssignment, User
from core.rules.rights import Right
from core.viewer import known_zone


def terms_of(entity: Entity) -> EmergencyTerms | None:
    """Return the terms in force in an organization; None where none were stated, and nothing is an emergency."""
    return EmergencyTerms.objects.filter(entity=entity).prefetch_related("limits__role").order_by("-number").first()


def terms_seen(user: User) -> QuerySet[EmergencyTerms]:
    """Return the terms, past ones too, of the organizations in which `user` holds a role: whoever may need them may read them."""
    found = EmergencyTerms.objects.filter(entity__in=entities_of(user)).select_related("entity", "stated_by")
    return found.prefetch_related("limits__role")


def access_terms_by_id(user: User, terms_id: int) -> EmergencyTerms:
    """Return terms, if `user` may see them. Raises NotFound either way it is not so."""
    found = terms_seen(user).filter(pk=terms_id).first()
    if found is None:
        raise NotFound("There are no such terms, or they are not yours to see.", remedy="Choose some from the list.")
    return found


def roles_for_terms(entity: Entity) -> QuerySet[Role]:
    """Return the roles that may have a limit: those that people of the organization hold and that ask, decide or keep books."""
    return Role.objects.filter(assignments__entity=entity, kind__in=("requester", "approver", "finance")).distinct()


def limits_for(person: User, terms: EmergencyTerms, path: str) -> list[RoleLimit]:
    """Return the limits that a person has by the roles that they hold over the cost centre with `path`."""
    rows = RoleAssignment.objects.filter(user=person, entity_id=terms.entity_id).select_related("cost_centre")
    held = {row.role_id for row in rows if path.startswith(row.cost_centre.path if row.cost_centre else "/")}
    return [
        RoleLimit(limit.role.name, limit.amount, limit.per == limit.Per.MONTH)
        for limit in terms.limits.all()
        if limit.role_id in held
    ]


def used_in_month(person: User, entity: Entity, *, now: datetime) -> Decimal:
    """Return what a person's emergencies of the organization's present month come to, those left out that were denied."""
    local = now.astimezone(known_zone(entity.time_zone))
    begin = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = Emergency.objects.filter(requester=person, request__entity=entity, declared_at__gte=begin, denied_at__isnull=True)
    return rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def room_for(person: User, entity: Entity, path: str, *, now: datetime) -> Decimal | None:
    """Return the most that a person may commit in an emergency now; None for who may not declare one."""
    terms = terms_of(entity)
    if terms is None:
        return None
    return room_of(limits_for(person, terms, path), used=used_in_month(person, entity, now=now))


def overdue_debts(person: User, *, now: datetime) -> QuerySet[Debt]:
    """Return the open debts past their time that a person owes, or that are owed for an emergency of theirs: these let the
    privilege sleep.
    """
    theirs = Q(owner=person) | Q(emergency__requester=person)
    return Debt.objects.filter(theirs, closed_at__isnull=True, due_at__lte=now).select_related("emergency__request", "owner")


def may_approve(person: User, entity: Entity, path: str, amount: Decimal) -> bool:
    """Say whether a person's word is enough for an amount in the entity's currency."""
    return person.is_active and may(person, Right.DECIDE, entity=entity, path=path, amount=amount)


def approvers_for(requester: User, entity: Entity, path: str, amount: Decimal) -> list[User]:
    """Return whose word is enough, besides the requester, by name."""
    able = people_with(Right.DECIDE, entity=entity, path=path, amount=amount)
    return sorted((person for person in able if person != requester), key=lambda person: (person.name, person.pk))


def emergencies_seen(user: User) -> QuerySet[Emergency]:
    """Return the emergencies that a person may see: those whose request they may see, or for which they owe something."""
    owes = Debt.objects.filter(emergency=OuterRef("pk"), owner=user)
    seen = Emergency.objects.filter(Q(request__in=visible_requests(user)) | Q(approver=user) | Exists(owes))
    related = ("request__entity__calendar", "requester", "approver", "terms")
    return seen.select_related(*related).prefetch_related("debts__owner", "debts__closed_by")


def access_emergency_by_number(user: User, number: str) -> Emergency:
    """Return the emergency of a request, if `user` may see it. Raises NotFound either way it is not so."""
    found = emergencies_seen(user).filter(request__number=number).first()
    if found is None:
        raise NotFound("There is no such emergency, or it is not yours to see.", remedy="Go back to the list of emergencies.")
    return found


def debts_seen(user: User) -> QuerySet[Debt]:
    """Return what is owed, or was, for the emergencies that a person may see, the longest due first."""
    seen = emergencies_seen(user).prefetch_related(None).select_related(None).order_by()
    related = ("owner", "closed_by", "emergency__request__entity", "emergency__requester")
    return Debt.objects.filter(emergency__in=seen).select_related(*related).order_by("due_at", "id")


def open_debts(user: User) -> QuerySet[Debt]:
    """Return what is still owed for the emergencies that a person may see, the longest due first."""
    return debts_seen(user).filter(closed_at__isnull=True)


def access_debt_by_id(user: User, debt_id: int) -> Debt:
    """Return a debt, if `user` may see its emergency. Raises NotFound either way it is not so."""
    found = debts_seen(user).filter(pk=debt_id).first()
    if found is None:
        raise NotFound("There is no such debt, or it is not yours to see.", remedy="Go back to the list of emergencies.")
    return found


def may_declare(found: Request, person: User, *, now: datetime) -> bool:
    """Say whether a draft of a person's could be an emergency: they have a limit for such at its lines."""
    if found.requester_id != person.pk or not found.is_editable:
        return False
    return found.lines.exists() and room_for(person, found.entity, path_of(found), now=now) is not None


def may_pay(debt: Debt, person: User, paths: Sequence[str]) -> bool:
    """Say whether a person may pay a debt: its owner, and once it is overdue whoever's word would have been enough.

    The review and the impact are stated by the requester; nobody approves their own emergency.
    """
    if debt.closed_at is not None:
        return False
    if debt.owner_id == person.pk:
        return True
    emergency = debt.emergency
    if debt.kind == Debt.Kind.REVIEW or (debt.kind == Debt.Kind.IMPACT and not debt.text):
        return False
    entity = emergency.request.entity
    other = person.pk != emergency.requester_id and debt.breached_at is not None
    return other and all(may_approve(person, entity, path, emergency.amount) for path in paths)
