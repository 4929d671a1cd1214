"""A budget's estimate bands, for programs."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import QuerySet

from budgets.api import band_serializers as shapes
from budgets.models import Budget, Category, CostCentre, EstimateBand
from budgets.rules.bands import Band, TargetTerms
from budgets.selectors.band_statements import (
    BandData,
    PartData,
    TargetData,
    access_band_of,
    access_budget_to_estimate,
    bands_in_reach,
)
from budgets.selectors.bands import Standing, month_to_show, standing
from budgets.selectors.budgets import READING, access_budget_by_code
from budgets.services.bands import state_band
from core.api.acts import read, write
from core.api.endpoint import CODE, NUMBER, Listed, Shown
from core.errors import InvalidInput
from core.rules.rights import Right

READERS = frozenset({*READING, Right.REQUEST})
BOOKS = frozenset({Right.BUDGET})
Node = TypeVar("Node", Category, CostCentre)


class Bands(Listed[EstimateBand], Shown[EstimateBand]):
    """What is stated of a budget's estimate bands, every statement, the newest first."""

    room = "budgets"
    model = EstimateBand
    rights = READERS
    shows = shapes.BandSerializer
    orderings = ("-id", "id")
    places = {"code": (CODE, "The budget's code."), "id": (NUMBER, "The statement's number.")}

    def rows(self) -> QuerySet[EstimateBand]:
        return _with_parts(bands_in_reach(self.person, self._budget()))

    def one(self) -> EstimateBand:
        return access_band_of(self.person, self._budget(), self.number())

    def _budget(self) -> Budget:
        return access_budget_by_code(self.person, self.kwargs["code"])

    @read(asks=shapes.AskedStandingSerializer, gives=shapes.BandsStandingSerializer, detail=False)
    def standing(self, asked: dict[str, Any]) -> Standing:
        """Show how the bands that hold in a month stand against headings, plan and spend."""
        budget = self._budget()
        return standing(self.person, budget, asked.get("month") or month_to_show(self.person, budget))

    @write(takes=shapes.BandTakenSerializer, gives=shapes.BandSerializer, status=201, rights=BOOKS)
    def create(self, data: dict[str, Any]) -> EstimateBand:
        """State a band from a month on. The same again is the statement that is there."""
        budget = access_budget_to_estimate(self.person, self.kwargs["code"])
        centres = {each.code: each for each in CostCentre.objects.filter(entity=budget.entity)}
        categories = {each.code: each for each in Category.objects.filter(entity=budget.entity)}
        centre = _known(centres, data["cost_centre"], "cost_centre", "cost centre")
        stated = _data_of(data, centres, categories)
        band = state_band(budget=budget, cost_centre=centre, data=stated, actor=self.person)
        return access_band_of(self.person, budget, band.pk)


def _with_parts(rows: QuerySet[EstimateBand]) -> QuerySet[EstimateBand]:
    return rows.prefetch_related("parts__category", "targets__category")


def _data_of(data: Mapping[str, Any], centres: Mapping[str, CostCentre], categories: Mapping[str, Category]) -> BandData:
    share = data.get("share")
    parts = [
        PartData(_known(categories, each["category"], f"parts.{place}.category", "category"), each["low"], each["high"], name)
        for place, each in enumerate(data.get("parts", ()))
        for name in [each.get("name", "")]
    ]
    targets = [
        TargetData(
            TargetTerms(each["percent"], each["baseline"], each["baseline_month"], each["due_on"]),
            _known(categories, each["category"], f"targets.{place}.category", "category") if "category" in each else None,
        )
        for place, each in enumerate(data.get("targets", ()))
    ]
    return BandData(
        starts_on=data["starts_on"],
        parts=tuple(parts),
        heading=_ends(data.get("heading")),
        buffer=_ends(data.get("growth_buffer_pct")),
        share_of=_known(centres, share["of"], "share.of", "cost centre") if share else None,
        shares=_ends(share),
        targets=tuple(targets),
        is_withdrawn=data.get("is_withdrawn", False),
        note=data.get("note", ""),
    )


def _ends(said: Mapping[str, Any] | None) -> Band | None:
    return Band(said["low"], said["high"]) if said else None


def _known(found: Mapping[str, Node], code: str, place: str, what: str) -> Node:
    if code not in found:
        raise InvalidInput(f"There is no {what} {code}.", details={place: f"There is no such {what}."})
    return found[code]
