"""Stating readings of usage. None is changed: stated again, the later one holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from budgets.locks import lock_key
from budgets.models import CostCentre, UsageReading
from budgets.rules.readings import METRIC, ReadingData
from budgets.selectors.rule_sets import readings_that_hold
from core import clock
from core.errors import InvalidInput
from core.models import Entity, User
from core.services import audit

MOST, FINEST = Decimal(10) ** 14, Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class ReadingChange:
    """What stating a reading changes. `before` is None where none was stated."""

    reading: ReadingData
    name: str
    before: Decimal | None

    @property
    def is_change(self) -> bool:
        return self.before != self.reading.units


def changes_of(entity: Entity, readings: Sequence[ReadingData]) -> list[ReadingChange]:
    """Return what stating the readings would change. Raises InvalidInput for a cost centre that is not there."""
    names = dict(CostCentre.objects.filter(entity=entity, is_active=True).values_list("code", "name"))
    if unknown := sorted({each.cost_centre for each in readings} - set(names)):
        shown = ", ".join(unknown[:5])
        raise InvalidInput(
            f"There is no cost centre {shown}, or it is not in use any more.",
            remedy="Use the codes of cost centres in use.",
            details={"cost_centre": f"There is no cost centre {shown}."},
        )
    held = {
        (each.metric, each.month, each.cost_centre.code): each.units
        for each in readings_that_hold(entity, {reading.month for reading in readings})
    }
    return [ReadingChange(each, names[each.cost_centre], held.get(each.place)) for each in readings]


@transaction.atomic
def state_readings(*, entity: Entity, readings: Sequence[ReadingData], actor: User) -> list[UsageReading]:
    """State readings. What says the same as what holds is not stated again. Raises InvalidInput."""
    if not readings:
        raise InvalidInput("No reading is stated.", remedy="State at least one.")
    _check(readings)
    lock_key(f"readings:{entity.pk}")
    wanted = [change.reading for change in changes_of(entity, readings) if change.is_change]
    centres = {each.code: each for each in CostCentre.objects.filter(entity=entity)}
    now = clock.now()
    rows = UsageReading.objects.bulk_create(
        UsageReading(
            entity=entity,
            metric=each.metric,
            month=each.month,
            cost_centre=centres[each.cost_centre],
            units=each.units,
            source=each.source,
            stated_at=now,
            stated_by=actor,
        )
        for each in wanted
    )
    if rows:
        months = sorted({each.month.isoformat() for each in wanted})
        after = {"readings": len(rows), "metrics": sorted({each.metric for each in wanted}), "months": months}
        audit.record(actor=actor, verb="usage_readings.stated", subject=entity, entity=entity, after=after)
    return rows


def _check(readings: Sequence[ReadingData]) -> None:
    for each in readings:
        if not each.units.is_finite() or not 0 <= each.units < MOST or each.units != each.units.quantize(FINEST):
            raise _bad("units", "State units of zero or more, with six decimals at most.")
        if not METRIC.fullmatch(each.metric):
            raise _bad("metric", "A metric is a short name of letters and digits, such as api-calls.")
        if not each.source.strip() or len(each.source) > 200 or "\x00" in each.source:
            raise _bad("source", "Say in up to 200 characters who says so.")


def _bad(name: str, sentence: str) -> InvalidInput:
    return InvalidInput("This is no reading.", remedy=sentence, details={name: sentence})
