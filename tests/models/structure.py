"""What the model of the ledger knows of its structure: accounts, the trees they hang in, controls and their windows.

Months are whole numbers, year x 12 + month - 1; money is whole cents; a tolerance is so many ten-thousandths.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache

WHOLE = 10_000
FIRST_EVER, LAST_EVER = 12, 9999 * 12 + 11
Span = tuple[int, int]


def number_of(month: date) -> int:
    return month.year * 12 + month.month - 1


def month_of(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


@dataclass(frozen=True)
class Account:
    """An account: its place in the trees, and the currency it is kept in."""

    id: int
    budget: int
    centre: int
    category: int
    currency: str


@dataclass
class Control:
    """A control. A node that is None names everything there."""

    id: int
    depth: int
    account: int | None
    budget: int | None
    centre: int | None
    category: int | None
    mode: str
    window: str
    tolerance: int
    own_limit: int | None
    currency: str
    origin: str

    @property
    def node(self) -> tuple[int | None, ...]:
        """Return what names the node: an account alone, or the three trees."""
        return (self.account,) if self.account is not None else (None, self.budget, self.centre, self.category)

    def limit(self, span: Span, allotted: int) -> int:
        """Return the limit of a window without tolerance: its own, or what is allotted under it."""
        if self.own_limit is None:
            return allotted
        if self.window != "ytd":
            return self.own_limit
        return (self.own_limit * (span[1] - span[0] + 1) * 2 + 12) // 24


@dataclass
class Structure:
    """Two trees, each a node's parent by the node, and what hangs in them. `modes` are a budget's: lines, groups, tolerance."""

    centres: dict[int, int | None]
    categories: dict[int, int | None]
    accounts: dict[int, Account]
    modes: dict[int, tuple[str, str, int]]
    controls: list[Control] = field(default_factory=list)

    def covered(self, control: Control) -> list[Account]:
        """Return the accounts under a control, found anew by climbing the trees."""
        return [account for account in self.accounts.values() if self._covers(control, account)]

    def _covers(self, control: Control, account: Account) -> bool:
        if control.account is not None:
            return control.account == account.id
        return (
            control.budget in {None, account.budget}
            and (control.centre is None or is_below(self.centres, account.centre, control.centre))
            and (control.category is None or is_below(self.categories, account.category, control.category))
        )

    def found(self, node: tuple[int | None, ...], window: str) -> Control | None:
        """Return the control of a node over a window, or None."""
        return next((control for control in self.controls if (control.node, control.window) == (node, window)), None)


def is_below(tree: dict[int, int | None], node: int, top: int) -> bool:
    """Say whether `node` is `top`, or hangs under it."""
    here: int | None = node
    while here is not None and here != top:
        here = tree[here]
    return here == top


@cache
def windows_with(kind: str, month: int, start_month: int) -> tuple[Span, ...]:
    """Return every window of a kind that a month lies in, by going through all those that are near."""
    return tuple(span for span in _near(kind, month, start_month - 1) if span[0] <= month <= span[1])


def _near(kind: str, month: int, start: int) -> Iterable[Span]:
    years = [number for number in range(month - 12, month + 1) if number % 12 == start]
    if kind == "life":
        return [(FIRST_EVER, LAST_EVER)]
    if kind == "month":
        return [(month, month)]
    if kind == "ytd":
        return [(year, year + index) for year in years for index in range(12)]
    size = 3 if kind == "quarter" else 12
    return [(year + index, year + index + size - 1) for year in years for index in range(0, 12, size)]
