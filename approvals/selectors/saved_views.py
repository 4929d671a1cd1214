"""The views of lists that a person keeps under names: their own and nobody else's."""

from django.db.models import QuerySet

from approvals.models import SavedView
from core.errors import NotFound
from core.models import User


def views_of(user: User) -> QuerySet[SavedView]:
    """Return what a person keeps, by name."""
    return SavedView.objects.filter(person=user)


def access_view_by_id(user: User, view_id: int) -> SavedView:
    """Return a view that is the person's own. Raises NotFound."""
    found = views_of(user).filter(pk=view_id).first()
    if found is None:
        raise NotFound("There is no such saved view, or it is not yours.", remedy="Go back to the list.")
    return found
