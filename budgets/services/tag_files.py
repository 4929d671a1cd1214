"""Tag keys, rules and the target from a file: each stated as on its page, all or none."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from budgets.models import Category, CostCentre
from budgets.rules.tag_document import TagRulePart, TagsDocument, parse_tags
from budgets.services.master_data import known
from budgets.services.tag_terms import KeyData, RuleData, state_tag_key, state_tag_rule, state_tag_target
from core.models import Entity, User


@transaction.atomic
def load_tags(*, entity: Entity, document: Mapping[str, Any], actor: User | None) -> TagsDocument:
    """State what a file says. What stands already stays as it is. Raises InvalidInput, Missing and WrongState."""
    said = parse_tags(document)
    for key in said.keys:
        terms = {name: getattr(key, name) for name in ("name", "allows", "values", "pattern", "is_mandatory", "note")}
        state_tag_key(entity=entity, data=KeyData(starts_on=said.starts_on, **terms), actor=actor)
    centres = {each.code: each for each in CostCentre.objects.filter(entity=entity)}
    categories = {each.code: each for each in Category.objects.filter(entity=entity)}
    for rule in said.rules:
        state_tag_rule(entity=entity, data=_rule(rule, said, centres, categories), actor=actor)
    if said.target is not None:
        state_tag_target(entity=entity, percent=said.target, starts_on=said.starts_on, actor=actor)
    return said


def _rule(
    rule: TagRulePart, said: TagsDocument, centres: Mapping[str, CostCentre], categories: Mapping[str, Category]
) -> RuleData:
    words = {name: getattr(rule, name) for name in ("name", "position", "source", "vendor", "service", "resource", "sets")}
    return RuleData(
        starts_on=said.starts_on,
        category=known(categories, rule.category, "category") if rule.category else None,
        cost_centre=known(centres, rule.cost_centre, "cost centre") if rule.cost_centre else None,
        **words,
    )
