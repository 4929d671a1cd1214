"""What a policy would have done with past requests. Pure, and quick enough for a hundred thousand of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from approvals.rules.bands import Range, range_of
from approvals.rules.owners import owner_of
from approvals.rules.regions import HIGHEST_RISK
from approvals.rules.routing import Facts, Rule

# Roles in groups, those of a group side by side.
Asked = tuple[tuple[str, ...], ...]
CENTS = 100
MOST_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Past:
    """A request that was submitted: what rules may ask about it, and the roles that were asked, in groups side by side.

    `managers` is how many of them stand above its requester now.
    Nobody was asked where a policy approved it itself. A request from before there was a score counts with a risk of 0.
    """

    number: str
    facts: Facts
    asked: Asked
    managers: int = 0


@dataclass(frozen=True, slots=True)
class Changed:
    """A request that would go elsewhere. `would` is empty where nobody would decide."""

    number: str
    kind: str
    amount: str
    was: Asked
    would: Asked
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
    # What the policy that is tried does and this does not, in a sentence.
    left_out: str = ""

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
    tags: frozenset[str]
    risk_first: int
    risk_last: int
    emergency: bool | None
    # It asks for nothing but kind and amount.
    is_plain: bool
    asks: Asked
    asks_managers: bool = False

    def asked_of(self, managers: int) -> Asked:
        """Return whom the rule asks where so many managers stand above the requester."""
        if not self.asks_managers:
            return self.asks
        kept = (tuple(word for word in group if owner_of(word).step <= max(managers, 1)) for group in self.asks)
        return tuple(group for group in kept if group)


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
            if each.is_plain:
                return each
            if not each.risk_first <= facts.risk <= each.risk_last:
                continue
            if each.emergency is not None and each.emergency != facts.is_emergency:
                continue
            if not each.tags <= facts.tags:
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
    # Many requests are asked of the same people: each way of asking is counted, and what it means for them is added up once.
    was, would = Counter[Asked](), Counter[Asked]()
    for past in pasts:
        chosen = decider.decide(past.facts)
        asks = chosen.asked_of(past.managers) if chosen else ()
        was[past.asked] += 1
        would[asks] += 1
        result.unrouted += chosen is None
        if asks != past.asked or chosen is None:
            result.changed += 1
            if len(result.examples) < MOST_EXAMPLES:
                result.examples.append(_changed(past, asks, chosen.rule.name if chosen else ""))
    result.requests = was.total()
    result.was, result.hours_was = _work(was, usual_hours)
    result.would, result.hours_would = _work(would, usual_hours)
    return result


def _work(asked: Counter[Asked], usual_hours: Mapping[str, float]) -> tuple[Counter[str], float]:
    """Return how many stages each role has, and how many hours pass in all, where so many were asked in each way."""
    stages, hours = Counter[str](), 0.0
    for groups, times in asked.items():
        for role in chain.from_iterable(groups):
            stages[role] += times
        hours += _hours(groups, usual_hours) * times
    return stages, hours


def groups_of(rule: Rule) -> Asked:
    """Return the roles that a rule asks, group by group; roles side by side in the order of their names."""
    groups: dict[int, list[str]] = defaultdict(list)
    for stage in rule.stages:
        groups[stage.group].append(stage.role_code)
    return tuple(tuple(sorted(groups[number])) for number in sorted(groups))


def _compiled(rule: Rule, found: Range) -> _Compiled:
    asks_more = (rule.cost_centre_code, rule.category_code, rule.vendor_code, rule.tags)
    risks = (rule.risk_from or 0, HIGHEST_RISK if rule.risk_up_to is None else rule.risk_up_to)
    return _Compiled(
        rule=rule,
        first=found.first,
        last=found.last,
        by_increase=rule.measure == "monthly_increase",
        cost_centre=f"/{rule.cost_centre_code}/" if rule.cost_centre_code else "",
        category=f"/{rule.category_code}/" if rule.category_code else "",
        vendor=rule.vendor_code,
        tags=rule.tags,
        risk_first=risks[0],
        risk_last=risks[1],
        emergency=rule.emergency,
        is_plain=not any(asks_more) and risks == (0, HIGHEST_RISK) and rule.emergency is None,
        asks=groups_of(rule),
        asks_managers=any(owner_of(stage.role_code).step for stage in rule.stages),
    )


def _changed(past: Past, would: Asked, rule: str) -> Changed:
    facts = past.facts
    return Changed(past.number, facts.kind, f"{facts.amount:.2f} {facts.currency}", past.asked, would, rule)


def _hours(groups: Asked, usual: Mapping[str, float]) -> float:
    return sum(max((usual.get(role, 0.0) for role in group), default=0.0) for group in groups)
