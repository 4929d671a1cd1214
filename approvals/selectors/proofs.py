"""What is wrong with a policy, for the organization it is meant for: its tree, and the people who hold its roles there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from approvals.rules.bands import Range
from approvals.rules.document import PolicyDocument, accepted_gaps_of, rules_of, schemes_of
from approvals.rules.proof import Conflict, Gap, Overlap, Proof, Tree, limits_words, prove
from approvals.rules.routing import Rule
from approvals.selectors.chains import Scope, seat
from budgets.models import Category, CostCentre
from budgets.selectors.books import in_books
from core import clock
from core.access import limits_of
from core.errors import Missing
from core.models import Entity, User

Holders = dict[User, Decimal | None]
# Nobody has this id: a requester who holds none of the policy's roles.
ANYBODY = 0
EVERYWHERE = "/"


@dataclass(frozen=True, slots=True)
class Unfillable:
    """A rule with a stage that nobody can fill: where, and for whose requests. `requester` is empty where it is so for all."""

    rule: Rule
    role_code: str
    path: str
    requester: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProvedPolicy:
    """A document and everything found in it. `people_checked` is False where the organization is not known here."""

    document: PolicyDocument
    rules: tuple[Rule, ...]
    proof: Proof
    unfillable: tuple[Unfillable, ...] = field(default=())
    people_checked: bool = False

    @property
    def is_clean(self) -> bool:
        """Say whether nothing at all was found but gaps that are accepted."""
        return not (self.proof.faults or self.proof.conflicts or self.proof.overlaps or self.unfillable)


def proved(document: PolicyDocument, entity: Entity | None) -> ProvedPolicy:
    """Prove `document`: its bands by themselves and, where `entity` is known, its codes and stages against what is there."""
    rules = rules_of(document)
    proof = prove(
        kinds=list(document.kinds),
        rules=rules,
        accepted=accepted_gaps_of(document),
        schemes=schemes_of(document),
        tree=_tree(entity) if entity else None,
    )
    if entity is None:
        return ProvedPolicy(document, tuple(rules), proof)
    return ProvedPolicy(document, tuple(rules), proof, tuple(_unfillable(document, rules, entity)), people_checked=True)


def _tree(entity: Entity) -> Tree:
    return Tree(
        cost_centres=_above(CostCentre.objects.filter(entity=entity).values_list("path", flat=True)),
        categories=_above(Category.objects.filter(entity=entity).values_list("path", flat=True)),
    )


def _above(paths: Iterable[str]) -> dict[str, frozenset[str]]:
    split = [path.strip("/").split("/") for path in paths]
    return {codes[-1]: frozenset(codes[:-1]) for codes in split}


def _unfillable(document: PolicyDocument, rules: Sequence[Rule], entity: Entity) -> Iterator[Unfillable]:
    """Seat every rule everywhere its requests may lie, asked by anybody and by each person who holds one of its roles."""
    for rule in rules:
        alike: dict[tuple[tuple[tuple[int, Decimal | None], ...], ...], tuple[str, dict[str, Holders]]] = {}
        for path in _places(document, rule, entity):
            known = {code: limits_of(code, entity=entity, path=path) for code in _roles_of(rule, document)}
            held = tuple(tuple((user.pk, limit) for user, limit in known[code].items()) for code in sorted(known))
            alike.setdefault(held, (path, known))
        for path, known in alike.values():
            yield from _unseated(rule, document, entity, EVERYWHERE if len(alike) == 1 else path, known)


def _places(document: PolicyDocument, rule: Rule, entity: Entity) -> list[str]:
    """Return the paths under which the rule's requests may lie: the top of its subtree, and each cost centre below it."""
    centres = CostCentre.objects.filter(entity=entity, is_active=True).order_by("path").values_list("path", flat=True)
    inside = [code for code in (document.cost_centre, rule.cost_centre_code) if code]
    paths = [path for path in centres if all(f"/{code}/" in path for code in inside)]
    return paths if inside else [*paths, EVERYWHERE]


def _roles_of(rule: Rule, document: PolicyDocument) -> set[str]:
    named = {stage.role_code for stage in rule.stages} | {stage.backup_role_code for stage in rule.stages}
    return (named | {document.contact}) - {""}


def _unseated(rule: Rule, document: PolicyDocument, entity: Entity, path: str, known: dict[str, Holders]) -> Iterator[Unfillable]:
    people = {user.pk: user for users in known.values() for user in users}
    for requester, name in [(ANYBODY, ""), *((user.pk, user.name) for user in people.values())]:
        try:
            scope = Scope(entity, path, requester, document.contact, amount=_most(rule, document, entity), known=dict(known))
            seat(rule.stages, scope)
        except Missing as refusal:
            yield Unfillable(rule, str(refusal.details.get("role", "")), path, name, refusal.message)
            if not name:
                return


def _most(rule: Rule, document: PolicyDocument, entity: Entity) -> Decimal:
    """Return the most that may come under the rule, in the entity's currency; with no upper bound, more than any limit."""
    if rule.measure != "amount" or rule.upper is None:
        return Decimal("Infinity")
    return in_books(rule.upper, document.currency, entity, on=clock.now().date())


def told(found: ProvedPolicy) -> dict[str, Any]:
    """Return what the proof found, in sentences, in the order of their weight."""
    currency = found.document.currency
    proof = found.proof
    return {
        "is_publishable": not proof.faults,
        "faults": list(fault_sentences(found).values()),
        "unfillable": [unfillable_sentence(each) for each in found.unfillable],
        "conflicts": [conflict_sentence(each, currency) for each in proof.conflicts],
        "alike": [overlap_sentence(each, currency) for each in proof.overlaps if each.alike],
        "accepted": [(gap.accepted, gap_sentence(gap, currency)) for gap in proof.gaps if gap.accepted],
    }


def fault_sentences(found: ProvedPolicy) -> dict[str, str]:
    """Return what keeps the policy from being published: {where: sentence with an amount that shows it}."""
    told: dict[str, str] = {}
    currency = found.document.currency
    for number, gap in enumerate(found.proof.open_gaps, start=1):
        told[f"gap {number}"] = gap_sentence(gap, currency)
    for number, overlap in enumerate((each for each in found.proof.overlaps if not each.alike), start=1):
        told[f"overlap {number}"] = overlap_sentence(overlap, currency)
    for dead in found.proof.dead_rules:
        told[f"rule {dead.rule.position}"] = f"{dead.rule.name} is never reached. {dead.reason}"
    return told


def gap_sentence(gap: Gap, currency: str) -> str:
    """Say what a gap leaves open, and show it."""
    but = f" There is a rule for a part of it: {', '.join(gap.but)}." if gap.but else ""
    shown = f"one of {_money(gap.range, currency)} would be refused"
    return f"Nobody decides on {_words(gap.kind)}, {limits_words(gap.range)}: {shown}.{but}"


def overlap_sentence(overlap: Overlap, currency: str) -> str:
    """Say where two rules match, and show it."""
    asked = "ask the same" if overlap.alike else "ask different people"
    both = f"{overlap.first.name} and {overlap.second.name}"
    return f"Both match {_words(overlap.kind)} of {_money(overlap.range, currency)}: {both}. The first decides, and they {asked}."


def conflict_sentence(conflict: Conflict, currency: str) -> str:
    """Say where another scheme names other people, and show it."""
    theirs = f"{conflict.scheme} says {_listed(conflict.roles_there)}"
    shown = f"For {_words(conflict.kind)} of {_money(conflict.range, currency)}"
    return f"{shown} the rules ask {_listed(conflict.roles)}, and {theirs} ({limits_words(conflict.range)})."


def unfillable_sentence(found: Unfillable) -> str:
    """Say which stage nobody can fill, where and for whom."""
    whose = f" when {found.requester} asks" if found.requester else ""
    where = "" if found.path == EVERYWHERE else f" at {found.path.strip('/').replace('/', ' / ')}"
    return f"{found.rule.name}{where}{whose}: {found.reason}"


def _money(found: Range, currency: str) -> str:
    return f"{found.example():,.2f} {currency}"


def _words(code: str) -> str:
    return code.replace("_", " ")


def _listed(roles: Sequence[str]) -> str:
    return " and ".join(map(_words, roles))
