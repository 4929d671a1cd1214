"""The views of lists that a person keeps under names: their own and nobody else's."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet
from django.db.models.functions import JSONObject

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


def views_kept(page: str) -> ArraySubquery:
    """Return the views of a page as a column of the person who keeps them; `views_read` reads it."""
    kept = SavedView.objects.filter(person=OuterRef("pk"), page=page).order_by("name", "pk")
    return ArraySubquery(kept.values(told=JSONObject(key=F("pk"), name=F("name"), query=F("query"))))


def views_read(column: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    """Return views as (id, name, query)."""
    return [(each["key"], each["name"], each["query"]) for each in column]
