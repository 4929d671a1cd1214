"""Reading API tokens: one's own, and those of the people whom one administers."""

from django.db.models import QuerySet

from core.access import entities_of
from core.models import ApiToken, RoleAssignment, User
from core.rules.rights import Right


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return the person's own tokens, the newest first; those that are revoked too."""
    return ApiToken.objects.filter(owner=user).select_related("owner", "revoked_by")


def tokens_overseen(user: User) -> QuerySet[ApiToken]:
    """Return the tokens that work of others who hold a role in an entity that the person administers, by owner."""
    theirs = RoleAssignment.objects.filter(entity__in=entities_of(user, Right.ADMINISTER)).exclude(user=user).values("user_id")
    working = ApiToken.objects.filter(owner__in=theirs, revoked_at__isnull=True)
    return working.select_related("owner").order_by("owner__name", "-id")
