"""One view over budget, held and spent, by category and by what each figure came from. Every sum is made here.

Amounts are decimals in one currency. Every ledger entry has one origin, so that columns add up to what was spent, and each
category holds its own figures and those below it, so that rows do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from reconciliation.rules.expecting import Expected
from reporting.rules.figures import ZERO, Freshness, MonthFigures

# What an origin is, besides a source of files; and the order in which systems stand in a row.
BY_HAND, CHARGED, OPENED, HERE = "invoices", "chargeback", "opening", "here"
SYSTEMS = {
    "erp": "ERP",
    "billing": "Billing",
    "cards": "Cards",
    "other": "Another system",
    "invoices": "Invoices",
    "chargeback": "Chargeback",
    "opening": "Opening balance",
    "here": "Posted here",
    "bank": "Bank",
}
WORDS_OF_OWN = {
    BY_HAND: "Invoices entered here",
    CHARGED: "Moved by a chargeback",
    OPENED: "Opening balances",
    HERE: "Posted here by other means",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """What figures came from: a source of files, by its id, or Purser itself. `system` is its column."""

    key: str
    name: str
    system: str
    source_id: int | None = None


@dataclass(frozen=True, slots=True)
class Amounts:
    """Figures of some months; `spent` by origin, and of it what lies in months that are open, and is dated in other months."""

    plan: Decimal = ZERO
    reserved: Decimal = ZERO
    committed: Decimal = ZERO
    spent: Mapping[str, Decimal] = field(default_factory=dict)
    open: Mapping[str, Decimal] = field(default_factory=dict)
    dated_elsewhere: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def held(self) -> Decimal:
        """Reserved by requests and committed by approvals: not spent yet, and not free either."""
        return self.reserved + self.committed

    @property
    def actual(self) -> Decimal:
        return sum(self.spent.values(), ZERO)

    @property
    def preliminary(self) -> Decimal:
        """What of the actual lies in open months, and may still change."""
        return sum(self.open.values(), ZERO)

    @property
    def final(self) -> Decimal:
        return self.actual - self.preliminary

    @property
    def variance(self) -> Decimal:
        """Actual less budget. Positive costs more than planned."""
        return self.actual - self.plan

    @property
    def remaining(self) -> Decimal:
        """The budget less what is held and spent."""
        return self.plan - self.held - self.actual

    @property
    def is_nothing(self) -> bool:
        return not any((self.plan, self.reserved, self.committed, *self.spent.values()))


def total_of(parts: Iterable[Amounts]) -> Amounts:
    """Return the sum of `parts`, figure by figure."""
    parts = list(parts)
    return Amounts(
        plan=sum((part.plan for part in parts), ZERO),
        reserved=sum((part.reserved for part in parts), ZERO),
        committed=sum((part.committed for part in parts), ZERO),
        spent=_together(part.spent for part in parts),
        open=_together(part.open for part in parts),
        dated_elsewhere=_together(part.dated_elsewhere for part in parts),
    )


def _together(parts: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for part in parts:
        for key, amount in part.items():
            found[key] = found.get(key, ZERO) + amount
    return found


@dataclass(frozen=True, slots=True)
class Cell:
    """The figures of one category in one month."""

    category: int
    month: date
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class CategoryPlace:
    """A category and where it stands in the tree. `path` begins with that of the category above it."""

    id: int
    code: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Node:
    """A category with what lies on it directly, and with all below it."""

    code: str
    name: str
    path: str
    depth: int
    own: Amounts
    whole: Amounts
    children: "tuple[Node, ...]" = ()


def tree_of(places: Sequence[CategoryPlace], own: Mapping[int, Amounts]) -> tuple[Node, ...]:
    """Return the categories as a tree, in the order of their paths, without those that have no figures at or below them."""
    ordered = sorted(places, key=lambda place: place.path)
    found, _ = _level(ordered, 0, "", 0, own)
    return tuple(found)


def _level(
    places: Sequence[CategoryPlace], at: int, above: str, depth: int, own: Mapping[int, Amounts]
) -> tuple[list[Node], int]:
    nodes = []
    while at < len(places) and places[at].path.startswith(above):
        place = places[at]
        children, at = _level(places, at + 1, place.path, depth + 1, own)
        mine = own.get(place.id, Amounts())
        whole = total_of([mine, *(child.whole for child in children)])
        if children or not mine.is_nothing:
            nodes.append(Node(place.code, place.name, place.path, depth, mine, whole, tuple(children)))
    return nodes, at


def nodes_of(nodes: Iterable[Node]) -> list[Node]:
    """Return the tree as a list, each category before its parts."""
    return [each for node in nodes for each in (node, *nodes_of(node.children))]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table as it is shown: a category with all below it, or what lies on it directly, beside its parts."""

    code: str
    name: str
    depth: int
    amounts: Amounts
    is_group: bool = False
    is_own: bool = False
    is_shut: bool = False


def lines_of(nodes: Iterable[Node], shut: frozenset[str] = frozenset()) -> list[Line]:
    """Return the tree line by line. The lines one step below a group add up to it; those of groups that are shut are left out."""
    found: list[Line] = []
    for node in nodes:
        is_group = bool(node.children)
        is_shut = is_group and node.code in shut
        found.append(Line(node.code, node.name, node.depth, node.whole, is_group=is_group, is_shut=is_shut))
        if is_group and not is_shut:
            if not node.own.is_nothing:
                found.append(Line(node.code, f"{node.name} itself", node.depth + 1, node.own, is_own=True))
            found += lines_of(node.children, shut)
    return found


@dataclass(frozen=True, slots=True)
class UnifiedMonth:
    """A month's figures. `state` is final once it is closed."""

    month: date
    state: str
    amounts: Amounts


def months_of(cells: Iterable[Cell], months: Sequence[date], closed: frozenset[date]) -> tuple[UnifiedMonth, ...]:
    """Return the figures month by month."""
    by_month: dict[date, list[Amounts]] = {month: [] for month in months}
    for cell in cells:
        by_month[cell.month].append(cell.amounts)
    return tuple(
        UnifiedMonth(month, "final" if month in closed else "preliminary", total_of(parts)) for month, parts in by_month.items()
    )


def charted(months: Sequence[UnifiedMonth], today: date) -> tuple[MonthFigures, ...]:
    """Return the months as the chart draws them; one that has not begun, and in which nothing was spent, shows its plan alone."""
    return tuple(
        MonthFigures(each.month, each.amounts.plan, each.amounts.actual if each.month <= today or each.amounts.actual else None)
        for each in months
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is known and has not reached the ledger, of one origin in one currency. `unread` rows have no amount."""

    origin: str
    currency: str
    count: int
    amount: Decimal
    unread: int = 0


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source of files: its last file, and how it stands to what is expected of it. `last_on` is the last day in that file.

    `waiting` counts the rows of all its files that are in quarantine, whatever their month.
    """

    origin: Origin
    format: str
    cadence: str
    keeper: str
    keeper_email: str
    expected: Expected
    file_id: int | None = None
    file: str = ""
    came_at: datetime | None = None
    last_on: date | None = None
    rows: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicate: int = 0
    ignored: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """A system, with the origins that are one column together."""

    system: str
    name: str
    keys: tuple[str, ...]

    def of(self, amounts: Mapping[str, Decimal]) -> Decimal:
        """Return the sum of the column's origins."""
        return sum((amounts.get(key, ZERO) for key in self.keys), ZERO)


def columns_of(origins: Iterable[Origin], keys: Iterable[str]) -> tuple[Column, ...]:
    """Return a column for each system of which one of `keys` came, in the order of systems."""
    wanted = set(keys)
    by_system: dict[str, list[str]] = {}
    for origin in origins:
        if origin.key in wanted:
            by_system.setdefault(origin.system, []).append(origin.key)
    return tuple(Column(system, SYSTEMS[system], tuple(by_system[system])) for system in SYSTEMS if system in by_system)


@dataclass(frozen=True, slots=True)
class Unified:
    """The whole view. `ledger` is what the stored balances say was spent: the columns come to it, to the cent."""

    currency: str
    first: date
    last: date
    nodes: tuple[Node, ...]
    total: Amounts
    months: tuple[UnifiedMonth, ...]
    origins: tuple[Origin, ...]
    sources: tuple[SourceLine, ...]
    quarantined: tuple[Waiting, ...]
    uncoded: tuple[Waiting, ...]
    ledger: Decimal
    freshness: Freshness
    as_of: datetime | None = None

    @property
    def agrees(self) -> bool:
        return self.total.actual == self.ledger

    @property
    def columns(self) -> tuple[Column, ...]:
        """The systems that spent, or whose rows wait."""
        spent = [key for key in self.total.spent if any(node.own.spent.get(key) for node in nodes_of(self.nodes))]
        return columns_of(self.origins, [*spent, *(each.origin for each in (*self.quarantined, *self.uncoded))])

    @property
    def closed(self) -> tuple[date, ...]:
        return tuple(each.month for each in self.months if each.state == "final")

    @property
    def waiting_elsewhere(self) -> int:
        """How many rows wait that are of other months than these."""
        return sum(line.waiting for line in self.sources) - sum(each.count for each in self.quarantined)

    @property
    def late(self) -> tuple[SourceLine, ...]:
        """The sources whose next file is overdue."""
        return tuple(each for each in self.sources if each.expected.days_late)


def waiting_of(rows: Iterable[Waiting], currency: str) -> dict[str, Decimal]:
    """Return what waits in `currency` by origin."""
    found: dict[str, Decimal] = {}
    for each in rows:
        if each.currency == currency:
            found[each.origin] = found.get(each.origin, ZERO) + each.amount
    return found
