"""Which rows a person's roles reach: the one place where an assignment's scope becomes a condition on a queryset.

Selectors name the rights and where a row keeps its cost centre; they do not read assignments themselves. Row-level security,
laid by `config.runtime.row_policies`, holds entities apart a second time should a selector forget to ask.
"""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from core.access import WHOLE, grants_of, highest
from core.models import User
from core.rules.rights import Right


def in_reach(
    user: User | AnonymousUser,
    *rights: Right,
    under: str | Callable[[str], Q] = "cost_centre__path",
    entity: str = "entity",
) -> Q:
    """Return the condition for rows over which `user` has one of `rights`, or any role at all where none is named.

    `entity` is the row's way to its entity. `under` is its way to the path of its cost centre, or makes the condition for lying
    under a path where that takes more than one column. A role over the whole entity reaches every row of it, also one without
    a cost centre.
    """
    held: dict[int, set[str]] = {}
    for grant in grants_of(user):
        if not rights or grant.rights.intersection(rights):
            held.setdefault(grant.entity_id, set()).add(grant.path)
    # Not an empty Q, which would let all rows through.
    found = Q(pk__in=[])
    for entity_id, paths in sorted(held.items()):
        for path in highest(paths):
            theirs = Q(**{f"{entity}_id": entity_id})
            found |= theirs if path == WHOLE else theirs & _under(under, path)
    return found


def reached_whole(user: User | AnonymousUser, *rights: Right) -> frozenset[int]:
    """Return the ids of the entities that `user` reaches as a whole by one of `rights`: every row of theirs."""
    return frozenset(grant.entity_id for grant in grants_of(user) if grant.path == WHOLE and grant.rights.intersection(rights))


def _under(under: str | Callable[[str], Q], path: str) -> Q:
    return Q(**{f"{under}__startswith": path}) if isinstance(under, str) else under(path)
