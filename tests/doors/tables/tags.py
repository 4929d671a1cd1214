"""The doors of tags: the month's figures, what lacks tags, keys, rules, the target; as pages and for programs."""

from typing import Any

from tests.doors.tagging import THREAD
from tests.doors.words import AUDIT, BUDGET, Answer, Door, Things, act, form, may, page, reads

LOOKING = reads(BUDGET, AUDIT, whole=True)
BOOKS = may(BUDGET, whole=True)
MONTH = "2026-04"


def _key(things: Things) -> dict[str, Any]:
    return {"name": "Colour", "starts_on": MONTH, "allows": "text", "is_mandatory": "on"}


def _rule(things: Things) -> dict[str, Any]:
    return {"name": "Of level", "starts_on": MONTH, "position": "10", "service": "*", "sets": "Level=1"}


def _set(things: Things) -> dict[str, Any]:
    return {"month": MONTH, "rows": THREAD, "key": "level", "value": "3", "reason": "It rose."}


def _by_program(said: dict[str, Any]) -> Any:
    return lambda things: {"entity": things["entity"], **said}


STATED_KEY = {"name": "Colour", "starts_on": MONTH, "allows": "text"}
STATED_RULE = {"name": "Of level", "starts_on": MONTH, "service": "*", "sets": {"Level": "1"}}
SET = {"month": MONTH, "threads": [THREAD], "tags": {"level": "3"}, "reason": "It rose."}
TARGET = {"percent": "90", "starts_on": MONTH}

DOORS: list[Door] = [
    page("budgets:tags", LOOKING, query="entity"),
    page("budgets:tags-csv", LOOKING, query="entity"),
    page("budgets:tags-lacking", LOOKING, query="entity"),
    page("budgets:tags-lacking-csv", LOOKING, query="entity"),
    page("budgets:tag-item", LOOKING, item_id="spend_item"),
    page("budgets:tag-terms", LOOKING, query="entity"),
    act("budgets:tags-set", BOOKS, entity_code="entity", body=_set, changes=("budgets_spendtag",)),
    # Nothing that a rule could set is missing.
    act("budgets:tags-apply", BOOKS, entity_code="entity", body=lambda things: {"month": MONTH}),
    form("budgets:tag-key-state", BOOKS, entity_code="entity", body=_key, changes=("budgets_tagkey",)),
    form("budgets:tag-rule-state", BOOKS, entity_code="entity", body=_rule, changes=("budgets_tagrule",)),
    act("budgets:tag-target-state", BOOKS, entity_code="entity", body=lambda things: TARGET, changes=("budgets_tagtarget",)),
]

API: list[Door] = [
    Door(
        "api:budget-templates-list",
        get=reads(BUDGET),
        post=BOOKS,
        body=lambda things: {"budget": things.get("budget", "none"), "name": "A plan"},
        names=("budget",),
        changes=("budgets_budgettemplate",),
    ),
    Door("api:budget-templates-detail", get=BOOKS, at={"id": "template"}),
    # What the budget is to be called is not said.
    Door("api:budget-templates-begin", get=reads(BUDGET, whole=True, allowed=Answer.WRONG), at={"id": "template"}),
    Door("api:budget-templates-put-away", post=BOOKS, at={"id": "template"}, changes=("budgets_budgettemplate",)),
    Door(
        "api:tag-keys-list",
        get=reads(BUDGET, AUDIT),
        post=BOOKS,
        body=_by_program(STATED_KEY),
        names=("entity",),
        changes=("budgets_tagkey",),
    ),
    Door("api:tag-keys-detail", get=LOOKING, at={"id": "tag_key"}),
    Door(
        "api:tag-rules-list",
        get=reads(BUDGET, AUDIT),
        post=BOOKS,
        body=_by_program(STATED_RULE),
        names=("entity",),
        changes=("budgets_tagrule",),
    ),
    Door("api:tag-rules-detail", get=LOOKING, at={"id": "tag_rule"}),
    Door(
        "api:spend-tags-list",
        get=reads(BUDGET, AUDIT),
        post=BOOKS,
        body=_by_program(SET),
        names=("entity",),
        changes=("budgets_spendtag",),
    ),
    Door("api:spend-tags-detail", get=LOOKING, at={"id": "spend_item"}),
    Door("api:spend-tags-apply", post=BOOKS, body=_by_program({"month": MONTH}), names=("entity",)),
    Door("api:spend-tags-target", post=BOOKS, body=_by_program(TARGET), names=("entity",), changes=("budgets_tagtarget",)),
    Door("api:spend-tags-compliance", get=LOOKING, query="entity"),
    Door("api:spend-tags-lacking", get=LOOKING, query="entity"),
]
