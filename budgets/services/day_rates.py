"""Stating day rates of roles. None is changed: stated again, the later word holds. Plans keep what they were made at."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from budgets.locks import lock_key
from budgets.models import DayRate
from budgets.rules.day_rates import DayRateData, check_day_rate
from budgets.selectors.day_rates import rates_that_hold
from core import clock
from core.errors import InvalidInput
from core.models import Entity, User
from core.services import audit


@dataclass(frozen=True, slots=True)
class DayRateChange:
    """What stating a rate changes. `before` is what holds from the same month on, or what the month before hands on."""

    said: DayRateData
    before: DayRate | None

    @property
    def is_change(self) -> bool:
        """Say whether it says something else than what holds."""
        held = self.before
        if held is None:
            return True
        return (held.rate, held.currency, held.name) != (self.said.rate, self.said.currency, self.said.name)


def changes_of(entity: Entity, rates: Sequence[DayRateData]) -> list[DayRateChange]:
    """Return what stating the rates would change, in their order."""
    held: dict[str, list[DayRate]] = {}
    for each in rates_that_hold(entity, {said.role for said in rates}):
        held.setdefault(each.role, []).append(each)
    return [DayRateChange(said, _before(held.get(said.role, []), said)) for said in rates]


def _before(stated: list[DayRate], said: DayRateData) -> DayRate | None:
    earlier = [each for each in stated if each.starts_on <= said.starts_on]
    return earlier[-1] if earlier else None


@transaction.atomic
def state_day_rates(*, entity: Entity, rates: Sequence[DayRateData], actor: User | None) -> list[DayRate]:
    """State what a day of roles costs, each from its month on. What says what holds already is not stated again.

    Budgets in force keep the amounts that they were planned at. Raises InvalidInput naming the field.
    """
    if not rates:
        raise InvalidInput("No rate is stated.", remedy="State at least one.")
    for said in rates:
        check_day_rate(said)
    lock_key(f"day-rates:{entity.pk}")
    wanted = [change for change in changes_of(entity, rates) if change.is_change]
    now = clock.now()
    rows = [
        DayRate.objects.create(
            entity=entity,
            role=each.said.role,
            name=each.said.name.strip(),
            starts_on=each.said.starts_on,
            rate=each.said.rate,
            currency=each.said.currency,
            source=each.said.source.strip(),
            stated_at=now,
            stated_by=actor,
        )
        for each in wanted
    ]
    if rows:
        after = {"rates": [str(row) for row in rows], "sources": sorted({row.source for row in rows})}
        before = {"rates": [str(each.before) for each in wanted if each.before is not None]}
        audit.record(actor=actor, verb="day_rates.stated", subject=entity, entity=entity, before=before, after=after)
    return rows
