"""How one version of a budget differs from another, line by line."""

from dataclasses import dataclass, replace
from decimal import Decimal

from budgets.models import BudgetCategory, BudgetLine
from budgets.selectors.versions import basis_in_words

ZERO = Decimal("0.00")
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A line or an envelope before and after, in the budget's currency; None where it is not there.

    `how` says in words how what it is after came about, where that is more than an amount.
    """

    category: str
    name: str
    cost_centre: str
    before: Decimal | None
    after: Decimal | None
    how: str = ""

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
    hows = _hows(after_id)
    lines = [replace(change, how=hows.get(_key(change), "")) for change in _changes(old_lines, new_lines)]
    changes = [*_changes(_envelopes(before_id), _envelopes(after_id)), *lines]
    unchanged = sum(1 for key, amount in new_lines.items() if old_lines.get(key) == amount)
    return Difference(changes, unchanged, sum(old_lines.values(), ZERO), sum(new_lines.values(), ZERO), is_new)


def _key(change: Change) -> Key:
    return change.category, change.name, change.cost_centre


def _hows(version_id: int) -> dict[Key, str]:
    rows = BudgetLine.objects.filter(version_id=version_id, basis__by="rate")
    rows = rows.select_related("category", "cost_centre", "version__budget")
    said = ((row, basis_in_words(row.basis, row.version.budget.currency)) for row in rows)
    return {(row.category.name, row.name, row.cost_centre.code): words for row, words in said}


def _lines(version_id: int) -> dict[Key, Decimal]:
    rows = BudgetLine.objects.filter(version_id=version_id).order_by("category__path", "id")
    return {(row[0], row[1], row[2]): row[3] for row in rows.values_list("category__name", "name", "cost_centre__code", "amount")}


def _envelopes(version_id: int) -> dict[Key, Decimal]:
    rows = BudgetCategory.objects.filter(version_id=version_id).order_by("category__path")
    return {(name, "the category as a whole", ""): amount for name, amount in rows.values_list("category__name", "amount")}


def _changes(before: dict[Key, Decimal], after: dict[Key, Decimal]) -> list[Change]:
    keys = [*after, *(key for key in before if key not in after)]
    return [Change(*key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]
