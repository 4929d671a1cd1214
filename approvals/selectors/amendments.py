"""An amendment of a budget before it is asked for: how large it is, and as which kind the policy has it asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from approvals.models import Request
from approvals.rules.amendments import MAJOR, MINOR, CategoryChange, Sized, sized
from approvals.rules.document import AmendmentsPart, PolicyDocument
from approvals.selectors.moves import Way
from approvals.selectors.policies import kinds_with_subject, policy_for
from approvals.selectors.terms import AMENDMENT, amendment_of
from budgets.models import Budget, BudgetVersion, Period
from budgets.rules.amending import planned_since
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.comparing import Compared, Comparison, compare
from core import clock
from core.access import may
from core.errors import Missing, NotFound
from core.models import User
from core.rules.rights import Right

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Judged:
    """How large an amendment is, and how it is made."""

    sized: Sized
    way: Way


@dataclass(frozen=True, slots=True)
class AmendRow:
    """A line or a category of the version in force, with what it plans: a line from a month on, a category in all."""

    pk: int
    is_line: bool
    label: str
    note: str
    now: Decimal
    whole: Decimal

    @property
    def key(self) -> str:
        """Its name in the form."""
        return f"{'line' if self.is_line else 'envelope'}-{self.pk}"


def rows_of(version: BudgetVersion, since: date) -> list[AmendRow]:
    """Return what of a version can be amended from a month on: each category, then its lines. Three queries."""
    envelopes = list(version.categories.select_related("category").order_by("category__path"))
    lines = version.lines.select_related("category", "cost_centre").prefetch_related("months").order_by("category__path", "id")
    found: list[tuple[str, int, AmendRow]] = []
    for row in envelopes:
        said = AmendRow(row.pk, False, row.category.name, "the category as a whole", row.amount, row.amount)
        found.append((row.category.path, 0, said))
    for line in lines:
        planned = planned_since({row.month: row.amount for row in line.months.all()}, since)
        found.append((line.category.path, 1, AmendRow(line.pk, True, line.name, str(line.cost_centre), planned, line.amount)))
    return [row for _, _, row in sorted(found, key=lambda each: each[:2])]


def open_months_of(budget: Budget) -> list[date]:
    """Return the budget's months that are open, from the present one on; all that are open where none is."""
    rows = Period.objects.filter(entity=budget.entity, state=Period.State.OPEN, month__range=(budget.starts_on, budget.ends_on))
    months = list(rows.order_by("month").values_list("month", flat=True))
    today = clock.now().date().replace(day=1)
    return [month for month in months if month >= today] or months


def access_amendable(user: User, code: str) -> Budget:
    """Return the budget with this code if the person may ask for changes of the whole of it. Raises NotFound."""
    budget = access_budget_by_code(user, code)
    if not may(user, Right.REQUEST, entity=budget.entity, path=budget.cost_centre.path):
        raise NotFound("There is no such budget, or none that you may amend.", remedy="Ask whoever has a role over all of it.")
    return budget


def judged(budget: Budget, categories: Sequence[Compared]) -> Judged:
    """Return how large a change is by the shares of the policy that covers the budget, and the kind it is asked for as."""
    changes = [CategoryChange(each.name, each.before or ZERO, each.after or ZERO) for each in categories]
    try:
        version = policy_for(entity=budget.entity, cost_centre_paths=[budget.cost_centre.path])
    except Missing:
        return Judged(_without_shares(), Way(True, "", "No approval policy covers this budget."))
    kinds = kinds_with_subject(version, AMENDMENT)
    name = version.policy.name
    if not kinds:
        return Judged(_without_shares(), Way(True, "", f"{name} asks nobody about amendments."))
    part = PolicyDocument.model_validate(version.document).amendments
    if part is None:
        return Judged(_without_shares(), Way(False, kinds[0], f"{name} says who decides."))
    found = sized(changes, part)
    return Judged(found, Way(False, _kind_of(found, part), f"{name} says who decides."))


def comparison_of(request: Request) -> Comparison | None:
    """Return what an amendment that waits, or was decided, changes; None for any other request."""
    amendment = amendment_of(request)
    if amendment is None or amendment.version.based_on is None:
        return None
    return compare(amendment.version.based_on, amendment.version)


def is_rebaseline(size: str) -> bool:
    """Say whether a change of this size makes a new baseline."""
    return size == MAJOR


def versions_waiting(budget: Budget) -> list[BudgetVersion]:
    """Return the versions of a budget that were approved and wait for their day."""
    return list(budget.versions.filter(state=BudgetVersion.State.SCHEDULED).order_by("effective_on", "number"))


def _without_shares() -> Sized:
    return Sized(MINOR, None, "No policy says from which share on a change is major.")


def _kind_of(found: Sized, part: AmendmentsPart) -> str:
    return part.major.kind if found.size == MAJOR else part.minor.kind
