"""Which rule of a policy a request falls under, and why not under the others. Pure; amounts are compared unrounded."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules may ask about a request. Amounts in `currency`; paths are chains of codes, such as `/ACME/ENG/`."""

    kind: str
    amount: Decimal
    currency: str
    monthly_increase: Decimal = Decimal(0)
    cost_centre_paths: tuple[str, ...] = ()
    category_paths: tuple[str, ...] = ()
    vendor_code: str = ""
    # Each as `key=value`.
    tags: frozenset[str] = frozenset()
    risk: int = 0
    is_emergency: bool = False


@dataclass(frozen=True, slots=True)
class StageSpec:
    """A stage that a rule asks for. `role_code` is a role's code, or what owns it and which (`rules/owners.py`)."""

    number: int
    group: int
    name: str
    role_code: str
    backup_role_code: str
    quorum: str
    sla: str
    escalate_after: str
    warn_after: str
    question_pause: str = ""
    undo_window: int = 0
    # A committee's stage is due by its next meeting; by `sla` where none is known.
    by_meeting: bool = False
    # A limit added it, no rule asks for it.
    by_limit: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of the matrix. A bound that is None is open; `measure` is `amount` or `monthly_increase`.

    An automatic one asks for no stages: the policy itself approves.
    """

    position: int
    name: str
    kind: str
    measure: str = "amount"
    lower: Decimal | None = None
    lower_included: bool = False
    upper: Decimal | None = None
    upper_included: bool = False
    cost_centre_code: str = ""
    category_code: str = ""
    vendor_code: str = ""
    tags: frozenset[str] = frozenset()
    risk_from: int | None = None
    risk_up_to: int | None = None
    emergency: bool | None = None
    follow_up: str = ""
    is_automatic: bool = False
    stages: tuple[StageSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class TraceStep:
    """Why one rule did or did not match. `chosen` is the first that did."""

    position: int
    rule: str
    matched: bool
    chosen: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Route:
    """The rule that decides, or None where the request falls in a gap, with the trace of all of them."""

    rule: Rule | None
    trace: tuple[TraceStep, ...] = field(default=())


def route(facts: Facts, rules: Sequence[Rule]) -> Route:
    """Return the first rule, in order, that `facts` satisfy in every respect."""
    chosen: Rule | None = None
    trace = []
    for rule in sorted(rules, key=lambda rule: rule.position):
        reason = why_not(facts, rule)
        is_chosen = not reason and chosen is None
        if is_chosen:
            chosen = rule
        trace.append(TraceStep(rule.position, rule.name, not reason, is_chosen, reason or _why(facts, rule, chosen)))
    return Route(chosen, tuple(trace))


def why_not(facts: Facts, rule: Rule) -> str:
    """Say why `rule` is not for the request, with the distance to its band; empty where it is."""
    if rule.kind != facts.kind:
        return f"It is for {_words(rule.kind)}, this is {_words(facts.kind)}."
    return _elsewhere(facts, rule) or _otherwise_marked(facts, rule) or _out_of_risk(facts, rule) or _out_of_band(facts, rule)


def _elsewhere(facts: Facts, rule: Rule) -> str:
    if rule.cost_centre_code and not _under(rule.cost_centre_code, facts.cost_centre_paths):
        return f"No line is at cost centre {rule.cost_centre_code} or below it."
    if rule.category_code and not _under(rule.category_code, facts.category_paths):
        return f"No line is in category {rule.category_code} or below it."
    if rule.vendor_code and rule.vendor_code != facts.vendor_code:
        return f"It is for vendor {rule.vendor_code} only."
    return ""


def _otherwise_marked(facts: Facts, rule: Rule) -> str:
    if missing := sorted(rule.tags - facts.tags):
        return f"It does not bear the tag {' and '.join(missing)}."
    if rule.emergency in (None, facts.is_emergency):
        return ""
    return "This is an emergency, the rule is for none." if facts.is_emergency else "This is no emergency, the rule is for one."


def measured(facts: Facts, rule: Rule) -> Decimal:
    """Return the amount that the bounds of `rule` are held against."""
    return facts.monthly_increase if rule.measure == "monthly_increase" else facts.amount


def band(rule: Rule) -> str:
    """Say which amounts `rule` is for."""
    lower = f"{'from' if rule.lower_included else 'over'} {rule.lower:,.2f}" if rule.lower is not None else ""
    upper = f"{'up to' if rule.upper_included else 'below'} {rule.upper:,.2f}" if rule.upper is not None else ""
    return " ".join(part for part in (lower, upper) if part) or "any amount"


def _out_of_band(facts: Facts, rule: Rule) -> str:
    value = measured(facts, rule)
    if rule.lower is not None and (value < rule.lower or (value == rule.lower and not rule.lower_included)):
        return f"{_distance(rule.lower - value, facts, 'below')} the band, which is {band(rule)}."
    if rule.upper is not None and (value > rule.upper or (value == rule.upper and not rule.upper_included)):
        return f"{_distance(value - rule.upper, facts, 'above')} the band, which is {band(rule)}."
    return ""


def risk_band(rule: Rule) -> str:
    """Say which risks `rule` is for; empty where it asks for none."""
    if rule.risk_from is None and rule.risk_up_to is None:
        return ""
    if rule.risk_up_to is None:
        return f"risk from {rule.risk_from}"
    return f"risk up to {rule.risk_up_to}" if not rule.risk_from else f"risk {rule.risk_from} to {rule.risk_up_to}"


def _out_of_risk(facts: Facts, rule: Rule) -> str:
    below = rule.risk_from is not None and facts.risk < rule.risk_from
    above = rule.risk_up_to is not None and facts.risk > rule.risk_up_to
    if not (below or above):
        return ""
    return f"Its risk of {facts.risk} is {'below' if below else 'above'} the band, which is {risk_band(rule)}."


def _distance(distance: Decimal, facts: Facts, side: str) -> str:
    if not distance:
        return f"Exactly at the bound, so just {side}"
    return f"{distance:,.2f} {facts.currency} {side}"


def _why(facts: Facts, rule: Rule, chosen: Rule | None) -> str:
    measure = "A monthly increase" if rule.measure == "monthly_increase" else "An amount"
    said = f"{measure} of {measured(facts, rule):,.2f} {facts.currency} is in the band: {band(rule)}."
    if risks := risk_band(rule):
        said = f"{said} So is its risk of {facts.risk}: {risks}."
    return said if chosen is rule or chosen is None else f"{said} An earlier rule decides."


def _under(code: str, paths: Sequence[str]) -> bool:
    return any(f"/{code}/" in f"/{path.strip('/')}/" for path in paths)


def _words(kind: str) -> str:
    return kind.replace("_", " ")
