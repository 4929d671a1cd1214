"""Which right each kind of role carries: the one table. The page of rights, the checks and the walls all read it."""

from collections.abc import Iterable
from decimal import Decimal
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

# What an assignment's limit bounds: what is decided on or committed. Asking and reading have no amount.
LIMITED = frozenset({Right.DECIDE, Right.BUDGET})

# Each right in a few words, and what hangs on it.
WORDS: dict[Right, tuple[str, str]] = {
    Right.REQUEST: ("Ask for money", "write and submit requests at the lines of the scope, and see one's own"),
    Right.DECIDE: (
        "Decide on requests",
        "answer what a policy puts before the role; read the requests of the scope",
    ),
    Right.RECONCILE: (
        "Reconcile",
        "import files, code invoices, match payments, close exceptions, issue packs",
    ),
    Right.BUDGET: ("Keep budgets", "load budgets, state controls and rates, open and close months, issue packs"),
    Right.REPORT: ("Read reports", "read budgets, their entries, reports and packs of the scope"),
    Right.AUDIT: (
        "Look at everything",
        "read requests, invoices, payments, imports, policies, records and this page",
    ),
    Right.ADMINISTER: (
        "Set up",
        "invite people, give and take roles, act as others to look, revoke tokens, publish policies, master data, the doctor",
    ),
}


def within(amount: Decimal | None, limit: Decimal | None) -> bool:
    """Say whether an amount is within a limit, both in the entity's currency; None is no amount, or no limit."""
    return amount is None or limit is None or amount <= limit


def widest(limits: Iterable[Decimal | None]) -> Decimal | None:
    """Return the limit of whoever holds several: the highest, or None where one of them has none."""
    known = list(limits)
    return None if None in known else max((limit for limit in known if limit is not None), default=None)
