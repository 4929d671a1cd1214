"""From a budget document to its plan: lines phased over months, envelopes, findings. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from budgets.rules.allotments import Frame, PlannedEnvelope, PlannedLine
from budgets.rules.document import BudgetPart, EnvelopePart, LinePart, RatePart
from budgets.rules.months import add_months, months_between
from budgets.rules.overallocation import Envelope, Finding, Plan, find
from budgets.rules.phasing import weighted
from budgets.rules.rates import Price, Staffing, priced, spans
from core.errors import InvalidInput

ZERO = Decimal(0)
WorkingDays = Callable[[date], int]
Spent = Callable[[str, str, date], Decimal]
PriceIn = Callable[[RatePart, date], Price]


@dataclass(frozen=True, slots=True)
class Known:
    """What a plan rests on besides its document.

    `names` maps category codes to names, `working_days` counts those of a month, `spent` says what was spent at a cost centre on
    a category, both named by their codes, in a month, and `price_in` what a day of a line's people costs in a month.
    """

    names: dict[str, str]
    working_days: WorkingDays
    spent: Spent
    price_in: PriceIn


@dataclass(frozen=True, slots=True)
class PhasedLine:
    """A line of the document with what it comes to by month and how that came about."""

    category: str
    part: LinePart
    months: dict[date, Decimal]
    basis: dict[str, Any]
    phasing: str

    @property
    def amount(self) -> Decimal:
        return sum(self.months.values(), ZERO)


@dataclass(frozen=True, slots=True)
class BudgetPlan:
    """Everything a budget document comes to."""

    frame: Frame
    lines: list[PhasedLine]
    envelopes: list[PlannedEnvelope]
    findings: list[Finding]


def plan_of(budget: BudgetPart, known: Known) -> BudgetPlan:
    """Return the plan of a budget.

    Raises InvalidInput where a line comes to nothing, or is to be spread as a year that had no spend.
    """
    frame = Frame(budget.cost_centre, budget.starts_on, budget.ends_on, budget.currency)
    lines = [_phased(envelope.category, line, budget, known) for envelope in budget.envelopes for line in envelope.lines]
    return BudgetPlan(frame, lines, _nest(budget.envelopes, lines, None), _findings(budget, lines, known.names))


def _phased(category: str, line: LinePart, budget: BudgetPart, known: Known) -> PhasedLine:
    months, basis = _months_of(category, line, budget, known)
    if not sum(months.values(), ZERO):
        raise InvalidInput(f"The line {line.name} comes to nothing.", remedy="Give it an amount, or leave it out.")
    return PhasedLine(category, line, months, basis, line.phasing if line.months is None else "stated")


def _months_of(category: str, line: LinePart, budget: BudgetPart, known: Known) -> tuple[dict[date, Decimal], dict[str, Any]]:
    if line.months is not None:
        return dict(sorted(line.months.items())), {"by": "month"}
    span = months_between(line.starts_on or budget.starts_on, line.ends_on or budget.ends_on)
    if line.monthly is not None:
        return dict.fromkeys(span, line.monthly), {"by": "monthly", "monthly": str(line.monthly)}
    shares = _shares(category, line, span, known)
    last_year = {"last_year": [str(share) for share in shares]} if line.phasing == "last_year" else {}
    if line.rate is not None:
        months, basis = staffed(
            line,
            dict(zip(span, shares, strict=True)),
            days_per_sprint=budget.days_per_sprint,
            currency=budget.currency,
            price_in=known.price_in,
        )
        return months, {**basis, **last_year}
    return weighted(line.amount or ZERO, span, shares, currency=budget.currency), {"by": "amount", **last_year}


def staffed(
    line: LinePart, shares: Mapping[date, Decimal], *, days_per_sprint: Decimal, currency: str, price_in: PriceIn
) -> tuple[dict[date, Decimal], dict[str, Any]]:
    """Return the months of a line of staff, in `currency`, and how they came about.

    A month that is kept takes its part of the person days out, and has the amount that is stated for it. Raises what `price_in`
    raises.
    """
    rate = line.rate
    assert rate is not None
    staff = Staffing(rate.fte, rate.sprints, rate.days_per_sprint or days_per_sprint)
    kept = line.kept or {}
    others = {month: share for month, share in shares.items() if month not in kept}
    if not (whole := sum(shares.values(), ZERO)):
        raise InvalidInput(f"No month of the line {line.name} has a share.", remedy="Spread it in another way.")
    days = staff.person_days * sum(others.values(), ZERO) / whole
    costs, prices = priced(days, others, lambda month: price_in(rate, month), currency=currency)
    basis = {
        "by": "rate",
        "fte": str(rate.fte),
        "sprints": str(rate.sprints),
        "days_per_sprint": str(staff.days_per_sprint),
        **({"role": rate.role} if rate.role else {}),
        "shares": {f"{month:%Y-%m}": str(share) for month, share in shares.items()},
        **({"kept": [f"{month:%Y-%m}" for month in sorted(kept)]} if kept else {}),
        "rates": spans(prices),
    }
    return {month: kept[month] if month in kept else costs[month] for month in shares}, basis


def _shares(category: str, line: LinePart, span: list[date], known: Known) -> list[Decimal]:
    """Return in what proportion a line's months share its amount. A month of credits alone takes no part."""
    if line.weights is not None:
        return line.weights
    if line.phasing == "working_days":
        return [Decimal(known.working_days(month)) for month in span]
    if line.phasing == "even":
        return [Decimal(1)] * len(span)
    before = [max(known.spent(line.cost_centre, category, add_months(month, -12)), ZERO) for month in span]
    if not sum(before, ZERO):
        raise InvalidInput(
            f"Nothing was spent in the year before on what the line {line.name} is for.",
            remedy="Spread it evenly, by working days or by weights.",
            code="no_last_year",
        )
    return before


def _nest(envelopes: list[EnvelopePart], lines: list[PhasedLine], parent: str | None) -> list[PlannedEnvelope]:
    return [
        PlannedEnvelope(
            envelope.category,
            envelope.amount,
            [
                PlannedLine(line.part.name, line.part.cost_centre, line.months)
                for line in lines
                if line.category == envelope.category
            ],
            _nest(envelopes, lines, envelope.category),
        )
        for envelope in envelopes
        if envelope.parent == parent
    ]


def _findings(budget: BudgetPart, lines: list[PhasedLine], names: dict[str, str]) -> list[Finding]:
    envelopes = [
        Envelope(
            code=envelope.category,
            name=names.get(envelope.category, envelope.category),
            amount=envelope.amount,
            lines=[line.amount for line in lines if line.category == envelope.category],
            stated=envelope.heading,
            parent=envelope.parent or "",
        )
        for envelope in budget.envelopes
    ]
    parts = {
        heading.cost_centre: (heading.monthly, _monthly_at(heading.cost_centre, lines, budget)) for heading in budget.headings
    }
    return find(Plan(budget.total, envelopes, parts))


def _monthly_at(cost_centre: str, lines: list[PhasedLine], budget: BudgetPart) -> Decimal:
    total = sum((line.amount for line in lines if line.part.cost_centre == cost_centre), ZERO)
    return (total / budget.months).quantize(Decimal("0.01"))
