"""The unified view for programs."""

from datetime import datetime
from typing import Any

from core import clock
from core.api.acts import read
from core.api.endpoint import Endpoint
from core.errors import InvalidInput
from core.models import Entity
from reporting.api.reports import READERS
from reporting.api.unified_serializers import (
    AskedUnifiedEntriesSerializer,
    AskedUnifiedSerializer,
    UnifiedEntriesSerializer,
    UnifiedSerializer,
)
from reporting.rules.unified import nodes_of
from reporting.selectors.unified import unified_view
from reporting.selectors.unified_entries import Figure, entries_of, origins_of
from reporting.selectors.unified_scope import Asked, access_scope
from reporting.views.reports import today_for


class UnifiedView(Endpoint[Entity]):
    """Budget, held and spent of an organization, a budget or a cost centre, by category and by source."""

    room = "reporting"
    model = Entity
    rights = READERS
    shows = UnifiedSerializer

    @read(gives=UnifiedSerializer, asks=AskedUnifiedSerializer, heavy=True)
    def list(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Show budget, held and spent by category and source, with how fresh each source is."""
        as_of = _past(asked.pop("as_of", None))
        scope = access_scope(self.person, Asked(**asked), today=today_for(self.person))
        view = unified_view(scope, as_of=as_of)
        return {"scope": scope, "view": view, "categories": nodes_of(view.nodes)}

    @read(gives=UnifiedEntriesSerializer, asks=AskedUnifiedEntriesSerializer, detail=False)
    def entries(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Show the entries that a figure of the view is made of, fifty at a time, with what all of them come to."""
        as_of = _past(asked.pop("as_of", None))
        page = asked.pop("page", 1)
        places = {name: asked.pop(name) for name in ("entity", "budget", "cost_centre", "first", "last") if name in asked}
        scope = access_scope(self.person, Asked(**places), today=today_for(self.person))
        found = entries_of(scope, Figure(**asked), origins_of(scope), as_of=as_of, page=page)
        return {"currency": scope.currency, "found": found, "sees_rows": scope.sees_books}


def _past(as_of: datetime | None) -> datetime | None:
    """Return a moment that is over. Raises InvalidInput."""
    if as_of is not None and as_of >= clock.now():
        raise InvalidInput("That moment is not over yet.", remedy="Name a past one.", details={"as_of": "Name a past moment."})
    return as_of
