"""Scenarios of estimate bands: one stated, and those of a budget's file."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from budgets.rules.bands import Band, TargetTerms
from budgets.selectors.band_statements import BandData, PartData, TargetData
from budgets.services import bands, budgets, restating, sign_offs
from tests.factories.approvals import MARCH
from tests.factories.budgets import DECEMBER, JANUARY
from tests.trust.scenarios.ground import Ground
from tests.trust.scenarios.registry import only_reads, scenario, steps_of

steps_of(budgets.load_document, sign_offs.sign_off, steps=[restating.write_bands])
only_reads(restating.check_bands, restating.bands_of, bands.bands_stated_anew, bands.refuse_unless_stated_last)


def _data(ground: Ground) -> BandData:
    category = ground.account.category
    target = TargetData(TargetTerms(Decimal(25), Decimal(100), JANUARY, DECEMBER), category)
    return BandData(
        MARCH, (PartData(category, Decimal(10), Decimal(20)),), heading=Band(Decimal(9), Decimal(20)), targets=(target,)
    )


@scenario(bands.state_band)
def _state_band(ground: Ground) -> dict[str, Any]:
    return {"budget": ground.budget, "cost_centre": ground.centres["ENG"], "data": _data(ground), "actor": ground.finance}


@scenario(bands.state_bands)
def _state_bands(ground: Ground) -> dict[str, Any]:
    first, second = ground.centres["ENG"], ground.centres["PLATFORM"]
    stated = [(first, _data(ground)), (second, replace(_data(ground), note="Of its own."))]
    return {"budget": ground.budget, "stated": stated, "actor": ground.finance}
