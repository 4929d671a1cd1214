"""Lines of staff in a budget's versions: how they came about, and what they would come to at the rates of now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from budgets.models import Budget, BudgetLine, BudgetVersion
from budgets.rules.document import LinePart, RatePart
from budgets.rules.months import add_months, first_of
from budgets.rules.plans import PhasedLine, staffed
from budgets.selectors.day_rates import prices_for
from budgets.selectors.documents import document_of
from budgets.selectors.versions import basis_in_words
from core.errors import InvalidInput, WrongState

ZERO = Decimal("0.00")
LONGEST_WEIGHT, FINEST_WEIGHT = 9, Decimal("0.000001")
Document = dict[str, Any]


def with_their_bases(budget: Budget, lines: Iterable[PhasedLine]) -> list[PhasedLine]:
    """Return the lines; those stated month by month as a line of staff stood in a version keep how that came about.

    So a plan that went out as a table, or to which a budget goes back, is held against the rate card as before.
    """
    found = list(lines)
    if all(line.part.months is None for line in found):
        return found
    names = {line.part.name for line in found}
    rows = BudgetLine.objects.filter(version__budget=budget, basis__by="rate", name__in=names)
    rows = rows.select_related("category", "cost_centre")
    stood: dict[tuple[Any, ...], BudgetLine] = {}
    for row in rows.prefetch_related("months").order_by("-version__number", "id"):
        stood.setdefault(_looks(row.category.code, row.cost_centre.code, row.name, _months_of(row)), row)
    return [_as_it_stood(line, stood) for line in found]


def _as_it_stood(line: PhasedLine, stood: Mapping[tuple[Any, ...], BudgetLine]) -> PhasedLine:
    row = stood.get(_looks(line.category, line.part.cost_centre, line.part.name, line.months))
    if row is None or line.part.months is None:
        return line
    return replace(line, basis=row.basis, phasing=row.phasing)


def _looks(category: str, cost_centre: str, name: str, months: Mapping[date, Decimal]) -> tuple[Any, ...]:
    return category, cost_centre, name, tuple(sorted(_nonzero(months).items()))


def _months_of(row: BudgetLine) -> dict[date, Decimal]:
    return {each.month: each.amount for each in row.months.all()}


def _nonzero(months: Mapping[date, Decimal]) -> dict[date, Decimal]:
    return {month: amount for month, amount in months.items() if amount}


@dataclass(frozen=True)
class StaffLine:
    """A line of staff as it is planned, and what it would come to with its months from one on at the rates of now.

    Amounts are in the budget's currency, `how` and `how_now` say in words how they come about. `fault` says why it cannot be
    priced; then `would_be` is None.
    """

    line: BudgetLine
    planned: Decimal
    would_be: Decimal | None
    how: str
    how_now: str
    fault: str
    part: LinePart | None

    @property
    def by(self) -> Decimal:
        """Return by how much it would come to more."""
        return self.would_be - self.planned if self.would_be is not None else ZERO

    @property
    def differs(self) -> bool:
        """Say whether the rates of now plan it otherwise, in one month at least."""
        return self.part is not None


@dataclass(frozen=True)
class Staffed:
    """The lines of staff of a budget's version that a rate card or an exchange rate prices, from a month on."""

    version: BudgetVersion
    since: date
    lines: list[StaffLine]

    @property
    def planned(self) -> Decimal:
        return sum((each.planned for each in self.lines), ZERO)

    @property
    def would_be(self) -> Decimal:
        return sum((each.planned + each.by for each in self.lines), ZERO)

    @property
    def by(self) -> Decimal:
        return self.would_be - self.planned

    @property
    def differing(self) -> list[StaffLine]:
        return [each for each in self.lines if each.differs]


def first_month_to_reprice(budget: Budget, today: date) -> date:
    """Return the month after the current one, or the budget's first where that is later; its last where it is over."""
    return min(max(add_months(first_of(today), 1), budget.starts_on), budget.ends_on)


def staffed_lines(version: BudgetVersion, since: date) -> Staffed:
    """Return what the lines of a version would come to with the months from `since` on at the rates of now.

    Raises InvalidInput where `since` is no month of the budget.
    """
    budget, month = version.budget, first_of(since)
    if not budget.starts_on <= month <= budget.ends_on:
        sentence = f"{budget.name} runs from {budget.starts_on:%b %Y} to {budget.ends_on:%b %Y}. Choose a month of these."
        raise InvalidInput(sentence, details={"since": sentence})
    rows = version.lines.filter(basis__by="rate").select_related("category", "cost_centre").prefetch_related("months")
    lines = [(row, rate) for row in rows.order_by("category__path", "id") if (rate := _rate_of(row, budget.currency))]
    price_in = prices_for(budget.entity, budget.currency, [rate for _, rate in lines])

    def held_against(row: BudgetLine, rate: RatePart) -> StaffLine:
        part, how = _part(row, rate, month), basis_in_words(row.basis, budget.currency)
        try:
            months, basis = staffed(part, _shares_of(row), days_per_sprint=ZERO, currency=budget.currency, price_in=price_in)
        except InvalidInput as refusal:
            return StaffLine(row, row.amount, None, how, "", str(refusal), None)
        is_same = _nonzero(months) == _nonzero(_months_of(row))
        now = basis_in_words(basis, budget.currency)
        return StaffLine(row, row.amount, sum(months.values(), ZERO), how, now, "", None if is_same else part)

    return Staffed(version, month, [held_against(row, rate) for row, rate in lines])


def repriced(found: Staffed) -> Document:
    """Return the document that plans the lines which differ at the rates of now, and leaves all else as it is.

    Raises WrongState where none differs.
    """
    if not found.differing:
        raise WrongState("Every line is planned at the rates of now.", remedy="Nothing is left to do.", code="nothing_differs")
    document = document_of(found.version)
    anew = {
        (each.line.category.code, each.line.cost_centre.code, each.line.name): each.part
        for each in found.differing
        if each.part is not None
    }
    for envelope in document["budget"]["envelopes"]:
        envelope["lines"] = [
            _said(part, line) if (part := anew.get((envelope["category"], line["cost_centre"], line["name"]))) else line
            for line in envelope["lines"]
        ]
    document["budget"]["note"] = f"At the day rates of now from {found.since:%b %Y} on."
    return document


def _said(part: LinePart, line: Mapping[str, Any]) -> Document:
    high = {"high": line["high"]} if "high" in line else {}
    return {**part.model_dump(mode="json", exclude_none=True), **high}


def _rate_of(row: BudgetLine, currency: str) -> RatePart | None:
    """Return at what a line of staff is priced where that can change: by a role, or in another currency than the budget's."""
    basis = row.basis
    staff = {name: basis[name] for name in ("fte", "sprints", "days_per_sprint")}
    if basis.get("role"):
        return RatePart(**staff, role=basis["role"])
    rates = basis.get("rates", [])
    if rates and rates[0]["currency"] != currency:
        return RatePart(**staff, day_rate=rates[0]["day_rate"], currency=rates[0]["currency"])
    return None


def _shares_of(row: BudgetLine) -> dict[date, Decimal]:
    return {date.fromisoformat(f"{month}-01"): Decimal(share) for month, share in sorted(row.basis["shares"].items())}


def _part(row: BudgetLine, rate: RatePart, since: date) -> LinePart:
    shares, stated = _shares_of(row), set(row.basis.get("kept", ()))
    kept = {month: f"{amount:.2f}" for month, amount in _months_of(row).items() if month < since or f"{month:%Y-%m}" in stated}
    is_weighted = row.phasing in {BudgetLine.Phasing.WEIGHTS, BudgetLine.Phasing.LAST_YEAR}
    return LinePart.model_validate(
        {
            "name": row.name,
            "cost_centre": row.cost_centre.code,
            "rate": rate,
            "kept": {f"{month:%Y-%m}": amount for month, amount in kept.items()} or None,
            "phasing": "weights" if is_weighted else row.phasing,
            "weights": _weights(list(shares.values())) if is_weighted else None,
            "starts_on": min(shares),
            "ends_on": max(shares),
        }
    )


def _weights(shares: Sequence[Decimal]) -> list[str]:
    """Return shares as weights of a file, which have nine digits before the point: of larger ones the proportion counts."""
    digits = max(max(shares).adjusted() + 1 - LONGEST_WEIGHT, 0)
    return [f"{share.scaleb(-digits).quantize(FINEST_WEIGHT):f}" for share in shares]
