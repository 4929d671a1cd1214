"""Who may do what, where. A right comes with a role's kind and reaches as far as the role's assignment."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase

from core.errors import NotAllowed
from core.models import Entity, RoleAssignment, User
from core.rules.rights import LIMITED, RIGHTS_BY_KIND, Right, widest, within

WHOLE = "/"


@dataclass(frozen=True, slots=True)
class Grant:
    """One assignment, as the rules of access read it. `path` is `/` for a whole entity."""

    entity_id: int
    path: str
    role_code: str
    rights: frozenset[Right]
    # In the entity's currency; None for no limit.
    limit: Decimal | None = None

    def allows(self, right: Right, amount: Decimal | None = None) -> bool:
        """Say whether it carries `right`, up to an amount where that right is limited."""
        return right in self.rights and (right not in LIMITED or within(amount, self.limit))


def grants_of(user: User | AnonymousUser) -> list[Grant]:
    """Return what `user` holds. Read once per user object, which a request makes anew."""
    if not user.is_authenticated or not user.is_active:
        return []
    if "_grants" not in user.__dict__:
        _read_grants([user])
    kept: list[Grant] = user.__dict__["_grants"]
    return kept


def _read_grants(people: Iterable[User]) -> None:
    """Read with one query what people hold, and keep it with each whose grants were not read yet."""
    lacking = {person.pk: person for person in people if "_grants" not in person.__dict__}
    found: dict[int, list[Grant]] = {pk: [] for pk in lacking}
    rows = RoleAssignment.objects.filter(user_id__in=lacking).select_related("role", "cost_centre") if lacking else []
    for row in rows:
        path = row.cost_centre.path if row.cost_centre else WHOLE
        found[row.user_id].append(Grant(row.entity_id, path, row.role.code, RIGHTS_BY_KIND[row.role.kind], row.limit))
    for pk, person in lacking.items():
        person.__dict__["_grants"] = found[pk]


def rights_of(user: User | AnonymousUser) -> frozenset[Right]:
    """Return every right that `user` has somewhere."""
    return frozenset(right for grant in grants_of(user) for right in grant.rights)


def may(
    user: User | AnonymousUser, right: Right, *, entity: Entity | None = None, path: str = "", amount: Decimal | None = None
) -> bool:
    """Say whether `user` has `right`: anywhere, in an entity, or over the cost centre with `path`; and for an `amount`.

    The amount is in the entity's currency.
    """
    for grant in grants_of(user):
        if not grant.allows(right, amount):
            continue
        if entity is not None and grant.entity_id != entity.pk:
            continue
        if path and not path.startswith(grant.path):
            continue
        return True
    return False


def entities_of(user: User | AnonymousUser, *rights: Right) -> QuerySet[Entity]:
    """Return the entities in which `user` holds a role, or one that carries one of `rights` where any are named."""
    ids = {grant.entity_id for grant in grants_of(user) if not rights or grant.rights.intersection(rights)}
    return Entity.objects.filter(pk__in=ids)


def whole_entities_of(user: User | AnonymousUser, *rights: Right) -> QuerySet[Entity]:
    """Return the entities over all of which `user` has one of `rights`; over a part of one is not enough."""
    ids = {grant.entity_id for grant in grants_of(user) if grant.path == WHOLE and grant.rights.intersection(rights)}
    return Entity.objects.filter(pk__in=ids)


def paths_of(user: User | AnonymousUser, entity: Entity, *rights: Right) -> list[str]:
    """Return the cost centre paths under which `user` has one of `rights` in `entity`; `/` is all of it."""
    held = (grant for grant in grants_of(user) if grant.entity_id == entity.pk)
    return highest({grant.path for grant in held if grant.rights.intersection(rights)})


def highest(paths: set[str]) -> list[str]:
    """Return the paths that lie under no other of them, in order."""
    return sorted(path for path in paths if not any(path != other and path.startswith(other) for other in paths))


def audits_all(user: User | AnonymousUser) -> bool:
    """Say whether `user` may audit the whole of every entity."""
    whole = {grant.entity_id for grant in grants_of(user) if grant.path == WHOLE and Right.AUDIT in grant.rights}
    return not Entity.objects.exclude(pk__in=whole).exists()


def holders_of(role_code: str, *, entity: Entity, path: str, amount: Decimal | None = None) -> list[User]:
    """Return the active people who hold a role over the cost centre with `path`: the nearest scope first, then by seniority.

    With an `amount`, in the entity's currency, those whose limit it is within.
    """
    return [person for person, limit in limits_of(role_code, entity=entity, path=path).items() if within(amount, limit)]


def limits_of(role_code: str, *, entity: Entity, path: str, inactive: bool = False) -> dict[User, Decimal | None]:
    """Return who holds a role over the cost centre with `path`, in the order of `holders_of`, and up to what amount each.

    With `inactive`, people whose account is shut too.
    """
    rows = RoleAssignment.objects.filter(role__code=role_code, entity=entity)
    rows = rows if inactive else rows.filter(user__is_active=True)
    return limits_among(rows.select_related("user", "cost_centre"), path=path)


def limits_among(rows: Iterable[RoleAssignment], *, path: str) -> dict[User, Decimal | None]:
    """Return what `limits_of` says of one role's assignments, which were read with their people and cost centres."""
    scoped = [(row.cost_centre.path if row.cost_centre else WHOLE, row) for row in rows]
    matching = [(scope, row) for scope, row in scoped if path.startswith(scope)]
    matching.sort(key=lambda pair: (-len(pair[0]), pair[1].pk))
    found: dict[User, list[Decimal | None]] = {}
    for _, row in matching:
        found.setdefault(row.user, []).append(row.limit)
    return {person: widest(limits) for person, limits in found.items()}


def limit_of(user: User, right: Right, *, entity: Entity, path: str) -> Decimal | None:
    """Return the highest limit of the roles by which `user` has a right over the cost centre with `path`; None is no limit.

    In the entity's currency. Whoever has no such right there has no limit either: that is not this question's affair.
    """
    grants = (grant for grant in grants_of(user) if grant.entity_id == entity.pk and right in grant.rights)
    held = [grant.limit for grant in grants if path.startswith(grant.path)]
    return widest(held) if held else None


def hold_to_limit(user: User | None, right: Right, *, entity: Entity, path: str, amount: Decimal, what: str) -> None:
    """Refuse what goes beyond the limit of whoever has `right` over the path at all. Raises NotAllowed, naming who may.

    `amount` is in the entity's currency. Where somebody has no such right, or nobody acts, that is not this check's affair.
    """
    if (
        user is None
        or may(user, right, entity=entity, path=path, amount=amount)
        or not may(user, right, entity=entity, path=path)
    ):
        return
    held = (grant for grant in grants_of(user) if grant.entity_id == entity.pk and right in grant.rights)
    most = max(grant.limit for grant in held if grant.limit is not None and path.startswith(grant.path))
    able = [person.name for person in people_with(right, entity=entity, path=path, amount=amount)]
    raise NotAllowed(
        f"You may commit up to {most:,.2f} {entity.currency}, and {what} is more.",
        remedy=f"{' or '.join(able[:3])} may." if able else "Ask an administrator: nobody here may.",
        code="above_limit",
        details={"limit": f"{most:.2f}", "currency": entity.currency, "who_may": able},
    )


def people_with(right: Right, *, entity: Entity, path: str, amount: Decimal | None = None) -> list[User]:
    """Return the active people whose role opens `right` over the cost centre with `path`, by seniority.

    With an `amount`, in the entity's currency, those whose limit it is within.
    """
    kinds = [kind for kind, rights in RIGHTS_BY_KIND.items() if right in rights]
    rows = RoleAssignment.objects.filter(role__kind__in=kinds, entity=entity, user__is_active=True).order_by("pk")
    people = dict.fromkeys(row.user for row in rows.select_related("user"))
    _read_grants(people)
    return [person for person in people if may(person, right, entity=entity, path=path, amount=amount)]


def needs(*rights: Right) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Let a view be opened only by people who have one of `rights` somewhere; what they may see there is the selectors' task."""

    def wrap(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not rights_of(request.user).intersection(rights):
                raise NotAllowed("Your role does not open this page.", remedy="Ask an administrator if you need it.")
            return view(request, *args, **kwargs)

        return guarded

    return wrap
