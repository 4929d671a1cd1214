"""What is wrong with a policy before anybody is routed by it: gaps, overlaps, dead rules, schemes that disagree. Pure.

Each finding carries an amount that shows it. Rules are asked in order and the first that matches decides, so a special rule
before a general one is as it should be; a general one before a special one is not.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from approvals.rules.bands import EVERYTHING, Range, left_over, pieces, range_of
from approvals.rules.routing import Rule


@dataclass(frozen=True, slots=True)
class Gap:
    """Amounts of a kind on which no rule decides. `accepted` is the name under which that is meant, or empty.

    `but` names rules that cover some of it for one cost centre, category or vendor only.
    """

    kind: str
    range: Range
    accepted: str = ""
    but: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlap:
    """Amounts on which two rules match. The first decides. `alike` says that both ask the same."""

    kind: str
    first: Rule
    second: Rule
    range: Range
    alike: bool


@dataclass(frozen=True, slots=True)
class DeadRule:
    """A rule that is never reached, and why."""

    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Amounts for which two schemes name other people."""

    kind: str
    scheme: str
    range: Range
    roles: tuple[str, ...]
    roles_there: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AcceptedGap:
    """A gap that is known and meant."""

    name: str
    kind: str
    range: Range


@dataclass(frozen=True, slots=True)
class Scheme:
    """Another statement of who decides, with which the rules should agree."""

    name: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """What lies above each code, where it is known: `{"PLATFORM": {"ENG", "ACME"}}`."""

    cost_centres: Mapping[str, frozenset[str]] = field(default_factory=dict)
    categories: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proof:
    """Everything found."""

    gaps: tuple[Gap, ...]
    overlaps: tuple[Overlap, ...]
    dead_rules: tuple[DeadRule, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def open_gaps(self) -> list[Gap]:
        """The gaps that nobody has accepted."""
        return [gap for gap in self.gaps if not gap.accepted]

    @property
    def faults(self) -> list[Gap | Overlap | DeadRule]:
        """What keeps a version from being published."""
        return [*self.open_gaps, *(each for each in self.overlaps if not each.alike), *self.dead_rules]


def prove(
    *,
    kinds: Collection[str],
    rules: Sequence[Rule],
    accepted: Sequence[AcceptedGap] = (),
    schemes: Sequence[Scheme] = (),
    tree: Tree | None = None,
) -> Proof:
    """Return what is wrong with `rules`. `kinds` are all kinds that a request may be of."""
    above = tree or Tree()
    ordered = sorted(rules, key=lambda rule: rule.position)
    dead = _dead(ordered, above)
    living = [rule for rule in ordered if rule not in {each.rule for each in dead}]
    return Proof(
        gaps=tuple(gap for kind in kinds for gap in _gaps(kind, ordered, accepted)),
        overlaps=tuple(_overlaps(living, above)),
        dead_rules=tuple(dead),
        conflicts=tuple(each for scheme in schemes for each in _conflicts(ordered, scheme)),
    )


def limits_words(found: Range) -> str:
    """Say which amounts are in a range."""
    if found.last is None:
        return "any amount" if found.lower is None else f"from {found.lower:,.2f} up"
    return f"up to {found.upper:,.2f}" if found.lower is None else f"{found.lower:,.2f} to {found.upper:,.2f}"


def _gaps(kind: str, rules: Sequence[Rule], accepted: Sequence[AcceptedGap]) -> list[Gap]:
    """A request outside every special cost centre, category and vendor finds only the rules that ask for none of them."""
    own = [rule for rule in rules if rule.kind == kind]
    covered = [found for rule in own if not _is_special(rule) if (found := range_of(rule))]
    special = [rule for rule in own if _is_special(rule)]
    meant = [gap for gap in accepted if gap.kind == kind]
    gaps = []
    for uncovered in left_over([EVERYTHING], covered):
        gaps += [Gap(kind, part, gap.name, _but(part, special)) for gap in meant if (part := uncovered.common(gap.range))]
        rest = left_over([uncovered], [gap.range for gap in meant])
        gaps += [Gap(kind, part, "", _but(part, special)) for part in rest]
    return sorted(gaps, key=lambda gap: (gap.range.first, gap.accepted))


def _but(gap: Range, special: Sequence[Rule]) -> tuple[str, ...]:
    return tuple(rule.name for rule in special if (found := range_of(rule)) and found.common(gap))


def _overlaps(rules: Sequence[Rule], above: Tree) -> list[Overlap]:
    found = []
    for first, second in combinations(rules, 2):
        if first.kind != second.kind or not _is_part_of(second, first, above):
            continue
        ranges = range_of(first), range_of(second)
        common = ranges[0].common(ranges[1]) if ranges[0] and ranges[1] else None
        if common:
            found.append(Overlap(first.kind, first, second, common, first.stages == second.stages))
    return found


def _dead(rules: Sequence[Rule], above: Tree) -> list[DeadRule]:
    found = []
    for index, rule in enumerate(rules):
        own = range_of(rule)
        if own is None:
            found.append(DeadRule(rule, "No amount above zero is in its band."))
            continue
        earlier = [each for each in rules[:index] if each.kind == rule.kind and _is_part_of(rule, each, above)]
        taking = [(each, band) for each in earlier if (band := range_of(each))]
        if not left_over([own], [band for _, band in taking]):
            names = ", ".join(each.name for each, band in taking if band.common(own))
            found.append(DeadRule(rule, f"Earlier rules decide on all of it: {names}."))
    return found


def _conflicts(rules: Sequence[Rule], scheme: Scheme) -> list[Conflict]:
    found: list[Conflict] = []
    for kind in dict.fromkeys(rule.kind for rule in scheme.rules):
        here = [rule for rule in rules if rule.kind == kind and not _is_special(rule)]
        there = [rule for rule in scheme.rules if rule.kind == kind]
        for piece in pieces([band for rule in (*here, *there) if (band := range_of(rule))]):
            ours, theirs = _roles(here, piece), _roles(there, piece)
            if ours and theirs and set(ours) != set(theirs):
                _add(found, Conflict(kind, scheme.name, piece, ours, theirs))
    return found


def _add(found: list[Conflict], next_one: Conflict) -> None:
    """Append a conflict, or let the last one grow where it is the same one going on."""
    last = found[-1] if found else None
    if (
        last
        and last.range.last is not None
        and last.range.last + 1 == next_one.range.first
        and (last.kind, last.scheme, last.roles, last.roles_there)
        == (next_one.kind, next_one.scheme, next_one.roles, next_one.roles_there)
    ):
        found[-1] = Conflict(last.kind, last.scheme, Range(last.range.first, next_one.range.last), last.roles, last.roles_there)
        return
    found.append(next_one)


def _roles(rules: Sequence[Rule], piece: Range) -> tuple[str, ...]:
    """Return the roles that the first matching rule asks, or none where no rule takes in the piece."""
    for rule in rules:
        band = range_of(rule)
        if band and band.common(piece) == piece:
            return tuple(dict.fromkeys(stage.role_code for stage in rule.stages))
    return ()


def _is_special(rule: Rule) -> bool:
    return bool(rule.cost_centre_code or rule.category_code or rule.vendor_code)


def _is_part_of(rule: Rule, other: Rule, above: Tree) -> bool:
    """Say whether each request that `rule` asks for by cost centre, category and vendor is one that `other` asks for."""
    return (
        _lies_in(rule.cost_centre_code, other.cost_centre_code, above.cost_centres)
        and _lies_in(rule.category_code, other.category_code, above.categories)
        and other.vendor_code in ("", rule.vendor_code)
    )


def _lies_in(code: str, other: str, above: Mapping[str, frozenset[str]]) -> bool:
    return other in ("", code) or other in above.get(code, frozenset())
