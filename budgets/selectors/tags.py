"""Keys, rules and targets of tags that hold in a month, and what values are held against."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar

from django.db.models import QuerySet

from budgets.models import Budget, CostCentre, SpendItem, TagKey, TagRule, TagTarget
from budgets.rules.tags import KeyTerms, Known, RuleTerms, wrong_value
from budgets.selectors.rule_sets import BOOKS
from core.access import whole_entities_of
from core.errors import NotFound
from core.models import Entity, User

S = TypeVar("S", TagKey, TagRule)


def tag_keys_in_reach(user: User) -> QuerySet[TagKey]:
    """Return every statement of keys of the organizations whose books the person keeps or audits, the newest first."""
    found = TagKey.objects.filter(entity__in=whole_entities_of(user, *BOOKS))
    return found.select_related("entity", "stated_by").order_by("-id")


def tag_rules_in_reach(user: User) -> QuerySet[TagRule]:
    """Return every statement of rules of the organizations whose books the person keeps or audits, the newest first."""
    found = TagRule.objects.filter(entity__in=whole_entities_of(user, *BOOKS))
    return found.select_related("entity", "stated_by", "category", "cost_centre").order_by("-id")


def spend_items_in_reach(user: User) -> QuerySet[SpendItem]:
    """Return the items of spend of the organizations whose books the person keeps or audits, the newest first."""
    found = SpendItem.objects.filter(entity__in=whole_entities_of(user, *BOOKS))
    return found.select_related("entity").prefetch_related("tags__rule", "tags__set_by").order_by("-id")


def access_tag_key_by_id(user: User, key_id: int) -> TagKey:
    """Return a statement of a key if the person keeps or audits the books of its organization. Raises NotFound."""
    found = tag_keys_in_reach(user).filter(pk=key_id).first()
    if found is None:
        raise NotFound("There is no such tag key, or none that you may see.", remedy="Start from the list of tags.")
    return found


def access_tag_rule_by_id(user: User, rule_id: int) -> TagRule:
    """Return a statement of a rule if the person keeps or audits the books of its organization. Raises NotFound."""
    found = tag_rules_in_reach(user).filter(pk=rule_id).first()
    if found is None:
        raise NotFound("There is no such rule, or none that you may see.", remedy="Start from the list of rules.")
    return found


def access_spend_item_by_id(user: User, item_id: int) -> SpendItem:
    """Return an item of spend if the person keeps or audits the books of its organization. Raises NotFound."""
    found = spend_items_in_reach(user).filter(pk=item_id).first()
    if found is None:
        raise NotFound("There is no such spend, or none that you may see.", remedy="Start from the list of what lacks tags.")
    return found


def keys_held(entity: Entity, month: date) -> list[TagKey]:
    """Return the statements of keys that hold in a month: mandatory keys first, in the order in which they were first stated."""
    rows = TagKey.objects.filter(entity=entity, starts_on__lte=month).order_by("pk")
    held = [row for row in _newest(rows) if not row.is_archived]
    return sorted(held, key=lambda each: not each.is_mandatory)


def rules_held(entity: Entity, month: date) -> list[TagRule]:
    """Return the statements of rules that hold in a month, in their order."""
    rows = TagRule.objects.filter(entity=entity, starts_on__lte=month).select_related("category", "cost_centre", "entity")
    held = [row for row in _newest(rows.order_by("pk")) if not row.is_off]
    return sorted(held, key=lambda each: (each.position, each.code))


def _newest(rows: Iterable[S]) -> list[S]:
    newest: dict[str, S] = {}
    for row in rows:
        newest[row.code] = row
    return list(newest.values())


def latest_keys(entity: Entity) -> list[TagKey]:
    """Return what was stated last of each key, whether its month has come or not; archived ones too."""
    rows = TagKey.objects.filter(entity=entity).select_related("stated_by", "entity")
    return sorted(_newest(rows.order_by("pk")), key=lambda each: (each.is_archived, not each.is_mandatory))


def latest_rules(entity: Entity) -> list[TagRule]:
    """Return what was stated last of each rule, whether its month has come or not; those that are off too."""
    rows = TagRule.objects.filter(entity=entity).select_related("stated_by", "category", "cost_centre", "entity")
    return sorted(_newest(rows.order_by("pk")), key=lambda each: (each.is_off, each.position, each.code))


def latest_target(entity: Entity) -> TagTarget | None:
    """Return what was stated last, whether its month has come or not."""
    return TagTarget.objects.filter(entity=entity).order_by("-number").first()


def target_held(entity: Entity, month: date) -> Decimal | None:
    """Return the target that holds in a month, in per cent; None where none was stated."""
    rows = TagTarget.objects.filter(entity=entity, starts_on__lte=month).order_by("-number")
    return rows.values_list("percent", flat=True).first()


def terms_of_key(key: TagKey) -> KeyTerms:
    """Return what a statement says of its key."""
    return KeyTerms(key.code, key.name, key.is_mandatory, key.allows, tuple(key.values), key.pattern)


def terms_of_rule(rule: TagRule) -> RuleTerms:
    """Return what a statement says of its rule."""
    return RuleTerms(
        rule.pk,
        rule.name,
        rule.sets,
        rule.source,
        rule.vendor,
        rule.service,
        rule.resource,
        rule.category.path if rule.category else "",
        rule.cost_centre.path if rule.cost_centre else "",
    )


def known_in(entity: Entity, month: date) -> Known:
    """Return what the values of tags are held against in a month."""
    budgets = Budget.objects.filter(entity=entity, starts_on__lte=month, ends_on__gte=month)
    return Known(
        frozenset(CostCentre.objects.filter(entity=entity).values_list("code", flat=True)),
        frozenset(budgets.values_list("code", flat=True)),
    )


def wrong_tags(entity: Entity, tags: Mapping[str, str], month: date) -> list[str]:
    """Return a sentence for each tag that the organization does not know, or whose value it does not allow in a month.

    Where it has stated no keys, everything goes.
    """
    held = {key.code: terms_of_key(key) for key in keys_held(entity, month)} if tags else {}
    if not held:
        return []
    known = known_in(entity, month)
    names = ", ".join(key.name for key in held.values())
    said = [
        wrong_value(held[code.lower()], value, known)
        if code.lower() in held
        else f"{entity.name} has no tag {code}; it has {names}."
        for code, value in tags.items()
    ]
    return [sentence for sentence in said if sentence]
