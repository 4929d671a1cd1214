"""Who may do what, where. A right comes with a role's kind and reaches as far as the role's assignment."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase

from core.errors import NotAllowed
from core.models import Entity, RoleAssignment, User
from core.rules.rights import RIGHTS_BY_KIND, Right

WHOLE = "/"


@dataclass(frozen=True, slots=True)
class Grant:
    """One assignment, as the rules of access read it. `path` is `/` for a whole entity."""

    entity_id: int
    path: str
    role_code: str
    rights: frozenset[Right]


def grants_of(user: User | AnonymousUser) -> list[Grant]:
    """Return what `user` holds. Read once per user object, which a request makes anew."""
    if not user.is_authenticated or not user.is_active:
        return []
    kept: list[Grant] | None = user.__dict__.get("_grants")
    if kept is None:
        rows = RoleAssignment.objects.filter(user_id=user.pk).select_related("role", "cost_centre")
        kept = [
            Grant(row.entity_id, row.cost_centre.path if row.cost_centre else WHOLE, row.role.code, RIGHTS_BY_KIND[row.role.kind])
            for row in rows
        ]
        user.__dict__["_grants"] = kept
    return kept


def rights_of(user: User | AnonymousUser) -> frozenset[Right]:
    """Return every right that `user` has somewhere."""
    return frozenset(right for grant in grants_of(user) for right in grant.rights)


def may(user: User | AnonymousUser, right: Right, *, entity: Entity | None = None, path: str = "") -> bool:
    """Say whether `user` has `right`: anywhere, in an entity, or over the cost centre with `path`."""
    for grant in grants_of(user):
        if right not in grant.rights:
            continue
        if entity is not None and grant.entity_id != entity.pk:
            continue
        if path and not path.startswith(grant.path):
            continue
        return True
    return False


def entities_of(user: User | AnonymousUser, right: Right | None = None) -> QuerySet[Entity]:
    """Return the entities in which `user` holds a role, or one that carries `right`."""
    ids = {grant.entity_id for grant in grants_of(user) if right is None or right in grant.rights}
    return Entity.objects.filter(pk__in=ids)


def whole_entities_of(user: User | AnonymousUser, *rights: Right) -> QuerySet[Entity]:
    """Return the entities over all of which `user` has one of `rights`; over a part of one is not enough."""
    ids = {grant.entity_id for grant in grants_of(user) if grant.path == WHOLE and grant.rights.intersection(rights)}
    return Entity.objects.filter(pk__in=ids)


def paths_of(user: User | AnonymousUser, entity: Entity, *rights: Right) -> list[str]:
    """Return the cost centre paths under which `user` has one of `rights` in `entity`; `/` is all of it."""
    paths = {grant.path for grant in grants_of(user) if grant.entity_id == entity.pk and grant.rights.intersection(rights)}
    return sorted(path for path in paths if not any(path != other and path.startswith(other) for other in paths))


def audits_all(user: User | AnonymousUser) -> bool:
    """Say whether `user` may audit the whole of every entity."""
    whole = {grant.entity_id for grant in grants_of(user) if grant.path == WHOLE and Right.AUDIT in grant.rights}
    return not Entity.objects.exclude(pk__in=whole).exists()


def holders_of(role_code: str, *, entity: Entity, path: str) -> list[User]:
    """Return the active people who hold a role over the cost centre with `path`: the nearest scope first, then by seniority."""
    rows = RoleAssignment.objects.filter(role__code=role_code, entity=entity, user__is_active=True)
    scoped = [(row.cost_centre.path if row.cost_centre else WHOLE, row) for row in rows.select_related("user", "cost_centre")]
    matching = [(scope, row) for scope, row in scoped if path.startswith(scope)]
    matching.sort(key=lambda pair: (-len(pair[0]), pair[1].pk))
    return list({row.user_id: row.user for _, row in matching}.values())


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
