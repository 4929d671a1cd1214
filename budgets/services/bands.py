"""Stating estimate bands. No statement is changed: the next one of the cost centre follows it."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import transaction

from budgets.locks import lock_key
from budgets.models import BandPart, BandTarget, Budget, CostCentre, EstimateBand
from budgets.rules.bands import Band, first_nested, last_day
from budgets.rules.months import first_of
from budgets.rules.sentences import month_name
from budgets.selectors.band_differences import BandChange
from budgets.selectors.band_statements import BandData, PartData, TargetData, data_of, document_of_band, last_band_id, latest_band
from core.errors import InvalidInput, Stale, WrongState
from core.models import User
from core.services import audit

MOST_PARTS, MOST_TARGETS = 40, 10
LARGEST_PCT, WHOLE_PCT = Decimal(1000), Decimal(100)


@transaction.atomic
def state_band(*, budget: Budget, cost_centre: CostCentre, data: BandData, actor: User | None) -> EstimateBand:
    """State what a cost centre's parts come to in a month, from a month on until the next statement of it begins.

    Amounts are in the budget's currency. The same again is the statement that is there. Raises InvalidInput, whose `details`
    name the place, and WrongState where a statement begins later.
    """
    data = _plain(data)
    _check(budget, cost_centre, data)
    _lock_bands(budget)
    before = latest_band(budget, cost_centre)
    if before is not None and data_of(before) == data:
        return before
    if before is not None and before.starts_on > data.starts_on:
        raise WrongState(
            f"{cost_centre.name} has a statement from {month_name(before.starts_on)} on.",
            remedy=f"State it from {month_name(before.starts_on)} on, or later: statements follow one another.",
        )
    if data.is_withdrawn and (before is None or before.is_withdrawn):
        raise WrongState(f"{cost_centre.name} has no band.", remedy="There is nothing to withdraw.")
    band = _keep(budget, cost_centre, data, before.number + 1 if before else 1, actor)
    earlier = _said(cost_centre, data_of(before)) if before else None
    after = _said(cost_centre, data) | {"number": band.number}
    audit.record(actor=actor, verb="band.stated", subject=budget, entity=budget.entity, before=earlier, after=after)
    return band


@transaction.atomic
def state_bands(
    *, budget: Budget, stated: Sequence[tuple[CostCentre, BandData]], actor: User | None
) -> list[tuple[CostCentre, EstimateBand]]:
    """State the bands of a budget's file; what was stated just so before stays, also where a later statement follows it."""
    found = []
    for cost_centre, data in stated:
        kept = _stated_before(budget, cost_centre, _plain(data))
        found.append((cost_centre, kept or state_band(budget=budget, cost_centre=cost_centre, data=data, actor=actor)))
    return found


def _stated_before(budget: Budget, cost_centre: CostCentre, data: BandData) -> EstimateBand | None:
    """Return the statement that says just this, where one of a later month follows it."""
    latest = latest_band(budget, cost_centre)
    if latest is None or latest.starts_on <= data.starts_on:
        return None
    rows = EstimateBand.objects.filter(budget=budget, cost_centre=cost_centre, starts_on=data.starts_on)
    return next((band for band in rows.select_related("share_of") if data_of(band) == data), None)


def bands_stated_anew(*, budget: Budget, stated: Sequence[tuple[CostCentre, BandData]], last_id: int) -> list[BandChange]:
    """Return which bands of a file say something else than the statements up to the one with `last_id`, and what."""
    changes = []
    for cost_centre, data in ((centre, _plain(each)) for centre, each in stated):
        rows = EstimateBand.objects.filter(budget=budget, cost_centre=cost_centre, pk__lte=last_id).select_related("share_of")
        said = [data_of(band) for band in rows.order_by("-number")]
        before = said[0] if said else None
        if before == data or (before is not None and before.starts_on > data.starts_on and data in said):
            continue
        changes.append(BandChange(cost_centre, None if before is None or before.is_withdrawn else before, data))
    return changes


def refuse_unless_stated_last(budget: Budget, band_id: int | None) -> None:
    """Raise Stale where a band of the budget was stated after `band_id`, the last one that was seen, 0 for none.

    From here on nobody else states one until the transaction ends.
    """
    if band_id is None:
        return
    _lock_bands(budget)
    if last_band_id(budget.code) != band_id:
        raise Stale(
            "An estimate band of the budget was stated after you looked.",
            remedy="Choose the file again and look at the difference.",
        )


def _lock_bands(budget: Budget) -> None:
    """Let the budget's bands be stated one after the other, so that a file is loaded on top of those that were seen."""
    lock_key(f"bands:{budget.pk}")


def _plain(data: BandData) -> BandData:
    """Return what is stated as it is kept: months by their first day, names filled in."""
    parts = tuple(replace(each, name=each.name.strip() or each.category.name[:100]) for each in data.parts)
    months = (first_of(each.terms.baseline_month) for each in data.targets)
    targets = tuple(
        replace(each, terms=replace(each.terms, baseline_month=month)) for each, month in zip(data.targets, months, strict=True)
    )
    return replace(data, starts_on=first_of(data.starts_on), parts=parts, targets=targets, note=data.note.strip())


def _check(budget: Budget, cost_centre: CostCentre, data: BandData) -> None:
    wrong: dict[str, str] = {}
    if cost_centre.entity_id != budget.entity_id or not cost_centre.path.startswith(budget.cost_centre.path):
        wrong["cost_centre"] = f"Choose {budget.cost_centre.name} or a cost centre below it."
    if not budget.starts_on <= data.starts_on <= budget.ends_on:
        wrong["starts_on"] = f"{budget.name} spans {month_name(budget.starts_on)} to {month_name(budget.ends_on)}."
    if len(data.note) > 300:
        wrong["note"] = "Write 300 characters at most."
    if data.is_withdrawn:
        _check_nothing_is_said(data, wrong)
    else:
        _check_parts(budget, data.parts, wrong)
        _check_ends("heading", data.heading, None, wrong)
        _check_ends("buffer", data.buffer, LARGEST_PCT, wrong)
        _check_share(budget, cost_centre, data, wrong)
        _check_targets(budget, data.targets, wrong)
    if wrong:
        raise InvalidInput("The band cannot hold.", remedy=" ".join(dict.fromkeys(wrong.values())), details=wrong)


def _check_nothing_is_said(data: BandData, wrong: dict[str, str]) -> None:
    if data.parts or data.targets or data.heading or data.buffer or data.share_of:
        wrong["is_withdrawn"] = "A band that is withdrawn says nothing else. Leave the rest blank."


def _check_parts(budget: Budget, parts: Sequence[PartData], wrong: dict[str, str]) -> None:
    if not 0 < len(parts) <= MOST_PARTS:
        wrong["parts"] = f"State 1 to {MOST_PARTS} parts."
    seen: set[tuple[int, str]] = set()
    for place, part in enumerate(parts):
        if part.category.entity_id != budget.entity_id:
            wrong[f"parts.{place}.category"] = f"Choose a category of {budget.entity.name}."
        if len(part.name) > 100:
            wrong[f"parts.{place}.name"] = "Write 100 characters at most."
        if (part.category.pk, part.name) in seen:
            wrong[f"parts.{place}.name"] = f"{part.name} is there twice. Name the two apart, or state one of them."
        seen.add((part.category.pk, part.name))
        _check_ends(f"parts.{place}", part.band, None, wrong)
    names = {part.category.path: part.category.name for part in parts}
    if nested := first_nested(list(names)):
        outer, inner = (names[path] for path in nested)
        wrong["parts"] = f"{inner} lies in {outer}, and would count twice. State the finer ones, or {outer} as a whole."


def _check_ends(place: str, band: Band | None, most: Decimal | None, wrong: dict[str, str]) -> None:
    if band is None:
        return
    if band.low < 0:
        wrong[f"{place}.low"] = "State zero or more."
    elif band.high < band.low:
        wrong[f"{place}.high"] = "The high end is below the low one. Swap them, or state the same for both."
    elif most is not None and band.high > most:
        wrong[f"{place}.high"] = f"State {most:,.0f} % at most."


def _check_share(budget: Budget, cost_centre: CostCentre, data: BandData, wrong: dict[str, str]) -> None:
    if data.share_of is None and data.shares is None:
        return
    if data.share_of is None:
        wrong["share_of"] = "Choose the cost centre that it is a share of."
    elif data.share_of.pk == cost_centre.pk or data.share_of.entity_id != budget.entity_id:
        wrong["share_of"] = f"Choose another cost centre of {budget.entity.name}."
    if data.shares is None:
        wrong["share.low"] = "State from how much to how much, in per cent."
    _check_ends("share", data.shares, LARGEST_PCT, wrong)


def _check_targets(budget: Budget, targets: Sequence[TargetData], wrong: dict[str, str]) -> None:
    if len(targets) > MOST_TARGETS:
        wrong["targets"] = f"State {MOST_TARGETS} targets at most."
    for place, target in enumerate(targets):
        terms, where = target.terms, f"targets.{place}"
        if target.category is not None and target.category.entity_id != budget.entity_id:
            wrong[f"{where}.category"] = f"Choose a category of {budget.entity.name}."
        if not 0 < terms.percent <= WHOLE_PCT:
            wrong[f"{where}.percent"] = "State by how much less it shall cost: above 0 and up to 100 %."
        if terms.baseline <= 0:
            wrong[f"{where}.baseline"] = "State what it cost in the month before: an amount above zero."
        if terms.due_on <= last_day(terms.baseline_month):
            wrong[f"{where}.due_on"] = "Choose a day after the month that it is held against."


def _keep(budget: Budget, cost_centre: CostCentre, data: BandData, number: int, actor: User | None) -> EstimateBand:
    band = EstimateBand.objects.create(
        budget=budget,
        cost_centre=cost_centre,
        number=number,
        starts_on=data.starts_on,
        currency=budget.currency,
        **_both("heading_low", "heading_high", data.heading),
        **_both("buffer_low_pct", "buffer_high_pct", data.buffer),
        share_of=data.share_of,
        **_both("share_low_pct", "share_high_pct", data.shares),
        is_withdrawn=data.is_withdrawn,
        note=data.note,
        stated_by=actor,
    )
    BandPart.objects.bulk_create(
        BandPart(band=band, position=place, category=each.category, name=each.name, low=each.low, high=each.high)
        for place, each in enumerate(data.parts, start=1)
    )
    BandTarget.objects.bulk_create(
        BandTarget(
            band=band,
            position=place,
            category=each.category,
            percent=each.terms.percent,
            baseline=each.terms.baseline,
            baseline_month=each.terms.baseline_month,
            due_on=each.terms.due_on,
        )
        for place, each in enumerate(data.targets, start=1)
    )
    return band


def _both(low: str, high: str, band: Band | None) -> dict[str, Any]:
    return {low: band.low if band else None, high: band.high if band else None}


def _said(cost_centre: CostCentre, data: BandData) -> dict[str, Any]:
    return document_of_band(cost_centre, data) | {"withdrawn": data.is_withdrawn}
