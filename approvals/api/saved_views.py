"""The views of lists that one keeps, as JSON."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from approvals.models import SavedView
from approvals.models.saved_views import LONGEST_NAME
from approvals.selectors.saved_views import access_view_by_id, views_of
from approvals.services.saved_views import drop_view, save_view
from core.api.acts import write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.fields import MomentField
from core.api.serializers import Given, Taken
from core.rules.rights import Right

READERS = frozenset({Right.REQUEST, Right.DECIDE, Right.AUDIT})


class SavedViewSerializer(Given):
    """The filters of a list under a name."""

    id = serializers.IntegerField()
    page = serializers.ChoiceField(SavedView.Page.choices)
    name = serializers.CharField()
    query = serializers.CharField(help_text="As the page's address says them, such as kind=travel&due=overdue.")
    saved_at = MomentField()


class SavingSerializer(Taken):
    """Filters to keep. A name that is known says these from now on."""

    page = serializers.ChoiceField(SavedView.Page.choices)
    name = serializers.CharField(max_length=LONGEST_NAME)
    query = serializers.CharField(max_length=4000, help_text="What is no filter of the list falls away.")


class SavedViews(Listed[SavedView], Shown[SavedView]):
    """One's own views of the queue and of the list of requests."""

    room = "approvals"
    model = SavedView
    rights = READERS
    shows = SavedViewSerializer
    orderings = ("name", "-id", "id")
    places = {"id": (NUMBER, "The view's number.")}

    def rows(self) -> QuerySet[SavedView]:
        return views_of(self.person)

    def one(self) -> SavedView:
        return access_view_by_id(self.person, self.number())

    @write(takes=SavingSerializer, gives=SavedViewSerializer, status=201, rights=READERS)
    def create(self, data: dict[str, Any]) -> SavedView:
        """Keep the filters of a list under a name."""
        return save_view(actor=self.person, **data)

    @write(gives=SavedViewSerializer, rights=READERS)
    def drop(self, row: SavedView) -> SavedView:
        """Let go of it. What it found stays where it is."""
        return drop_view(view_id=row.pk, actor=self.person)
