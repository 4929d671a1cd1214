"""Default deny: an address opens to who holds one of the rights that its act needs, and to tokens made for its room."""

from typing import Any

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core.access import rights_of
from core.api.errors import OutOfScope
from core.errors import NotAllowed
from core.models import ApiToken, User
from core.rules.tokens import scopes_reach


class Closed(BasePermission):
    """Lets nobody in: what is no endpoint of ours says for itself who may."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Refuse."""
        return False


class ByRights(BasePermission):
    """Lets in who holds one of the act's rights; what they may see there is the selectors' task."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say yes. Raises NotAuthenticated, NotAllowed, OutOfScope."""
        if not isinstance(request.user, User):
            raise NotAuthenticated
        act = view.act
        wanted = view.rights if act.rights is None else act.rights
        if not wanted.intersection(rights_of(request.user)):
            raise NotAllowed("Your role does not open this.", remedy="Ask an administrator if you need it.")
        scope = f"{view.room}:{'write' if act.is_write else 'read'}"
        if isinstance(request.auth, ApiToken) and not scopes_reach(request.auth.scopes, scope):
            raise OutOfScope("This token was not made for this.", remedy=f"Make one with the scope {scope}.")
        return True
