"""How one version of a budget differs from another, line by line."""

from dataclasses import dataclass
from decimal import Decimal

from budgets.models import BudgetCategory, BudgetLine

ZERO = Decimal("0.00")
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A line or an envelope before and after, in the budget's currency; None where it is not there."""

    category: str
    name: str
    cost_centre: str
    before: Decimal | None
    after: Decimal | None

    @property
    def by(self) -> Decimal:
        return (self.after or ZERO) - (self.before or ZERO)

    @property
    def word(self) -> str:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes, what does not, and what the lines came to before and come to after."""

    changes: list[Change]
    unchanged: int
    before: Decimal
    after: Decimal
    is_new: bool

    @property
    def by(self) -> Decimal:
        return self.after - self.before


def difference_between(before_id: int, after_id: int, *, is_new: bool = False) -> Difference:
    """Return how the version `after_id` differs from `before_id` (0 for none): its envelopes first, then its lines."""
    old_lines, new_lines = _lines(before_id), _lines(after_id)
    changes = [*_changes(_envelopes(before_id), _envelopes(after_id)), *_changes(old_lines, new_lines)]
    unchanged = sum(1 for key, amount in new_lines.items() if old_lines.get(key) == amount)
    return Difference(changes, unchanged, sum(old_lines.values(), ZERO), sum(new_lines.values(), ZERO), is_new)


def _lines(version_id: int) -> dict[Key, Decimal]:
    rows = BudgetLine.objects.filter(version_id=version_id).order_by("category__path", "id")
    return {(row[0], row[1], row[2]): row[3] for row in rows.values_list("category__name", "name", "cost_centre__code", "amount")}


def _envelopes(version_id: int) -> dict[Key, Decimal]:
    rows = BudgetCategory.objects.filter(version_id=version_id).order_by("category__path")
    return {(name, "the category as a whole", ""): amount for name, amount in rows.values_list("category__name", "amount")}


def _changes(before: dict[Key, Decimal], after: dict[Key, Decimal]) -> list[Change]:
    keys = [*after, *(key for key in before if key not in after)]
    return [Change(*key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]
