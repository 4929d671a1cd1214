"""What is stated of estimate bands: as rows, as data, and as a part of a budget's file."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from budgets.models import BandPart, BandTarget, Budget, Category, CostCentre, EstimateBand
from budgets.rules.bands import Band, TargetTerms
from budgets.selectors.budgets import READING, visible_budgets
from core.access import WHOLE, paths_of
from core.errors import NotFound
from core.models import User
from core.reach import in_reach
from core.rules.rights import Right

# Read for all bands of a list at once; a band by itself reads them when it is asked what it says.
WITH_ITS_ROWS = (
    Prefetch("parts", BandPart.objects.select_related("category").order_by("position")),
    Prefetch("targets", BandTarget.objects.select_related("category").order_by("position")),
)


@dataclass(frozen=True, slots=True)
class PartData:
    """A part as it is stated, in the budget's currency; a blank name is the category's."""

    category: Category
    low: Decimal
    high: Decimal
    name: str = ""

    @property
    def band(self) -> Band:
        return Band(self.low, self.high)


@dataclass(frozen=True, slots=True)
class TargetData:
    """A target as it is stated: of a category, or of all parts."""

    terms: TargetTerms
    category: Category | None = None


@dataclass(frozen=True, slots=True)
class BandData:
    """What is stated of a cost centre: its parts and heading, or that there is no band from a month on."""

    starts_on: date
    parts: tuple[PartData, ...] = ()
    heading: Band | None = None
    buffer: Band | None = None
    share_of: CostCentre | None = None
    shares: Band | None = None
    targets: tuple[TargetData, ...] = ()
    is_withdrawn: bool = False
    note: str = ""


def bands_in_reach(user: User, budget: Budget) -> QuerySet[EstimateBand]:
    """Return every statement of the budget's bands at cost centres that the person may read, the newest first."""
    reach = in_reach(user, *READING, under="cost_centre__path", entity="budget__entity")
    rows = EstimateBand.objects.filter(reach, budget=budget)
    return rows.select_related("budget__entity", "cost_centre", "share_of", "stated_by").order_by("-id")


def last_band_id(budget_code: str) -> int:
    """Return the id of the band that was stated last of the budget with this code, 0 where there is none."""
    stated = EstimateBand.objects.filter(budget__code=budget_code).order_by("-pk")
    return stated.values_list("pk", flat=True).first() or 0


def access_band_of(user: User, budget: Budget, band_id: int) -> EstimateBand:
    """Return a statement of the budget's bands if the person may read its cost centre. Raises NotFound."""
    found = bands_in_reach(user, budget).filter(pk=band_id).first()
    if found is None:
        raise NotFound("There is no such band, or none that you may see.", remedy="Start from the budget's bands.")
    return found


def access_budget_to_estimate(user: User, code: str) -> Budget:
    """Return the budget with this code if the person keeps the books of its organization. Raises NotFound."""
    budget = visible_budgets(user).filter(code=code).first()
    if budget is None or not may_state_bands(user, budget):
        raise NotFound("There is no such budget, or none whose books you keep.", remedy="Choose one from the list of budgets.")
    return budget


def may_state_bands(user: User, budget: Budget) -> bool:
    """Say whether the person states this budget's bands: who keeps the books of the whole organization does."""
    return WHOLE in paths_of(user, budget.entity, Right.BUDGET)


def latest_band(budget: Budget, cost_centre: CostCentre) -> EstimateBand | None:
    """Return what was stated last of a cost centre in a budget, whether its month has come or not."""
    rows = EstimateBand.objects.filter(budget=budget, cost_centre=cost_centre).select_related("cost_centre", "share_of")
    return rows.order_by("-number").first()


def centres_to_estimate(budget: Budget) -> list[CostCentre]:
    """Return the cost centres that a band of the budget may be of: its own, and all below it, in the order of the tree."""
    rows = CostCentre.objects.filter(entity=budget.entity, is_active=True).order_by("path")
    return [centre for centre in rows if centre.path.startswith(budget.cost_centre.path)]


def data_of(band: EstimateBand) -> BandData:
    """Return what a statement says."""
    prefetch_related_objects([band], *WITH_ITS_ROWS)
    parts: Iterable[BandPart] = band.parts.all()
    targets: Iterable[BandTarget] = band.targets.all()
    return BandData(
        starts_on=band.starts_on,
        parts=tuple(PartData(each.category, each.low, each.high, each.name) for each in parts),
        heading=_band(band.heading_low, band.heading_high),
        buffer=_band(band.buffer_low_pct, band.buffer_high_pct),
        share_of=band.share_of,
        shares=_band(band.share_low_pct, band.share_high_pct),
        targets=tuple(TargetData(terms_of(each), each.category) for each in targets),
        is_withdrawn=band.is_withdrawn,
        note=band.note,
    )


def _band(low: Decimal | None, high: Decimal | None) -> Band | None:
    return None if low is None or high is None else Band(low, high)


def terms_of(target: BandTarget) -> TargetTerms:
    """Return what a target says."""
    return TargetTerms(target.percent, target.baseline, target.baseline_month, target.due_on)


def stated_bands(budget: Budget) -> list[dict[str, Any]]:
    """Return the budget's bands as its file states them: of each cost centre the latest, those withdrawn left out."""
    rows = EstimateBand.objects.filter(budget=budget).select_related("cost_centre", "share_of").prefetch_related(*WITH_ITS_ROWS)
    latest = rows.order_by("cost_centre__path", "-number").distinct("cost_centre__path")
    return [document_of_band(band.cost_centre, data_of(band)) for band in latest if not band.is_withdrawn]


def document_of_band(cost_centre: CostCentre, data: BandData) -> dict[str, Any]:
    """Return a band as a budget's file states it, amounts and shares as text."""
    said: dict[str, Any] = {"cost_centre": cost_centre.code, "starts_on": f"{data.starts_on:%Y-%m}"}
    if data.heading is not None:
        said["heading"] = _ends(data.heading)
    said["parts"] = [
        {"category": each.category.code, "name": each.name or each.category.name, **_ends(each.band)} for each in data.parts
    ]
    if data.buffer is not None:
        said["growth_buffer_pct"] = _shares(data.buffer)
    if data.share_of is not None and data.shares is not None:
        said["share"] = {"of": data.share_of.code, **_shares(data.shares)}
    if data.targets:
        said["targets"] = [_target(each) for each in data.targets]
    return said | ({"note": data.note} if data.note else {})


def _target(target: TargetData) -> dict[str, str]:
    terms, of = target.terms, {"category": target.category.code} if target.category else {}
    return {
        "percent": _plain(terms.percent),
        **of,
        "baseline": f"{terms.baseline:.2f}",
        "baseline_month": f"{terms.baseline_month:%Y-%m}",
        "due_on": terms.due_on.isoformat(),
    }


def _ends(band: Band) -> dict[str, str]:
    return {"low": f"{band.low:.2f}", "high": f"{band.high:.2f}"}


def _shares(band: Band) -> dict[str, str]:
    return {"low": _plain(band.low), "high": _plain(band.high)}


def _plain(share: Decimal) -> str:
    return f"{share.normalize():f}"
