"""The cases of another system's event log as a replay reads them: what its attributes say, and who decided. Pure.

Of a case that was submitted again the last round counts, as of a request here.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from statistics import median

from approvals.rules.event_logs import LoggedEvent
from approvals.rules.regions import HIGHEST_RISK
from approvals.rules.replay import Past
from approvals.rules.routing import Facts
from approvals.rules.waits import ASKING, DECIDING, EMPLOYEE, ONE_HOUR, Wait, steps_of, word_of

CENT = Decimal("0.01")
# What an attribute of a log may stand for.
FACTS = ("amount", "kind", "risk", "cost_centre", "category", "vendor", "emergency")
YES = frozenset({"true", "yes", "1"})


@dataclass(frozen=True, slots=True)
class Mapped:
    """How a log speaks of what a policy asks about.

    `facts` names the attribute of a case that says a fact, `kinds` and `roles` what the log's words are called here; a role that
    is not named is called as in the log, in small letters. `kind` is of cases that name none; `currency` of all amounts.
    """

    kind: str
    currency: str
    facts: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)


@dataclass
class LeftOut:
    """Cases that no policy can route or that nobody decided, by reason."""

    without_amount: int = 0
    undecided: int = 0


def pasts_of(
    cases: Mapping[str, Sequence[LoggedEvent]],
    about: Mapping[str, Mapping[str, str]],
    document: str,
    mapped: Mapped,
    left_out: LeftOut,
) -> Iterator[Past]:
    """Yield each case that somebody decided and that says its amount, as a request that was; count the others in `left_out`."""
    for case, events in cases.items():
        said = about.get(case, {})
        amount = _amount(said, events, mapped)
        asked = deciders_of(events, document, mapped)
        if not asked:
            left_out.undecided += 1
        elif amount is None:
            left_out.without_amount += 1
        else:
            yield Past(case, _facts(said, amount, mapped), tuple((role,) for role in asked))


def deciders_of(events: Sequence[LoggedEvent], document: str, mapped: Mapped) -> tuple[str, ...]:
    """Return the roles that decided in the last round of a case, in order, each once."""
    steps = steps_of(events, document)
    begun = max((place for place, (_, verb, _) in enumerate(steps) if verb in ASKING), default=0)
    decided = (role for _, verb, role in steps[begun:] if verb in DECIDING and role != EMPLOYEE)
    return tuple(dict.fromkeys(role_here(role, mapped) for role in decided))


def role_here(role: str, mapped: Mapped) -> str:
    """Return what a role of the log is called in the policy."""
    return mapped.roles.get(role, role.strip().lower().replace(" ", "_"))


def usual_hours_of(waits: Sequence[Wait], mapped: Mapped) -> dict[str, float]:
    """Return the median hours (elapsed) that each role of the log has taken, by what it is called here."""
    stages = {word_of(role): here for role, here in mapped.roles.items()}
    hours: dict[str, list[float]] = defaultdict(list)
    for wait in waits:
        role = stages.get(wait.stage, wait.stage.lower().replace(" ", "_"))
        hours[role].append(wait.elapsed / ONE_HOUR)
    return {role: median(some) for role, some in hours.items()}


def _facts(said: Mapping[str, str], amount: Decimal, mapped: Mapped) -> Facts:
    told = {name: said.get(attribute, "").strip() for name, attribute in mapped.facts.items()}
    kind = told.get("kind", "")
    return Facts(
        kind=(mapped.kinds.get(kind, kind) if kind else "") or mapped.kind,
        amount=amount,
        currency=mapped.currency,
        monthly_increase=amount,
        cost_centre_paths=_paths(told.get("cost_centre", "")),
        category_paths=_paths(told.get("category", "")),
        vendor_code=told.get("vendor", ""),
        risk=_risk(told.get("risk", "")),
        is_emergency=told.get("emergency", "").casefold() in YES,
    )


def _amount(said: Mapping[str, str], events: Sequence[LoggedEvent], mapped: Mapped) -> Decimal | None:
    if "amount" in mapped.facts:
        found = _number(said.get(mapped.facts["amount"], ""))
    else:
        found = next((event.amount for event in events if event.amount is not None), None)
    return found.quantize(CENT, ROUND_HALF_UP) if found is not None and found >= 0 else None


def _risk(text: str) -> int:
    """Return a score from 0 to the highest; what is none counts as 0, as a request from before there was a score does."""
    score = _number(text)
    return min(max(int(score), 0), HIGHEST_RISK) if score is not None else 0


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal(10) ** 15 else None


def _paths(code: str) -> tuple[str, ...]:
    return (f"/{code}/",) if code else ()
