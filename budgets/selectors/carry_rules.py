"""What cost centres say about what is carried on, and whose word holds where."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from budgets.models import CarryRule, CostCentre
from budgets.rules.carrying import CARRY_ALL, CarryTerms
from budgets.selectors.rule_sets import BOOKS
from core.access import whole_entities_of
from core.errors import NotFound
from core.models import Entity, User


@dataclass(frozen=True, slots=True)
class Held:
    """What holds for a cost centre: the terms, and whose statement they are; None where nobody stated any."""

    terms: CarryTerms
    rule: CarryRule | None


@dataclass(frozen=True, slots=True)
class CentreRow:
    """A cost centre in the tree, what it says itself, and what holds for it."""

    cost_centre: CostCentre
    depth: int
    own: CarryRule | None
    held: Held
    coming: list[CarryRule]


def carry_rules_in_reach(user: User) -> QuerySet[CarryRule]:
    """Return every statement of the organizations whose books the person keeps or audits, the newest first."""
    found = CarryRule.objects.filter(entity__in=whole_entities_of(user, *BOOKS))
    return found.select_related("entity", "cost_centre", "stated_by").order_by("-id")


def access_carry_rule_by_id(user: User, rule_id: int) -> CarryRule:
    """Return a statement if the person keeps or audits the books of its organization. Raises NotFound."""
    found = carry_rules_in_reach(user).filter(pk=rule_id).first()
    if found is None:
        raise NotFound("There is no such statement, or none that you may see.", remedy="Start from the list of statements.")
    return found


def latest_rule(cost_centre: CostCentre) -> CarryRule | None:
    """Return what was stated last for a cost centre, whether its month has come or not."""
    return CarryRule.objects.filter(cost_centre=cost_centre).order_by("-number").first()


def rules_by_path(entity: Entity, month: date) -> dict[str, CarryRule]:
    """Return by cost centre path the statement that holds at the end of a month: the newest whose month has come."""
    rows = CarryRule.objects.filter(entity=entity, starts_on__lte=month).select_related("cost_centre", "stated_by")
    newest = rows.order_by("cost_centre_id", "-number").distinct("cost_centre_id")
    return {rule.cost_centre.path: rule for rule in newest}


def held_at(path: str, rules: Mapping[str, CarryRule]) -> Held:
    """Return what holds for the cost centre with a path: the nearest statement at or above it; where there is none, all."""
    above = sorted((each for each in rules if path.startswith(each)), key=len, reverse=True)
    for each in above:
        rule = rules[each]
        if rule.kind != CarryRule.Kind.ABOVE:
            return Held(terms_of(rule), rule)
    return Held(CARRY_ALL, None)


def terms_of(rule: CarryRule) -> CarryTerms:
    """Return what a statement says."""
    return CarryTerms(rule.kind, rule.share_pct, rule.amount, rule.currency)


def centre_rows(entity: Entity, month: date) -> list[CentreRow]:
    """Return the entity's cost centres in the order of their tree, with what holds for each at the end of a month."""
    rules = rules_by_path(entity, month)
    coming: dict[int, list[CarryRule]] = {}
    for rule in CarryRule.objects.filter(entity=entity, starts_on__gt=month).select_related("stated_by").order_by("number"):
        coming.setdefault(rule.cost_centre_id, []).append(rule)
    centres = CostCentre.objects.filter(entity=entity, is_active=True).order_by("path")
    return [
        CentreRow(each, each.path.count("/") - 2, rules.get(each.path), held_at(each.path, rules), coming.get(each.pk, []))
        for each in centres
    ]
