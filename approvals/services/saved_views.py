"""Views of lists, kept under names and let go of by whose they are."""

from django.db import transaction

from approvals.locks import lock_views
from approvals.models import SavedView
from approvals.models.saved_views import LONGEST_NAME, LONGEST_QUERY
from approvals.rules.saved_views import read_query
from approvals.selectors.saved_views import access_view_by_id
from core import clock
from core.errors import InvalidInput
from core.models import User

MOST_VIEWS = 20


@transaction.atomic
def save_view(*, actor: User, page: str, name: str, query: str) -> SavedView:
    """Keep the filters of a list under a name; a name that is known says the new ones from now on.

    Raises InvalidInput (details by `name`, `query`).
    """
    lock_views(actor.pk)
    name, kept = " ".join(name.replace("\x00", "").split()), read_query(page, query)
    mine = SavedView.objects.filter(person=actor, page=page)
    _check(name, kept, mine.exclude(name=name).count())
    view, _ = SavedView.objects.update_or_create(
        person=actor, page=page, name=name, defaults={"query": kept, "saved_at": clock.now()}
    )
    return view


@transaction.atomic
def drop_view(*, view_id: int, actor: User) -> SavedView:
    """Let go of a view of one's own. Raises NotFound."""
    view = access_view_by_id(actor, view_id)
    kept = view.pk
    view.delete()
    view.pk = kept
    return view


def _check(name: str, query: str, others: int) -> None:
    wrong = {}
    if not name or len(name) > LONGEST_NAME:
        wrong["name"] = f"Give it a name of up to {LONGEST_NAME} characters."
    if not query:
        wrong["query"] = "Filter or sort the list first: as it is it needs no name."
    elif len(query) > LONGEST_QUERY:
        wrong["query"] = "These filters are too long to keep. Shorten the words."
    if others >= MOST_VIEWS:
        wrong["name"] = f"You keep {MOST_VIEWS} views of this list already. Remove one first."
    if wrong:
        raise InvalidInput("The view was not kept.", remedy=next(iter(wrong.values())), details=wrong)
