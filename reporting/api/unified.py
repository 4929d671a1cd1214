"""The unified view for programs."""

from typing import Any

from core import clock
from core.api.acts import read
from core.api.endpoint import Endpoint
from core.errors import InvalidInput
from core.models import Entity
from reporting.api.reports import READERS
from reporting.api.unified_serializers import AskedUnifiedSerializer, UnifiedSerializer
from reporting.rules.unified import nodes_of
from reporting.selectors.unified import unified_view
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
        as_of = asked.pop("as_of", None)
        if as_of is not None and as_of >= clock.now():
            raise InvalidInput(
                "That moment is not over yet.", remedy="Name a past one.", details={"as_of": "Name a past moment."}
            )
        scope = access_scope(self.person, Asked(**asked), today=today_for(self.person))
        view = unified_view(scope, as_of=as_of)
        return {"scope": scope, "view": view, "categories": nodes_of(view.nodes)}
