"""Drawing up the document of a budget that begins from a table: planned as it will be, so that categories hold its lines."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from budgets.models import Category, CostCentre
from budgets.rules.beginning import Begun, BudgetHead, begun, document_of_begun
from budgets.rules.document import parse
from budgets.services.budgets import plan_of_document
from core.errors import InvalidInput
from core.models import Entity

ZERO = Decimal(0)


def document_from_table(*, entity: Entity, head: BudgetHead, table: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return the document of a new budget: a category holds what its row says, else what its lines, and those inside it, come to.

    Nothing is kept. Raises InvalidInput whose `details` map rows, or places of the head, to sentences.
    """
    said = begun(table, head.currency)
    centres = {node.code: node for node in CostCentre.objects.filter(entity=entity, is_active=True)}
    categories = {each.code: each for each in Category.objects.filter(entity=entity, is_active=True)}
    _refuse_unknown(said, head, centres, categories)
    order = sorted({*said.lines, *said.holds}, key=lambda code: (categories[code].path.count("/"), categories[code].path))
    parents = {code: _parent_of(code, order, categories) for code in order}
    draft = document_of_begun(head, said, parents=parents, order=order, holds=dict.fromkeys(order, ZERO))
    try:
        plan = plan_of_document(parse(draft).budget, entity, centres, categories)
    except InvalidInput as refusal:
        raise _by_row(refusal, said, order) from refusal
    holds = {code: sum((line.amount for line in plan.lines if line.category == code), ZERO) for code in order}
    # The innermost first, so that what an outer category holds takes in what lies in it.
    for code in reversed(order):
        holds[code] = said.holds.get(code, holds[code] + sum((holds[each] for each in order if parents[each] == code), ZERO))
    return document_of_begun(head, said, parents=parents, order=order, holds=holds) | {"entity": {"code": entity.code}}


def _refuse_unknown(said: Begun, head: BudgetHead, centres: Mapping[str, CostCentre], categories: Mapping[str, Category]) -> None:
    wrong: dict[str, str] = {}
    for category, lines in said.lines.items():
        for number, line in zip(said.rows[category], lines, strict=True):
            if category not in categories:
                wrong[f"row {number}"] = f"There is no category {category[:60]}."
            elif line["cost_centre"] not in centres:
                wrong[f"row {number}"] = f"There is no cost centre {line['cost_centre'][:60]}."
            elif not centres[line["cost_centre"]].path.startswith(centres[head.cost_centre].path):
                wrong[f"row {number}"] = f"The cost centre {line['cost_centre']} does not lie at or below the budget's."
    for category, number in said.stated_at.items():
        if category not in categories:
            wrong[f"row {number}"] = f"There is no category {category[:60]}."
    if wrong:
        raise InvalidInput("The table names what is not there.", remedy="Correct what stands below.", details=wrong)


def _parent_of(code: str, stated: Sequence[str], categories: Mapping[str, Category]) -> str:
    path = categories[code].path
    above = [other for other in stated if other != code and path.startswith(categories[other].path)]
    return max(above, key=lambda other: len(categories[other].path), default="")


def _by_row(refusal: InvalidInput, said: Begun, order: Sequence[str]) -> InvalidInput:
    """Return a refusal that names rows of the table where it names lines of the document."""
    named = {}
    for place in refusal.details:
        for index, category in enumerate(order):
            for at, number in enumerate(said.rows.get(category, [])):
                if place == (start := f"budget.envelopes[{index}].lines[{at}]") or place.startswith(f"{start}."):
                    named[place] = f"row {number}"
    details = {named.get(place, place): sentence for place, sentence in refusal.details.items()}
    if not named:
        return refusal
    return InvalidInput("The table cannot be planned.", remedy="Correct what stands below.", code=refusal.code, details=details)
