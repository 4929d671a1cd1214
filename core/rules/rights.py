"""Which right each kind of role carries: the one table."""

from enum import StrEnum


class Right(StrEnum):
    """What a person may do, within the scope of the assignment that gives it."""

    REQUEST = "request"
    DECIDE = "decide"
    RECONCILE = "reconcile"
    BUDGET = "budget"
    REPORT = "report"
    AUDIT = "audit"
    ADMINISTER = "administer"


RIGHTS_BY_KIND: dict[str, frozenset[Right]] = {
    "requester": frozenset({Right.REQUEST, Right.DECIDE, Right.REPORT}),
    "approver": frozenset({Right.REQUEST, Right.DECIDE, Right.REPORT}),
    "finance": frozenset({Right.REQUEST, Right.DECIDE, Right.RECONCILE, Right.BUDGET, Right.REPORT, Right.AUDIT}),
    "executive": frozenset({Right.DECIDE, Right.REPORT}),
    "auditor": frozenset({Right.REPORT, Right.AUDIT}),
    "administrator": frozenset({Right.ADMINISTER, Right.AUDIT, Right.REPORT}),
}
