"""What policies approved by themselves, for whoever looks back at it."""

from django.db.models import Exists, QuerySet

from approvals.models import Decision, LookBack, Request
from approvals.selectors.places import path_of
from approvals.selectors.requests import IN_ITS_LAST_ROUND
from core.access import holders_of, may
from core.models import User
from core.rules.rights import Right


def by_policy(found: QuerySet[Request]) -> QuerySet[Request]:
    """Keep the requests that, in their last round, a policy approved by itself."""
    return found.filter(Exists(Decision.objects.filter(IN_ITS_LAST_ROUND, rule__isnull=False)))


def not_looked_at(found: QuerySet[Request]) -> QuerySet[Request]:
    """Keep those at which nobody has looked back."""
    return found.filter(~Exists(LookBack.objects.filter(IN_ITS_LAST_ROUND)))


def may_look_back(user: User, request: Request) -> bool:
    """Say whether `user` may look back at a request that a policy approved: finance, or the policy's contact over its lines."""
    if may(user, Right.RECONCILE, entity=request.entity, path="/"):
        return True
    role = request.policy_version.contact_role_code if request.policy_version else ""
    return bool(role) and user in holders_of(role, entity=request.entity, path=path_of(request))
