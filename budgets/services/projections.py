"""Projections: stated part by part, reckoned at once, kept as they came out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import transaction

from budgets.locks import lock_key
from budgets.models import Category, Projection, ProjectionPart
from budgets.rules.months import first_of
from budgets.rules.projections import Outcome, Part, Rounding, project
from budgets.selectors.spent import spent_at
from budgets.services.controls import Node
from core import clock
from core.errors import InvalidInput
from core.models import Entity, User
from core.services import audit

MOST_PARTS = 40


@dataclass(frozen=True, slots=True)
class PartData:
    """A part as it is stated. Without a base, it is what was spent on `category` in the base month."""

    name: str
    base: Decimal | None = None
    category: Category | None = None
    growth_pct: Decimal | None = None
    reduction_pct: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ProjectionData:
    """A projection as it is stated."""

    name: str
    base_month: date
    horizon_months: int
    buffer_pct: Decimal
    parts: Sequence[PartData]
    rounding: Rounding = field(default_factory=Rounding)
    reasons: str = ""


@transaction.atomic
def state_projection(*, entity: Entity, data: ProjectionData, actor: User | None) -> Projection:
    """State what a monthly cost comes to at a horizon, in the organization's currency. Those before it stay as they are.

    A part's base that is not typed is read from the ledger now. Raises InvalidInput, whose `details` name the field, or the
    place of the part.
    """
    _check(data)
    bases = [_base(entity, part, first_of(data.base_month)) for part in data.parts]
    parts = [Part(part.name, base, part.growth_pct, part.reduction_pct) for part, base in zip(data.parts, bases, strict=True)]
    outcome = project(parts, buffer_pct=data.buffer_pct, rounding=data.rounding)
    lock_key(f"projection:{entity.pk}")
    stated = _keep(entity, data, outcome, actor)
    after = {"name": stated.name, "horizon_months": stated.horizon_months, "recommended": str(stated.recommended)}
    audit.record(actor=actor, verb="projection.stated", subject=stated, entity=entity, after=after)
    return stated


def _check(data: ProjectionData) -> None:
    wrong: dict[str, str] = {}
    if not data.name.strip() or len(data.name.strip()) > 100:
        wrong["name"] = "Give it a name of up to 100 characters."
    if not 1 <= data.horizon_months <= 120:
        wrong["horizon_months"] = "State a horizon of 1 to 120 months."
    if not 0 <= data.buffer_pct <= 1000:
        wrong["buffer_pct"] = "State a buffer of 0 to 1,000 %."
    if not data.parts:
        wrong["parts"] = "State at least one part of the cost."
    if len(data.parts) > MOST_PARTS:
        wrong["parts"] = f"State {MOST_PARTS} parts at most."
    for number, part in enumerate(data.parts):
        wrong |= {f"{name}-{number}": sentence for name, sentence in _wrong_with(part).items()}
    if wrong:
        raise InvalidInput("The projection is not complete.", remedy=" ".join(wrong.values()), details=wrong)


def _wrong_with(part: PartData) -> dict[str, str]:
    wrong = {}
    if not part.name.strip() or len(part.name.strip()) > 100:
        wrong["part"] = "Give the part a name of up to 100 characters."
    if part.base is None and part.category is None:
        wrong["base"] = "State what it costs now, or the category whose spend it is."
    if part.base is not None and part.base < 0:
        wrong["base"] = "State an amount of zero or more."
    if part.growth_pct is not None and not 0 <= part.growth_pct <= 1000:
        wrong["growth"] = "State a growth of 0 to 1,000 %."
    if part.reduction_pct is not None and not 0 <= part.reduction_pct <= 100:
        wrong["reduction"] = "State a reduction of 0 to 100 %."
    return wrong


def _base(entity: Entity, part: PartData, month: date) -> Decimal:
    if part.base is not None:
        return part.base
    assert part.category is not None
    # What credits left below zero costs nothing.
    return max(spent_at(entity, entity.currency, Node(category=part.category), month), Decimal("0.00"))


def _keep(entity: Entity, data: ProjectionData, outcome: Outcome, actor: User | None) -> Projection:
    name = data.name.strip()
    before = Projection.objects.filter(entity=entity, name=name, horizon_months=data.horizon_months).order_by("-number").first()
    stated = Projection.objects.create(
        entity=entity,
        name=name,
        number=before.number + 1 if before else 1,
        base_month=first_of(data.base_month),
        horizon_months=data.horizon_months,
        currency=entity.currency,
        buffer_pct=data.buffer_pct,
        rounding_grown=data.rounding.grown,
        rounding_lowered=data.rounding.lowered,
        rounding_only_grown=data.rounding.only_grown,
        rounding_recommended=data.rounding.recommended,
        total=outcome.total,
        recommended=outcome.recommended,
        reasons=data.reasons.strip(),
        stated_at=clock.now(),
        stated_by=actor,
    )
    ProjectionPart.objects.bulk_create(
        ProjectionPart(
            projection=stated,
            position=number,
            name=part.name.strip(),
            category=part.category,
            base=came.part.base,
            is_spend=part.base is None,
            growth_pct=part.growth_pct,
            reduction_pct=part.reduction_pct,
            grown=came.grown,
            projected=came.projected,
        )
        for number, (part, came) in enumerate(zip(data.parts, outcome.parts, strict=True), start=1)
    )
    return stated
