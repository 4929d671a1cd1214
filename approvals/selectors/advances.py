"""An advance on a later month as it is typed: both months before and after, who is asked, and what was taken before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet
from django.urls import reverse

from approvals.models import Request, RequestLine
from approvals.selectors.policies import kinds_with_subject, policy_for
from approvals.selectors.requests import visible_requests
from approvals.selectors.terms import ADVANCE, advance_of
from budgets.models import Budget, FundsAccount, Period
from budgets.rules.months import first_of
from budgets.selectors.balances import Figures, account_figures
from budgets.selectors.notes import BudgetNote
from core import clock
from core.errors import Missing
from core.models import User

ZERO = Decimal("0.00")
NOTED = 20


@dataclass(frozen=True, slots=True)
class Taking:
    """What is to be taken: into which month of a budget line, from which later ones, in its currency."""

    account: FundsAccount
    into: date
    amounts: Mapping[date, Decimal]
    reason: str = ""

    @property
    def total(self) -> Decimal:
        """What is taken from all later months together."""
        return sum(self.amounts.values(), ZERO)

    @property
    def title(self) -> str:
        """The advance in a few words, as a request is called."""
        return f"Take {self.total:,.2f} in advance for {self.into:%B %Y}, {self.account.name}"[:200]


@dataclass(frozen=True, slots=True)
class MonthSide:
    """A month of the line before and after, in its currency. `freed` is what is let go of what it holds."""

    month: date
    before: Figures
    by: Decimal
    freed: Decimal = ZERO

    @property
    def allotted_after(self) -> Decimal:
        return self.before.allotted + self.by

    @property
    def available_after(self) -> Decimal:
        return self.before.available + self.by + self.freed


def advance_kind(account: FundsAccount) -> str:
    """Return the kind under which an advance on a line is decided; blank where its policy knows none."""
    try:
        version = policy_for(entity=account.entity, cost_centre_paths=[account.cost_centre.path])
    except Missing:
        return ""
    return next(iter(kinds_with_subject(version, ADVANCE)), "")


def needed_kind(account: FundsAccount) -> str:
    """Return the same. Raises Missing where no policy knows advances, so that nobody could be asked."""
    kind = advance_kind(account)
    if not kind:
        raise Missing(
            f"The approval policy of {account.name} knows no advances.",
            remedy="Move budget from another line, or ask an administrator for a kind with the subject advance.",
            code="no_kind",
        )
    return kind


def sides_of_taking(taking: Taking, *, is_held: bool = False) -> list[MonthSide]:
    """Return the months of an advance before and after, the one that is given to first. `is_held`: the later ones hold it."""
    account = taking.account
    moved = {taking.into: taking.total, **{month: -amount for month, amount in taking.amounts.items()}}
    return [
        MonthSide(
            month,
            account_figures([account.pk], month=month)[account.pk],
            by,
            taking.amounts.get(month, ZERO) if is_held else ZERO,
        )
        for month, by in moved.items()
    ]


def months_of_request(request: Request) -> list[MonthSide]:
    """Return the months of an advance that waits for a decision; none for any other request."""
    advance = advance_of(request) if request.state == Request.State.SUBMITTED else None
    lines = list(request.lines.select_related("account").order_by("number")) if advance else []
    if advance is None or not lines:
        return []
    taking = Taking(lines[0].account, advance.into, {line.month: line.funds for line in lines})
    return sides_of_taking(taking, is_held=True)


def later_months(account: FundsAccount, into: date) -> list[date]:
    """Return the open months after one in which something of the line is left, the earliest first."""
    rows = account.balances.filter(month__gt=into, allotted__gt=0).order_by("month")
    months = [row.month for row in rows if row.allotted - row.reserved - row.committed - row.spent > 0]
    is_open = Period.objects.filter(entity=account.entity, state=Period.State.OPEN, month__in=months)
    return sorted(is_open.values_list("month", flat=True))


def lines_advanced(budget: Budget, *, since: date) -> QuerySet[RequestLine]:
    """Return what was taken in advance from the budget's months from `since` on: approved, the earliest month first."""
    rows = RequestLine.objects.filter(
        account__budget=budget, month__gte=since, request__subject_kind=ADVANCE, request__state=Request.State.APPROVED
    )
    return rows.select_related("request__advance", "account").order_by("month", "id")


def notes_of_advances(budget: Budget, user: User) -> list[BudgetNote]:
    """Tell on a budget's page what is missing in this month and later ones, since an earlier one took it."""
    since = first_of(clock.now().date())
    found = list(lines_advanced(budget, since=since)[:NOTED])
    # Most budgets have none: what the person may see is asked for only then.
    seen = set(visible_requests(user).filter(lines__in=found).values_list("pk", flat=True)) if found else set()
    return [
        BudgetNote(
            f"{line.month:%B %Y} has {line.funds:,.2f} {budget.currency} less on {line.account.name}",
            f"{line.request.advance.into:%B %Y} took it in advance.",
            reverse("approvals:request", args=[line.request.number]),
            line.request.number,
            level="hold",
        )
        for line in found
        if line.request_id in seen
    ]
