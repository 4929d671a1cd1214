"""What is wrong with a policy, for the organization it is meant for: its tree, and the people who hold its roles there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from approvals.rules.amendments import gap_sentence as size_gap_sentence
from approvals.rules.bands import Range
from approvals.rules.document import PolicyDocument
from approvals.rules.document_rules import accepted_gaps_of, rules_of, schemes_of
from approvals.rules.document_rules import limits_of as limits_of_document
from approvals.rules.limits import NAMES
from approvals.rules.owners import owner_of, words_of
from approvals.rules.particulars import POLICY_CHANGE
from approvals.rules.proof import Conflict, Gap, Overlap, Proof, Tree, limits_words, prove
from approvals.rules.routing import Rule
from approvals.selectors.chains import asked_by
from approvals.selectors.committees import stated_schemes
from approvals.selectors.owners import HoldersAnywhere
from approvals.selectors.seats import Scope, seat
from budgets.models import Category, CostCentre
from budgets.selectors.books import in_books
from core import clock
from core.access import people_with
from core.errors import Missing
from core.models import Entity, User
from core.rules.rights import Right

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
        schemes=[*schemes_of(document), *(stated_schemes(document, entity) if entity else ())],
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
    anywhere = HoldersAnywhere(entity)
    centres = list(CostCentre.objects.filter(entity=entity, is_active=True).order_by("path").values_list("path", flat=True))
    for rule in _and_above_limits(document, rules):
        alike: dict[tuple[tuple[tuple[int, Decimal | None], ...], ...], tuple[str, dict[str, Holders]]] = {}
        for path in _places(document, rule, centres):
            known = {word: anywhere.at(word, path) for word in _owners_of(rule, document)}
            held = tuple(tuple((user.pk, limit) for user, limit in known[code].items()) for code in sorted(known))
            alike.setdefault(held, (path, known))
        for path, known in alike.values():
            yield from _unseated(rule, document, entity, EVERYWHERE if len(alike) == 1 else path, known)


def _and_above_limits(document: PolicyDocument, rules: Sequence[Rule]) -> Iterator[Rule]:
    """Return each rule, and with the stage that each limit would add to it."""
    limits = [(NAMES[limit.what].lower(), limit.needs) for limit in limits_of_document(document) if limit.needs]
    for rule in rules:
        yield rule
        for name, needs in limits if document.kinds[rule.kind].subject == "spend" else ():
            if all(stage.role_code != needs.role_code for stage in rule.stages):
                yield replace(rule, name=f"{rule.name}, above the {name}", stages=(*rule.stages, needs))


def _places(document: PolicyDocument, rule: Rule, centres: Sequence[str]) -> list[str]:
    """Return which of `centres`, paths in order, the rule's requests may lie under: its subtree's top, and each below it."""
    inside = [code for code in (document.cost_centre, rule.cost_centre_code) if code]
    paths = [path for path in centres if all(f"/{code}/" in path for code in inside)]
    return paths if inside else [*paths, EVERYWHERE]


def _owners_of(rule: Rule, document: PolicyDocument) -> set[str]:
    """Return whom a rule asks, but for managers: they are others for each requester."""
    named = {stage.role_code for stage in rule.stages if not owner_of(stage.role_code).step}
    return (named | {stage.backup_role_code for stage in rule.stages} | {document.contact}) - {""}


def _unseated(rule: Rule, document: PolicyDocument, entity: Entity, path: str, known: dict[str, Holders]) -> Iterator[Unfillable]:
    people = {user.pk: user for users in known.values() for user in users}
    if any(owner_of(stage.role_code).step for stage in rule.stages):
        people |= {user.pk: user for user in people_with(Right.REQUEST, entity=entity, path=path)}
    for requester, name in [(ANYBODY, ""), *((user.pk, user.name) for user in people.values())]:
        try:
            scope = Scope(entity, path, requester, document.contact, amount=_most(rule, document, entity), known=dict(known))
            seat(asked_by(rule, scope), scope)
        except Missing as refusal:
            yield Unfillable(rule, str(refusal.details.get("role", "")), path, name, refusal.message)
            if not name:
                return


def _most(rule: Rule, document: PolicyDocument, entity: Entity) -> Decimal | None:
    """Return the most that may come under the rule, in the entity's currency; with no upper bound, more than any limit.

    A change of a policy has no amount.
    """
    if document.kinds[rule.kind].subject == POLICY_CHANGE:
        return None
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
        "accepted": [
            *((gap.accepted, gap_sentence(gap, currency)) for gap in proof.gaps if gap.accepted),
            *_size_gap(found.document),
        ],
    }


def _size_gap(document: PolicyDocument) -> list[tuple[str, str]]:
    """Return the shares of a category by which an amendment is neither minor nor major, where there are such."""
    said = size_gap_sentence(document.amendments)
    return [(f"treated as {document.amendments.between}", said)] if said and document.amendments else []


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
    shown = f"one of {_money(gap.range, currency)}{gap.region.example_words()} would be refused"
    return f"Nobody decides on {_words(gap.kind)}, {limits_words(gap.range)}{gap.region.words()}: {shown}.{but}"


def overlap_sentence(overlap: Overlap, currency: str) -> str:
    """Say where two rules match, and show it."""
    asked = "ask the same" if overlap.alike else "ask different people"
    both = f"{overlap.first.name} and {overlap.second.name}"
    shown = f"{_words(overlap.kind)} of {_money(overlap.range, currency)}{overlap.region.example_words()}"
    return f"Both match {shown}: {both}. The first decides, and they {asked}."


def conflict_sentence(conflict: Conflict, currency: str) -> str:
    """Say where another scheme names other people, and show it."""
    theirs = f"{conflict.scheme} says {_listed(conflict.roles_there)}"
    shown = f"For {_words(conflict.kind)} of {_money(conflict.range, currency)}"
    over = f"{limits_words(conflict.range)}{conflict.region.words()}"
    return f"{shown} the rules ask {_listed(conflict.roles)}, and {theirs} ({over})."


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
    return " and ".join(map(words_of, roles))
