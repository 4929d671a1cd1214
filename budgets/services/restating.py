"""What a budget file states of the budget itself, beside the amounts of a version."""

from collections.abc import Mapping
from typing import Any

import yaml

from budgets.models import Budget, Category, CostCentre
from budgets.rules.bands import Band, TargetTerms
from budgets.rules.document import BudgetDocument, BudgetPart, EndsPart, EstimatePart, SharesPart
from budgets.selectors.band_statements import BandData, PartData, TargetData
from budgets.services import master_data, milestones
from budgets.services.bands import state_bands
from core.errors import InvalidInput
from core.models import Entity, User


def written(document: Mapping[str, Any]) -> str:
    """Return a document as the text of a file, for a version that waits."""
    return yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True)


def stated_of(part: BudgetPart, centres: Mapping[str, CostCentre]) -> dict[str, Any]:
    """Return what a file states of the budget itself, beside its amounts."""
    return {
        "name": part.name,
        "kind": part.kind,
        "currency": part.currency,
        "cost_centre": centres[part.cost_centre],
        "starts_on": part.starts_on,
        "ends_on": part.ends_on,
        "window": part.control.window or ("life" if part.kind == "project" else "year"),
        "line_mode": part.control.lines,
        "group_mode": part.control.groups,
        "tolerance": part.control.tolerance_pct / 100,
        "ladder": part.control.ladder,
    }


def restate(budget: Budget, entity: Entity, stated: dict[str, Any], *, keep: bool = False) -> Budget:
    """Say of the budget what a file states; with `keep` only judge it. Raises InvalidInput."""
    if budget.entity_id != entity.pk or budget.currency != stated["currency"]:
        raise InvalidInput(f"The code {budget.code} belongs to another budget.", remedy="Choose another code.", code="taken")
    if keep:
        return budget
    for name, value in stated.items():
        setattr(budget, name, value)
    budget.save()
    return budget


def write_milestones(budget: Budget, document: BudgetDocument, actor: User | None) -> None:
    """Keep the dated promises that a file states."""
    vendors = master_data.ensure_vendors(budget.entity, document.vendors, actor)
    for part in document.budget.milestones:
        vendor = master_data.known(vendors, part.vendor, "vendor") if part.vendor else None
        milestones.set_milestone(
            budget=budget,
            code=part.code,
            name=part.name,
            due_on=part.due_on,
            planned_cost=part.planned_cost,
            vendor=vendor,
            actor=actor,
        )


def check_bands(part: BudgetPart, centres: Mapping[str, CostCentre], categories: Mapping[str, Category]) -> None:
    """Raise Missing that names the code where a band of a file is of something that is not there."""
    for band in part.bands:
        for code in (band.cost_centre, *([band.share.of] if band.share else [])):
            master_data.known(centres, code, "cost centre")
        for code in (*(each.category for each in band.parts), *(each.category for each in band.targets if each.category)):
            master_data.known(categories, code or "", "category")


def write_bands(budget: Budget, document: BudgetDocument, actor: User | None) -> None:
    """State the estimate bands of a file. Those of which it says nothing stay as they are."""
    if stated := bands_of(budget, document):
        state_bands(budget=budget, stated=stated, actor=actor)


def bands_of(budget: Budget, document: BudgetDocument) -> list[tuple[CostCentre, BandData]]:
    """Return the estimate bands of a file, each with its cost centre."""
    if not document.budget.bands:
        return []
    centres = {node.code: node for node in CostCentre.objects.filter(entity=budget.entity)}
    categories = {each.code: each for each in Category.objects.filter(entity=budget.entity)}
    return [(centres[part.cost_centre], _band_data(part, document.budget, centres, categories)) for part in document.budget.bands]


def _band_data(
    part: EstimatePart, budget: BudgetPart, centres: Mapping[str, CostCentre], categories: Mapping[str, Category]
) -> BandData:
    targets = [
        TargetData(
            TargetTerms(each.percent, each.baseline, each.baseline_month, each.due_on),
            categories[each.category] if each.category else None,
        )
        for each in part.targets
    ]
    return BandData(
        starts_on=part.starts_on or budget.starts_on,
        parts=tuple(PartData(categories[each.category], each.low, each.high, each.name) for each in part.parts),
        heading=_ends(part.heading),
        buffer=_ends(part.growth_buffer_pct),
        share_of=centres[part.share.of] if part.share else None,
        shares=_ends(part.share),
        targets=tuple(targets),
        note=part.note,
    )


def _ends(part: EndsPart | SharesPart | None) -> Band | None:
    return Band(part.low, part.high) if part is not None else None
