"""What is wrong with a policy before anybody is routed by it: gaps, overlaps, dead rules, schemes that disagree. Pure.

Each finding carries an amount that shows it. Rules are asked in order and the first that matches decides, so a special rule
before a general one is as it should be; a general one before a special one is not.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from approvals.rules.bands import Range
from approvals.rules.regions import ALL, Region, left_over, pieces, region_of
from approvals.rules.routing import Rule


@dataclass(frozen=True, slots=True)
class Gap:
    """Amounts of a kind on which no rule decides. `accepted` is the name under which that is meant, or empty.

    `but` names rules that cover some of it for one cost centre, category or vendor only.
    """

    kind: str
    region: Region
    accepted: str = ""
    but: tuple[str, ...] = ()

    @property
    def range(self) -> Range:
        """The amounts of it."""
        return self.region.amounts


@dataclass(frozen=True, slots=True)
class Overlap:
    """Amounts on which two rules match. The first decides. `alike` says that both ask the same."""

    kind: str
    first: Rule
    second: Rule
    region: Region
    alike: bool

    @property
    def range(self) -> Range:
        """The amounts of it."""
        return self.region.amounts


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
    region: Region
    roles: tuple[str, ...]
    roles_there: tuple[str, ...]

    @property
    def range(self) -> Range:
        """The amounts of it."""
        return self.region.amounts


@dataclass(frozen=True, slots=True)
class AcceptedGap:
    """A gap that is known and meant."""

    name: str
    kind: str
    region: Region

    @property
    def range(self) -> Range:
        """The amounts of it."""
        return self.region.amounts


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
        conflicts=tuple(_said_once(each for scheme in schemes for each in _conflicts(ordered, scheme))),
    )


def limits_words(found: Range) -> str:
    """Say which amounts are in a range."""
    if found.last is None:
        return "any amount" if found.lower is None else f"from {found.lower:,.2f} up"
    return f"up to {found.upper:,.2f}" if found.lower is None else f"{found.lower:,.2f} to {found.upper:,.2f}"


def _gaps(kind: str, rules: Sequence[Rule], accepted: Sequence[AcceptedGap]) -> list[Gap]:
    """A request outside every special cost centre, category, vendor and tag finds only the rules that ask for none of them."""
    own = [rule for rule in rules if rule.kind == kind]
    covered = [found for rule in own if not _is_special(rule) if (found := region_of(rule))]
    special = [rule for rule in own if _is_special(rule)]
    meant = [gap for gap in accepted if gap.kind == kind]
    gaps = []
    for uncovered in left_over([ALL], covered):
        gaps += [Gap(kind, part, gap.name, _but(part, special)) for gap in meant if (part := uncovered.common(gap.region))]
        rest = left_over([uncovered], [gap.region for gap in meant])
        gaps += [Gap(kind, part, "", _but(part, special)) for part in rest]
    return sorted(gaps, key=lambda gap: (gap.range.first, gap.accepted, gap.region.risks.first))


def _but(gap: Region, special: Sequence[Rule]) -> tuple[str, ...]:
    return tuple(rule.name for rule in special if (found := region_of(rule)) and found.common(gap))


def _overlaps(rules: Sequence[Rule], above: Tree) -> list[Overlap]:
    found = []
    for first, second in combinations(rules, 2):
        if first.kind != second.kind or not _is_part_of(second, first, above) or _is_narrower(first, second):
            continue
        regions = region_of(first), region_of(second)
        common = regions[0].common(regions[1]) if regions[0] and regions[1] else None
        if common:
            found.append(Overlap(first.kind, first, second, common, first.stages == second.stages))
    return found


def _dead(rules: Sequence[Rule], above: Tree) -> list[DeadRule]:
    found = []
    for index, rule in enumerate(rules):
        own = region_of(rule)
        if own is None:
            found.append(DeadRule(rule, "No amount above zero is in its band."))
            continue
        earlier = [each for each in rules[:index] if each.kind == rule.kind and _is_part_of(rule, each, above)]
        taking = [(each, region) for each in earlier if (region := region_of(each))]
        if not left_over([own], [region for _, region in taking]):
            names = ", ".join(each.name for each, region in taking if region.common(own))
            found.append(DeadRule(rule, f"Earlier rules decide on all of it: {names}."))
    return found


def _conflicts(rules: Sequence[Rule], scheme: Scheme) -> list[Conflict]:
    found: list[Conflict] = []
    for kind in dict.fromkeys(rule.kind for rule in scheme.rules):
        here = [rule for rule in rules if rule.kind == kind and not _is_special(rule)]
        there = [rule for rule in scheme.rules if rule.kind == kind]
        for piece in pieces([region for rule in (*here, *there) if (region := region_of(rule))]):
            ours, theirs = _roles(here, piece), _roles(there, piece)
            if ours and theirs and set(ours) != set(theirs):
                _add(found, Conflict(kind, scheme.name, piece, ours, theirs))
    return found


def _said_once(conflicts: Iterable[Conflict]) -> list[Conflict]:
    """Where several schemes say the same of the same amounts, name them together."""
    found: dict[tuple[object, ...], Conflict] = {}
    for each in conflicts:
        key = (each.kind, each.range, each.roles, each.roles_there)
        before = found.get(key)
        found[key] = replace(before, scheme=f"{before.scheme}, as does {each.scheme},") if before else each
    return list(found.values())


def _add(found: list[Conflict], next_one: Conflict) -> None:
    """Append a conflict, or let the last one grow where it is the same one going on."""
    last = found[-1] if found else None
    if (
        last
        and last.range.last is not None
        and last.range.last + 1 == next_one.range.first
        and (last.region.risks, last.region.emergencies) == (next_one.region.risks, next_one.region.emergencies)
        and (last.kind, last.scheme, last.roles, last.roles_there)
        == (next_one.kind, next_one.scheme, next_one.roles, next_one.roles_there)
    ):
        grown = replace(last.region, amounts=Range(last.range.first, next_one.range.last))
        found[-1] = replace(last, region=grown)
        return
    found.append(next_one)


def _roles(rules: Sequence[Rule], piece: Region) -> tuple[str, ...]:
    """Return the roles that the first matching rule asks, or none where no rule takes in the piece."""
    for rule in rules:
        region = region_of(rule)
        if region and region.common(piece) == piece:
            return tuple(dict.fromkeys(stage.role_code for stage in rule.stages))
    return ()


def _is_special(rule: Rule) -> bool:
    return bool(rule.cost_centre_code or rule.category_code or rule.vendor_code or rule.tags)


def _is_narrower(first: Rule, second: Rule) -> bool:
    """Say whether `first` asks for a risk, or an emergency, of which `second` says nothing: a special rule before a general."""
    by_risk = _asks_risk(first) and not _asks_risk(second)
    return by_risk or (first.emergency is not None and second.emergency is None)


def _asks_risk(rule: Rule) -> bool:
    return rule.risk_from is not None or rule.risk_up_to is not None


def _is_part_of(rule: Rule, other: Rule, above: Tree) -> bool:
    """Say whether each request that `rule` asks for by cost centre, category, vendor and tags is one that `other` asks for."""
    return (
        _lies_in(rule.cost_centre_code, other.cost_centre_code, above.cost_centres)
        and _lies_in(rule.category_code, other.category_code, above.categories)
        and other.vendor_code in ("", rule.vendor_code)
        and other.tags <= rule.tags
    )


def _lies_in(code: str, other: str, above: Mapping[str, frozenset[str]]) -> bool:
    return other in ("", code) or other in above.get(code, frozenset())
