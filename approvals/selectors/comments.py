"""Comments on a request, and who can be named in one."""

from collections import defaultdict

from django.db.models import Exists, OuterRef, Q, QuerySet

from approvals.models import Comment, Request
from core.errors import NotFound
from core.models import RoleAssignment, User


def comments_of(request: Request) -> QuerySet[Comment]:
    """Return every comment on a request with its author and all its wordings, the oldest first."""
    return request.comments.select_related("author").prefetch_related("wordings").order_by("id")


def access_comment_by_id(request: Request, comment_id: int) -> Comment:
    """Return a comment on a request that was reached through its own door. Raises NotFound."""
    found = comments_of(request).filter(pk=comment_id).first()
    if found is None:
        raise NotFound("There is no such comment.", remedy="Open the request to see what was written.")
    return found


def nameable(request: Request) -> dict[str, set[int]]:
    """Return ids of people by their names and e-mail addresses, among whom a comment looks for whom it names.

    That somebody is among them says nothing about whether they see the request.
    """
    held = RoleAssignment.objects.filter(user=OuterRef("pk"), entity_id=request.entity_id)
    people = User.objects.filter(Exists(held) | Q(pk=request.requester_id), is_active=True)
    found: dict[str, set[int]] = defaultdict(set)
    for pk, name, email in people.values_list("pk", "name", "email"):
        found[name.casefold()].add(pk)
        found[email.casefold()].add(pk)
    return found
