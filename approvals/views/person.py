"""Who is asking."""

from django.http import HttpRequest

from core.errors import NotAllowed
from core.models import User


def person_of(request: HttpRequest) -> User:
    """Return the person who is signed in. The sign-in middleware lets nobody else through."""
    if not isinstance(request.user, User):
        raise NotAllowed("You are not signed in.", remedy="Sign in and open the page again.")
    return request.user
