"""Scenarios of tags: keys, rules and targets stated, spend noted as it comes, rules applied, tags set by people."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from budgets.services import spend_tags, tag_files, tag_terms
from reconciliation.services import coding, ingest, tagging
from tests.factories.approvals import MARCH
from tests.factories.budgets import move
from tests.trust.scenarios.ground import Ground
from tests.trust.scenarios.registry import only_reads, scenario, steps_of

steps_of(coding.code_invoice_line, steps=[tagging.note_line, tagging.bear])
only_reads(tagging.borne_by, tagging.line_thread)
steps_of(ingest.apply, steps=[tagging.note_rows])
DOCUMENT = {
    "starts_on": "2026-03",
    "target": "95",
    "keys": [{"name": "Team", "allows": "list", "values": ["api", "data"]}],
    "rules": [{"name": "All", "service": "*", "sets": {"team": "api"}}],
}


def _loaded(ground: Ground) -> None:
    tag_files.load_tags(entity=ground.entity, document=DOCUMENT, actor=ground.finance)


def _item(ground: Ground, number: int) -> spend_tags.ItemData:
    said = {"vendor": "Acme Cloud", "service": "Hosting", "tags": {"owner": "Dana"}}
    return spend_tags.ItemData(f"t:{number}", ground.account.pk, MARCH, **said)  # type: ignore[arg-type]


@scenario(tag_terms.state_tag_key)
def _state_tag_key(ground: Ground) -> dict[str, Any]:
    return {"entity": ground.entity, "data": tag_terms.KeyData("Team", MARCH, "list", values=("api",)), "actor": ground.finance}


@scenario(tag_terms.state_tag_rule)
def _state_tag_rule(ground: Ground) -> dict[str, Any]:
    _loaded(ground)
    data = tag_terms.RuleData("Data", MARCH, {"team": "data"}, service="data*")
    return {"entity": ground.entity, "data": data, "actor": ground.finance}


@scenario(tag_terms.state_tag_target)
def _state_tag_target(ground: Ground) -> dict[str, Any]:
    return {"entity": ground.entity, "percent": Decimal(95), "starts_on": MARCH, "actor": ground.finance}


@scenario(tag_files.load_tags)
def _load_tags(ground: Ground) -> dict[str, Any]:
    return {"entity": ground.entity, "document": DOCUMENT, "actor": ground.finance}


@scenario(spend_tags.note_spend)
def _note_spend(ground: Ground) -> dict[str, Any]:
    _loaded(ground)
    return {"entity": ground.entity, "items": [_item(ground, 1), _item(ground, 2)]}


@scenario(spend_tags.add_tags)
def _add_tags(ground: Ground) -> dict[str, Any]:
    spend_tags.note_spend(entity=ground.entity, items=[_item(ground, 7)])
    return {"entity": ground.entity, "threads": ["t:7"], "tags": {"project": "moon"}}


@scenario(spend_tags.apply_tag_rules)
def _apply_tag_rules(ground: Ground) -> dict[str, Any]:
    move(ground.account, "spent", "10", month=MARCH, thread="t:1", is_fact=True)
    _loaded(ground)
    return {"entity": ground.entity, "month": MARCH, "actor": ground.finance}


@scenario(spend_tags.set_spend_tags)
def _set_spend_tags(ground: Ground) -> dict[str, Any]:
    move(ground.account, "spent", "10", month=MARCH, thread="t:1", is_fact=True)
    _loaded(ground)
    told = {"entity": ground.entity, "month": MARCH, "refs": ["t:1"], "tags": {"team": "data"}}
    return {**told, "reason": "It is theirs.", "actor": ground.finance}
