"""Tags: keys, rules and the target, what spend bears, and compliance."""

from typing import Any

from django.db.models import QuerySet

from budgets.api import tag_serializers as shapes
from budgets.api.filters import SpendItemFilter, TagTermsFilter
from budgets.models import Category, CostCentre, SpendItem, TagKey, TagRule, TagTarget
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rule_sets import BOOKS, access_entity_of_books
from budgets.selectors.spend_tags import last_month_of_spend
from budgets.selectors.tag_compliance import Compliance, compliance_of, lacking_rows
from budgets.selectors.tags import (
    access_spend_item_by_id,
    access_tag_key_by_id,
    access_tag_rule_by_id,
    spend_items_in_reach,
    tag_keys_in_reach,
    tag_rules_in_reach,
)
from budgets.services.spend_tags import apply_tag_rules, set_spend_tags
from budgets.services.tag_terms import KeyData, RuleData, state_tag_key, state_tag_rule, state_tag_target
from core.api.acts import read, write
from core.api.endpoint import NUMBER, Listed, Shown
from core.errors import InvalidInput
from core.models import Entity
from core.rules.rights import Right

KEEPING = frozenset({Right.BUDGET})
LOOKING = frozenset(BOOKS)


class TagKeys(Listed[TagKey], Shown[TagKey]):
    """What is stated of tag keys, every statement, the newest first."""

    room = "budgets"
    model = TagKey
    rights = LOOKING
    shows = shapes.TagKeySerializer
    filterset_class = TagTermsFilter
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The statement's number.")}

    def rows(self) -> QuerySet[TagKey]:
        return tag_keys_in_reach(self.person)

    def one(self) -> TagKey:
        return access_tag_key_by_id(self.person, self.number())

    @write(takes=shapes.TagKeyTakenSerializer, gives=shapes.TagKeySerializer, status=201, rights=KEEPING)
    def create(self, data: dict[str, Any]) -> TagKey:
        """State what holds of a key from a month on. The same again is the statement that is there."""
        entity = access_entity_of_finance(self.person, data.pop("entity"))
        said = KeyData(**{"is_mandatory": False} | data | {"values": tuple(data.get("values", ()))})
        return state_tag_key(entity=entity, data=said, actor=self.person)


class TagRules(Listed[TagRule], Shown[TagRule]):
    """What is stated of rules that set tags, every statement, the newest first."""

    room = "budgets"
    model = TagRule
    rights = LOOKING
    shows = shapes.TagRuleSerializer
    filterset_class = TagTermsFilter
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The statement's number.")}

    def rows(self) -> QuerySet[TagRule]:
        return tag_rules_in_reach(self.person)

    def one(self) -> TagRule:
        return access_tag_rule_by_id(self.person, self.number())

    @write(takes=shapes.TagRuleTakenSerializer, gives=shapes.TagRuleSerializer, status=201, rights=KEEPING)
    def create(self, data: dict[str, Any]) -> TagRule:
        """State a rule from a month on. The same again is the statement that is there."""
        entity = access_entity_of_finance(self.person, data.pop("entity"))
        places = {
            "category": _named(Category, entity, data.pop("category", ""), "category"),
            "cost_centre": _named(CostCentre, entity, data.pop("cost_centre", ""), "cost_centre"),
        }
        return state_tag_rule(entity=entity, data=RuleData(**data, **places), actor=self.person)


def _named(model: Any, entity: Entity, code: str, field: str) -> Any:
    if not code:
        return None
    found = model.objects.filter(entity=entity, code=code).first()
    if found is None:
        sentence = f"{entity.name} has no such {model._meta.verbose_name}."
        raise InvalidInput(f"There is no {model._meta.verbose_name} {code}.", details={field: sentence})
    return found


class SpendTags(Listed[SpendItem], Shown[SpendItem]):
    """Spend and the tags that it bears, with all that was said of them, the newest first."""

    room = "budgets"
    model = SpendItem
    rights = LOOKING
    shows = shapes.SpendItemSerializer
    filterset_class = SpendItemFilter
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The item's number.")}

    def rows(self) -> QuerySet[SpendItem]:
        return spend_items_in_reach(self.person)

    def one(self) -> SpendItem:
        return access_spend_item_by_id(self.person, self.number())

    @write(takes=shapes.SetTagsSerializer, gives=shapes.CountSerializer, rights=KEEPING)
    def create(self, data: dict[str, Any]) -> dict[str, int]:
        """Set tags on spend of a month, for a reason. What bears them already stays as it is."""
        entity = access_entity_of_finance(self.person, data["entity"])
        rows = set_spend_tags(
            entity=entity,
            month=data["month"],
            refs=data["threads"],
            tags=data["tags"],
            reason=data["reason"],
            actor=self.person,
        )
        return {"set": len(rows)}

    @write(takes=shapes.TagMonthSerializer, gives=shapes.CountSerializer, rights=KEEPING, detail=False, heavy=True)
    def apply(self, data: dict[str, Any]) -> dict[str, int]:
        """Let the rules set what is missing on a month's spend."""
        entity = access_entity_of_finance(self.person, data["entity"])
        return {"set": apply_tag_rules(entity=entity, month=data["month"], actor=self.person)}

    @write(takes=shapes.TargetTakenSerializer, gives=shapes.TargetSerializer, status=201, rights=KEEPING, detail=False)
    def target(self, data: dict[str, Any]) -> TagTarget:
        """State the target from a month on."""
        entity = access_entity_of_finance(self.person, data["entity"])
        return state_tag_target(entity=entity, percent=data["percent"], starts_on=data["starts_on"], actor=self.person)

    @read(gives=shapes.ComplianceSerializer, asks=shapes.TagMonthAskedSerializer, detail=False, heavy=True)
    def compliance(self, asked: dict[str, Any]) -> Compliance:
        """Say how much of a month's spend bears its mandatory tags, against the target."""
        entity = access_entity_of_books(self.person, asked.get("entity", ""))
        return compliance_of(entity, asked.get("month") or last_month_of_spend(entity))

    @read(gives=shapes.LackingSerializer, asks=shapes.TagMonthAskedSerializer, detail=False, heavy=True)
    def lacking(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Say which spend of a month lacks a mandatory tag, the largest first; the first thousand rows."""
        entity = access_entity_of_books(self.person, asked.get("entity", ""))
        return shapes.lacking_shown(lacking_rows(entity, asked.get("month") or last_month_of_spend(entity)))
