"""What an organization's tags put behind the doors: a key, a rule, a target, and spend that lacks a tag."""

from decimal import Decimal
from typing import Any

from budgets.models import Attribute, SpendItem
from budgets.services.attributes import AttributeData, define_attribute
from budgets.services.spend_tags import ItemData, note_spend
from budgets.services.tag_terms import KeyData, RuleData, state_tag_key, state_tag_rule, state_tag_target
from tests.doors.charging import MONTHS
from tests.doors.house import House
from tests.factories.budgets import JANUARY

THREAD = f"tools:{MONTHS['run']}"


def tag(house: House) -> dict[str, Any]:
    """Tag some of what the organization spends in common; return the things by their names."""
    whose = f"{house.word} ".lstrip()
    by: dict[str, Any] = {"entity": house.entity, "actor": house.finance}
    key = state_tag_key(data=KeyData("Team", JANUARY, "list", values=(f"{whose}crew",), note=f"{whose}teams"), **by)
    state_tag_key(data=KeyData("Level", JANUARY, "text", is_mandatory=False), **by)
    rule = state_tag_rule(data=RuleData(f"{whose}rule", JANUARY, {"team": f"{whose}crew"}, code="of-team", service="never"), **by)
    state_tag_target(percent=Decimal(95), starts_on=JANUARY, **by)
    account = house.entity.accounts.get(cost_centre__code="POOL")
    data = ItemData(THREAD, account.pk, MONTHS["run"], "ledger", f"{whose}supply", f"{whose}hosting", tags={"level": "9"})
    note_spend(entity=house.entity, items=[data])
    item = SpendItem.objects.get(entity=house.entity, thread=THREAD)
    found = [_asked(house, kind, f"{whose}region") for kind in ("budget", "request", "invoice")]
    return {"tag_key": key.pk, "tag_rule": rule.pk, "spend_item": item.pk, "attribute": found[0].pk}


def _asked(house: House, kind: str, name: str) -> Attribute:
    data = AttributeData(name, "text", JANUARY, kind=kind, code="region")
    return define_attribute(entity=house.entity, data=data, actor=house.finance)
