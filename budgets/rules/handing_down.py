"""Whether a node of the cost centre tree hands down, or lets what lies below it hold, more than it has."""

from dataclasses import dataclass
from decimal import Decimal

from budgets.rules.overallocation import OVER_ALLOCATED, Finding
from budgets.rules.sentences import money

OVERDRAWN = "overdrawn"


@dataclass(frozen=True, slots=True)
class NodeSums:
    """A node of the tree: what it has with all below it, what of that was handed down, and what is held. In one currency."""

    code: str
    name: str
    allotted: Decimal
    handed_down: Decimal
    held: Decimal


@dataclass(frozen=True, slots=True)
class NodeLimit:
    """A limit that a person stated on a node, the most that is allotted in one of its windows, and that window as a phrase."""

    code: str
    name: str
    limit: Decimal
    allotted: Decimal
    when: str


def with_parents(path: str) -> list[str]:
    """Return the paths of a node and of all above it, the root first: `/A/B/` has `/A/` and `/A/B/`."""
    codes = path.strip("/").split("/")
    return [f"/{'/'.join(codes[:count])}/" for count in range(1, len(codes) + 1)]


def found_at(node: NodeSums) -> list[Finding]:
    """Return what does not add up at a node: the nodes below it were given, or hold, more than it has."""
    found = []
    if (above := node.handed_down - node.allotted) > 0:
        given = f"{node.name} has {money(node.allotted)} and has handed down {money(node.handed_down)}: {money(above)} too much."
        found.append(Finding(OVER_ALLOCATED, node.code, above, given))
    if (above := node.held - node.allotted) > 0:
        held = f"{node.name} has {money(node.allotted)} with all below it; {money(node.held)} is held: {money(above)} too much."
        found.append(Finding(OVERDRAWN, node.code, above, held))
    return found


def found_beyond(limit: NodeLimit) -> list[Finding]:
    """Return the finding where more is allotted at a node and below it than its limit lets it have; else nothing."""
    if (above := limit.allotted - limit.limit) <= 0:
        return []
    said = f"{limit.name} may be allotted {money(limit.limit)} {limit.when}; with all below it, {money(limit.allotted)} is"
    return [Finding(OVER_ALLOCATED, limit.code, above, f"{said}: {money(above)} too much.")]
