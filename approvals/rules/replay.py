"""What a policy would have done with past requests. Pure, and quick enough for a hundred thousand of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from approvals.rules.bands import Range, range_of
from approvals.rules.routing import Facts, Rule

CENTS = 100
MOST_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Past:
    """A request that was submitted: what rules may ask about it, and the roles that were asked, in groups side by side."""

    number: str
    facts: Facts
    asked: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A request that would go elsewhere. `would` is empty where nobody would decide."""

    number: str
    kind: str
    amount: str
    was: tuple[tuple[str, ...], ...]
    would: tuple[tuple[str, ...], ...]
    rule: str


@dataclass
class Replay:
    """What came of it. `was` and `would` count the stages that each role had and would have had; hours are elapsed time."""

    requests: int = 0
    changed: int = 0
    unrouted: int = 0
    examples: list[Changed] = field(default_factory=list)
    was: Counter[str] = field(default_factory=Counter)
    would: Counter[str] = field(default_factory=Counter)
    hours_was: float = 0.0
    hours_would: float = 0.0

    @property
    def mean_hours_was(self) -> float:
        """Hours to the last decision, by the usual wait of each role, a request."""
        return self.hours_was / self.requests if self.requests else 0.0

    @property
    def mean_hours_would(self) -> float:
        """The same under the policy that is tried; over the requests that it routes."""
        routed = self.requests - self.unrouted
        return self.hours_would / routed if routed else 0.0


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: Rule
    first: int
    last: int | None
    by_increase: bool
    cost_centre: str
    category: str
    vendor: str
    asks: tuple[tuple[str, ...], ...]


class Decider:
    """The rules of a policy laid out by kind, with bounds in cents: says what `routing.route` says, without the trace."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._by_kind: dict[str, list[_Compiled]] = defaultdict(list)
        for rule in sorted(rules, key=lambda rule: rule.position):
            found = range_of(rule)
            if found is not None:
                self._by_kind[rule.kind].append(_compiled(rule, found))

    def decide(self, facts: Facts) -> _Compiled | None:
        """Return the first rule that matches, or None."""
        amount, increase = int(facts.amount * CENTS), int(facts.monthly_increase * CENTS)
        for each in self._by_kind.get(facts.kind, ()):
            value = increase if each.by_increase else amount
            if value < each.first or (each.last is not None and value > each.last):
                continue
            if each.vendor and each.vendor != facts.vendor_code:
                continue
            if each.cost_centre and not any(each.cost_centre in path for path in facts.cost_centre_paths):
                continue
            if each.category and not any(each.category in path for path in facts.category_paths):
                continue
            return each
        return None


def replay(pasts: Iterable[Past], rules: Sequence[Rule], *, usual_hours: Mapping[str, float]) -> Replay:
    """Route every past request by `rules` and compare. `usual_hours` is how long each role usually takes."""
    decider, result = Decider(rules), Replay()
    for past in pasts:
        chosen = decider.decide(past.facts)
        would = chosen.asks if chosen else ()
        result.requests += 1
        result.was.update(role for group in past.asked for role in group)
        result.would.update(role for group in would for role in group)
        result.hours_was += _hours(past.asked, usual_hours)
        result.hours_would += _hours(would, usual_hours)
        result.unrouted += chosen is None
        if would != past.asked:
            result.changed += 1
            if len(result.examples) < MOST_EXAMPLES:
                result.examples.append(_changed(past, would, chosen.rule.name if chosen else ""))
    return result


def groups_of(rule: Rule) -> tuple[tuple[str, ...], ...]:
    """Return the roles that a rule asks, group by group; roles side by side in the order of their names."""
    groups: dict[int, list[str]] = defaultdict(list)
    for stage in rule.stages:
        groups[stage.group].append(stage.role_code)
    return tuple(tuple(sorted(groups[number])) for number in sorted(groups))


def _compiled(rule: Rule, found: Range) -> _Compiled:
    return _Compiled(
        rule=rule,
        first=found.first,
        last=found.last,
        by_increase=rule.measure == "monthly_increase",
        cost_centre=f"/{rule.cost_centre_code}/" if rule.cost_centre_code else "",
        category=f"/{rule.category_code}/" if rule.category_code else "",
        vendor=rule.vendor_code,
        asks=groups_of(rule),
    )


def _changed(past: Past, would: tuple[tuple[str, ...], ...], rule: str) -> Changed:
    facts = past.facts
    return Changed(past.number, facts.kind, f"{facts.amount:.2f} {facts.currency}", past.asked, would, rule)


def _hours(groups: tuple[tuple[str, ...], ...], usual: Mapping[str, float]) -> float:
    return sum(max((usual.get(role, 0.0) for role in group), default=0.0) for group in groups)
