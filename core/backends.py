"""What a role's rights open in the admin."""

from typing import Any

from django.contrib.auth.backends import BaseBackend

from core.access import rights_of
from core.models import User
from core.rules.rights import Right

ROOMS = frozenset({"core", "budgets", "approvals", "reconciliation", "reporting"})


class RightsBackend(BaseBackend):
    """Lets an administrator set up master data in the admin, and an auditor look. Signs nobody in.

    The admin itself opens only to people marked for it (`is_staff`); what each page there may change is its own business,
    and the ledger, decisions and status events can be changed by nobody.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Say whether the person's rights carry a permission of the admin."""
        if not (isinstance(user_obj, User) and user_obj.is_active and user_obj.is_staff):
            return False
        label, _, action = perm.partition(".")
        if label not in ROOMS:
            return False
        rights = rights_of(user_obj)
        return Right.ADMINISTER in rights or (action.startswith("view_") and Right.AUDIT in rights)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Say whether the person finds anything of a room in the admin."""
        return self.has_perm(user_obj, f"{app_label}.view_")
