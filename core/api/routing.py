"""Addresses of endpoints, without a slash at their end."""

from rest_framework.routers import SimpleRouter

from core.api.endpoint import Endpoint


class Router(SimpleRouter):
    """Collects the endpoints of a room."""

    def __init__(self) -> None:
        super().__init__(trailing_slash=False)

    def add(self, prefix: str, endpoint: "type[Endpoint]", name: str = "") -> None:  # type: ignore[type-arg]
        """Add an endpoint below `/api/v1/`; its addresses are called api:name-list, api:name-detail, api:name-act."""
        self.register(prefix, endpoint, basename=name or prefix)
