"""The API's own description (OpenAPI), made from its endpoints."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


@cache
def described() -> dict[str, Any]:
    """Return the description. It is the same for everybody, and made once."""
    make: Any = SchemaGenerator
    found: dict[str, Any] = make(api_version="1").get_schema(request=None, public=True)
    return found


class Description(APIView):
    """Tells programs what there is to call."""

    schema = None
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        """Answer with the description as JSON."""
        return Response(described(), content_type="application/vnd.oai.openapi+json")


schema = Description.as_view()
