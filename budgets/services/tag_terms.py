"""Stating tag keys, rules and the target. No statement is changed: the next one follows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from budgets.locks import lock_key
from budgets.models import Category, CostCentre, TagKey, TagRule, TagTarget
from budgets.rules.months import first_of
from budgets.rules.sentences import month_name
from budgets.rules.tags import LONGEST_VALUE, NAME, OWN, PLACE, wrong_pattern, wrong_value
from budgets.selectors.tags import keys_held, known_in, latest_target, terms_of_key
from core.errors import InvalidInput, WrongState
from core.models import Entity, User
from core.services import audit

MOST_VALUES, MOST_KEYS, MOST_RULES = 200, 60, 200
KEY_PARTS = ("starts_on", "is_mandatory", "allows", "values", "pattern", "is_archived", "note")
RULE_PARTS = ("name", "position", "starts_on", "source", "vendor", "service", "resource", "category_id", "cost_centre_id", "sets")


@dataclass(frozen=True)
class KeyData:
    """What is stated of a key. `values` are those of a list, or the domains of e-mail addresses."""

    name: str
    starts_on: date
    allows: str
    is_mandatory: bool = True
    values: tuple[str, ...] = ()
    pattern: str = ""
    is_archived: bool = False
    note: str = ""


@dataclass(frozen=True)
class RuleData:
    """What is stated of a rule. Blank parts fit anything; `code` blank: made of the name."""

    name: str
    starts_on: date
    sets: Mapping[str, str]
    code: str = ""
    position: int = 100
    source: str = ""
    vendor: str = ""
    service: str = ""
    resource: str = ""
    category: Category | None = None
    cost_centre: CostCentre | None = None
    is_off: bool = False


@transaction.atomic
def state_tag_key(*, entity: Entity, data: KeyData, actor: User | None) -> TagKey:
    """State what holds of a key from a month on, until the next statement. The same again is the statement that is there.

    Raises InvalidInput naming the fields, and WrongState where a statement begins later.
    """
    lock_key(f"tags:{entity.pk}")
    code, month = data.name.strip().lower(), first_of(data.starts_on)
    before = TagKey.objects.filter(entity=entity, code=code).order_by("-number").first()
    _check_key(entity, data, before)
    key = TagKey(
        entity=entity,
        name=data.name.strip(),
        code=code,
        number=before.number + 1 if before else 1,
        starts_on=month,
        is_mandatory=data.is_mandatory,
        allows=data.allows,
        values=[each.strip() for each in data.values],
        pattern=data.pattern,
        is_archived=data.is_archived,
        note=data.note,
        stated_by=actor,
    )
    if before is not None and all(getattr(before, part) == getattr(key, part) for part in KEY_PARTS):
        return before
    _check_order(before, month)
    key.save(force_insert=True)
    said, earlier = _said(key, KEY_PARTS), _said(before, KEY_PARTS) if before else None
    audit.record(actor=actor, verb="tag_key.stated", subject=key, entity=entity, before=earlier, after={"name": key.name} | said)
    return key


def _check_key(entity: Entity, data: KeyData, before: TagKey | None) -> None:
    wrong: dict[str, str] = {}
    if not NAME.match(data.name.strip()):
        wrong["name"] = "A key has up to 40 letters, digits, hyphens and underscores; a letter comes first."
    elif before is not None and before.name != data.name.strip():
        wrong["name"] = f"The key is called {before.name} and keeps its name. Write it so, or state a key of another name."
    elif before is None and TagKey.objects.filter(entity=entity).values("code").distinct().count() >= MOST_KEYS:
        wrong["name"] = f"An organization has at most {MOST_KEYS} keys. Use one of them."
    _check_values(data, wrong)
    if data.pattern and data.allows != TagKey.Allows.TEXT:
        wrong["pattern"] = "A form belongs to free text. Leave it blank, or choose free text."
    elif trouble := wrong_pattern(data.pattern):
        wrong["pattern"] = trouble
    _refuse(wrong, "This key cannot hold.")


def _check_values(data: KeyData, wrong: dict[str, str]) -> None:
    values = [each.strip() for each in data.values]
    takes = {TagKey.Allows.LIST: "the values that are allowed", TagKey.Allows.EMAIL: "the company's domain, such as example.com"}
    if data.allows not in TagKey.Allows.values:
        wrong["allows"] = "Choose what the key allows."
    elif data.allows not in takes and values:
        wrong["values"] = "Values belong to a list, and domains to an e-mail address. Leave them blank."
    elif data.allows in takes and not values:
        wrong["values"] = f"Write {takes[TagKey.Allows(data.allows)]}."
    elif len(values) > MOST_VALUES or any(not 0 < len(each) <= LONGEST_VALUE for each in values):
        wrong["values"] = f"Write at most {MOST_VALUES} values of 1 to {LONGEST_VALUE} characters."
    elif len({each.casefold() for each in values}) < len(values):
        wrong["values"] = "A value stands there twice. Keep one of them."
    elif data.allows == TagKey.Allows.EMAIL and any("@" in each or "." not in each for each in values):
        wrong["values"] = "Write domains without the @, such as example.com."


@transaction.atomic
def state_tag_rule(*, entity: Entity, data: RuleData, actor: User | None) -> TagRule:
    """State a rule from a month on, until the next statement under its code. The same again is the statement that is there.

    Raises InvalidInput naming the fields, and WrongState where a statement begins later.
    """
    lock_key(f"tags:{entity.pk}")
    month = first_of(data.starts_on)
    code = data.code.strip().lower() or slugify(data.name)[:40].strip("-")
    before = TagRule.objects.filter(entity=entity, code=code).order_by("-number").first()
    sets = {key.strip().lower(): value.strip() for key, value in data.sets.items()}
    _check_rule(entity, data, code, sets, month)
    rule = TagRule(
        entity=entity,
        code=code,
        name=data.name.strip()[:200],
        number=before.number + 1 if before else 1,
        position=data.position,
        starts_on=month,
        source=data.source.strip(),
        vendor=data.vendor.strip(),
        service=data.service.strip(),
        resource=data.resource.strip(),
        category=data.category,
        cost_centre=data.cost_centre,
        sets=sets,
        is_off=data.is_off,
        stated_by=actor,
    )
    if before is not None and all(getattr(before, part) == getattr(rule, part) for part in (*RULE_PARTS, "is_off")):
        return before
    _check_order(before, month)
    rule.save(force_insert=True)
    said, earlier = _said(rule, (*RULE_PARTS, "is_off")), _said(before, (*RULE_PARTS, "is_off")) if before else None
    audit.record(actor=actor, verb="tag_rule.stated", subject=rule, entity=entity, before=earlier, after={"code": code} | said)
    return rule


def _check_rule(entity: Entity, data: RuleData, code: str, sets: Mapping[str, str], month: date) -> None:
    wrong: dict[str, str] = {}
    if not data.name.strip():
        wrong["name"] = "Give the rule a name."
    elif not code:
        wrong["name"] = "Give the rule a name with letters in it."
    elif TagRule.objects.filter(entity=entity).exclude(code=code).values("code").distinct().count() >= MOST_RULES:
        wrong["name"] = f"An organization has at most {MOST_RULES} rules. State one of them anew."
    for part in ("vendor", "service", "resource"):
        if trouble := wrong_pattern(getattr(data, part)):
            wrong[part] = trouble
    parts = (data.source, data.vendor, data.service, data.resource)
    if not any(each.strip() for each in parts) and data.category is None and data.cost_centre is None:
        wrong["service"] = "Say what the rule looks for; * alone, as the service, is everything."
    if data.category is not None and data.category.entity_id != entity.pk:
        wrong["category"] = f"Choose one of {entity.name}."
    if data.cost_centre is not None and data.cost_centre.entity_id != entity.pk:
        wrong["cost_centre"] = f"Choose one of {entity.name}."
    if trouble := _wrong_sets(entity, sets, month):
        wrong.setdefault("sets", trouble)
    _refuse(wrong, "This rule cannot hold.")


def _wrong_sets(entity: Entity, sets: Mapping[str, str], month: date) -> str:
    """Return what is wrong with what a rule sets, in a sentence. Values with the spend's own words are judged later."""
    if not sets:
        return "Say which tag it sets, such as Environment=production."
    held = {key.code: terms_of_key(key) for key in keys_held(entity, month)}
    known = known_in(entity, month)
    for code, value in sets.items():
        own = PLACE.findall(value)
        if code not in held:
            return f"{entity.name} has no tag {code} in {month_name(month)}. State the key first, or write one that is there."
        if not 0 < len(value) <= LONGEST_VALUE:
            return f"Give {held[code].name} a value of 1 to {LONGEST_VALUE} characters."
        if unknown := [each for each in own if each not in OWN]:
            return f"Spend has no {{{unknown[0]}}}. Write one of {', '.join(f'{{{each}}}' for each in OWN)}."
        if not own and (trouble := wrong_value(held[code], value, known)):
            return trouble
    return ""


@transaction.atomic
def state_tag_target(*, entity: Entity, percent: Decimal, starts_on: date, actor: User | None) -> TagTarget:
    """State how much of the spend shall bear its tags, in per cent of its amount. The same again is the one that is there."""
    if not 0 <= percent <= 100:
        _refuse({"percent": "State a share from 0 to 100 per cent."}, "This is no share.")
    lock_key(f"tags:{entity.pk}")
    before, month = latest_target(entity), first_of(starts_on)
    if before is not None and (before.percent, before.starts_on) == (percent, month):
        return before
    _check_order(before, month)
    number = before.number + 1 if before else 1
    target = TagTarget.objects.create(entity=entity, number=number, starts_on=month, percent=percent, stated_by=actor)
    said = {"percent": str(percent), "starts_on": str(month)}
    audit.record(actor=actor, verb="tag_target.stated", subject=target, entity=entity, after=said)
    return target


def _check_order(before: TagKey | TagRule | TagTarget | None, month: date) -> None:
    if before is not None and before.starts_on > month:
        raise WrongState(
            f"There is a statement from {month_name(before.starts_on)} on.",
            remedy=f"State it from {month_name(before.starts_on)} on, or later: statements follow one another.",
        )


def _refuse(wrong: Mapping[str, str], what: str) -> None:
    if wrong:
        raise InvalidInput(what, remedy=next(iter(wrong.values())), details=dict(wrong))


def _said(stated: TagKey | TagRule, parts: tuple[str, ...]) -> dict[str, Any]:
    said = {part: getattr(stated, part) for part in parts}
    return {part: str(value) if isinstance(value, date) else value for part, value in said.items()}
