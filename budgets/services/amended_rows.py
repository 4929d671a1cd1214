"""The rows of an amended version: its lines and its categories, with what changes in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from budgets.models import Budget, BudgetCategory, BudgetLine, BudgetLineMonth, BudgetVersion, Category, Finding
from budgets.rules.amending import planned_since, with_amount_since, with_months
from budgets.rules.grids import cell_name
from budgets.rules.postings import check_amount
from core.errors import InvalidInput

ZERO = Decimal(0)
NO_ROW = "This is no row of the version in force. Open the page anew."
Months = Mapping[date, Decimal]


@dataclass(frozen=True, slots=True)
class Amounts:
    """What changes, by rows of the version in force, in the budget's currency.

    `lines` come to an amount from the month on, `months` of lines to one each, and `envelopes` as a whole.
    """

    lines: Mapping[int, Decimal] = field(default_factory=dict)
    envelopes: Mapping[int, Decimal] = field(default_factory=dict)
    months: Mapping[int, Months] = field(default_factory=dict)


def check_rows(amounts: Amounts, lines: list[BudgetLine], envelopes: list[BudgetCategory], budget: Budget, since: date) -> None:
    """Raise InvalidInput, by field, for a row that is not there, an amount that is no plan, and a month that cannot change."""
    known = {f"line-{row.pk}" for row in lines} | {f"envelope-{row.pk}" for row in envelopes}
    stated = {f"line-{pk}": amount for pk, amount in amounts.lines.items()}
    stated |= {f"envelope-{pk}": amount for pk, amount in amounts.envelopes.items()}
    for name, amount in stated.items():
        _check_stated(name, amount, is_known=name in known)
    for pk, months in amounts.months.items():
        for month, amount in months.items():
            name = cell_name(pk, month)
            _check_stated(name, amount, is_known=f"line-{pk}" in known)
            if not since <= month <= budget.ends_on:
                said = f"Amounts change from {since:%b %Y} to {budget.ends_on:%b %Y}. Choose an earlier month to begin with."
                raise InvalidInput(said, details={name: said})


def _check_stated(name: str, amount: Decimal, *, is_known: bool) -> None:
    if not is_known:
        raise InvalidInput(NO_ROW, details={name: NO_ROW})
    if amount < ZERO:
        said = "A plan is zero or more."
        raise InvalidInput(said, details={name: said})
    if amount:
        check_amount(amount)


def write_lines(version: BudgetVersion, lines: list[BudgetLine], amounts: Amounts, since: date) -> dict[str, Decimal]:
    """Copy the lines with their new amounts; return by how much each category's lines differ, by its path."""
    differences: dict[str, Decimal] = {}
    for line in lines:
        were = {row.month: row.amount for row in line.months.all()}
        months = _new_months(line, were, amounts, version.budget, since)
        if by := sum(months.values(), ZERO) - sum(were.values(), ZERO):
            differences[line.category.path] = differences.get(line.category.path, ZERO) + by
        _copy_line(version, line, months, changed=months != were)
    return differences


def _new_months(
    line: BudgetLine, were: dict[date, Decimal], amounts: Amounts, budget: Budget, since: date
) -> dict[date, Decimal]:
    stated = amounts.months.get(line.pk)
    if stated is not None:
        return with_months(were, stated)
    new = amounts.lines.get(line.pk)
    if new is None or new == planned_since(were, since):
        return were
    return with_amount_since(were, new, since=since, last=budget.ends_on, currency=budget.currency)


def _copy_line(version: BudgetVersion, line: BudgetLine, months: dict[date, Decimal], *, changed: bool) -> None:
    was = line.amount
    copy = BudgetLine.objects.create(
        version=version,
        category=line.category,
        cost_centre_id=line.cost_centre_id,
        name=line.name,
        amount=sum(months.values(), ZERO),
        amount_high=None if changed else line.amount_high,
        phasing="stated" if changed else line.phasing,
        starts_on=min([line.starts_on, *months]),
        ends_on=max([line.ends_on, *months]),
        basis={"amended_from": f"{was:.2f}"} if changed else line.basis,
    )
    rows = [BudgetLineMonth(line=copy, month=month, amount=amount) for month, amount in months.items()]
    BudgetLineMonth.objects.bulk_create(rows)


def write_envelopes(
    version: BudgetVersion, envelopes: list[BudgetCategory], amounts: Amounts, differences: Mapping[str, Decimal]
) -> Decimal:
    """Copy the envelopes with their new amounts; return by how much the whole differs."""
    paths = [row.category.path for row in envelopes]
    whole = sum((by for path, by in differences.items() if not any(path.startswith(other) for other in paths)), ZERO)
    for row in envelopes:
        path = row.category.path
        inside = sum((by for other, by in differences.items() if other.startswith(path)), ZERO)
        new = amounts.envelopes.get(row.pk, row.amount + inside)
        if new < ZERO:
            said = "A category cannot come to less than nothing."
            raise InvalidInput(said, details={f"envelope-{row.pk}": said})
        BudgetCategory.objects.create(
            version=version, category=row.category, amount=new, variance_threshold=row.variance_threshold
        )
        if not any(path != other and path.startswith(other) for other in paths):
            whole += new - row.amount
        _keep_finding(version, row.category, new)
    return whole


def _keep_finding(version: BudgetVersion, category: Category, envelope: Decimal) -> None:
    planned = sum((line.amount for line in version.lines.all() if line.category_id == category.pk), ZERO)
    if planned > envelope:
        over = f"{planned - envelope:,.2f} more than the {envelope:,.2f} it has"
        said = f"The lines of {category.name} come to {planned:,.2f}, {over}."
        Finding.objects.create(
            version=version, code="over_allocated", where=category.code, amount=planned - envelope, sentence=said[:400]
        )
