"""Who asks."""

from django.http import HttpRequest

from core.errors import NotAllowed
from core.models import User


def person_of(request: HttpRequest) -> User:
    """Return the person who is signed in. Raises NotAllowed for a stranger."""
    if not isinstance(request.user, User):
        raise NotAllowed("This page is for people who are signed in.", remedy="Sign in first.")
    return request.user
