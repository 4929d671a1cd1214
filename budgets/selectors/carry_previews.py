"""What a budget would carry on out of a span of months, line by line, and whose word says so. Nothing is written."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db.models import QuerySet

from budgets.models import Budget, BudgetVersion, CarryRun, FundsAccount, Journal
from budgets.rules.carrying import ZERO, part_carried
from budgets.rules.months import add_months, first_of, fiscal_year_of
from budgets.rules.sentences import month_name
from budgets.selectors.balances import Figures, account_figures
from budgets.selectors.carry_rules import Held, held_at, rules_by_path
from budgets.selectors.carrying import left_by_month
from core.errors import Missing, NotFound, WrongState


@dataclass(frozen=True, slots=True)
class CarrySpan:
    """Out of which months, both included, and into which later one; each named by its first day."""

    first: date
    last: date
    into: date


@dataclass(frozen=True, slots=True)
class CarryLine:
    """A budget line over the span, in its currency: what is left, what of it is carried on, and what lapses.

    `months` is what is left in each month. `target` is the line that it goes to, None where there is none.
    """

    account: FundsAccount
    target: FundsAccount | None
    figures: Figures
    months: dict[date, Decimal]
    held: Held
    carried: Decimal
    error: str

    @property
    def left(self) -> Decimal:
        return self.figures.available

    @property
    def lapses(self) -> Decimal:
        return self.left - self.carried


@dataclass(frozen=True, slots=True)
class CarryPreview:
    """What would be carried on. `allotted` is over the span, and so is all that is held."""

    budget: Budget
    into_budget: Budget
    span: CarrySpan
    lines: list[CarryLine]

    @property
    def total(self) -> Figures:
        return sum((line.figures for line in self.lines), Figures())

    @property
    def carried(self) -> Decimal:
        return sum((line.carried for line in self.lines), ZERO)

    @property
    def lapses(self) -> Decimal:
        return sum((line.lapses for line in self.lines), ZERO)

    @property
    def overspent(self) -> Decimal:
        """Return what is carried of overspend: less than nothing, or nothing."""
        return sum((min(line.carried, ZERO) for line in self.lines), ZERO)

    @property
    def bad(self) -> list[CarryLine]:
        return [line for line in self.lines if line.error]

    @property
    def may_post(self) -> bool:
        return not self.bad and any(line.carried for line in self.lines)

    @property
    def is_shared(self) -> bool:
        """Say whether the lines share the months of a year, or all of them: what lapses can be used until that is over."""
        return self.budget.window in {"year", "ytd", "life", "quarter"}

    def mark(self) -> str:
        """Return what tells this from any other: what is posted is what was shown."""
        span = [str(self.span.first), str(self.span.last), str(self.span.into)]
        said = [self.budget.pk, self.into_budget.pk, *span, *(said_of(line) for line in self.lines)]
        return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def said_of(line: CarryLine) -> dict[str, Any]:
    """Return a line as it is kept with what was carried on."""
    rule = line.held.rule
    return {
        "account": line.account.pk,
        "name": line.account.name,
        "into": line.target.pk if line.target else None,
        "left": f"{line.left:.2f}",
        "committed": f"{line.figures.committed:.2f}",
        "carried": f"{line.carried:.2f}",
        "lapsed": f"{line.lapses:.2f}",
        "stated_by": rule.cost_centre.code if rule else "",
        "statement": rule.number if rule else None,
        "terms": line.held.terms.kind,
    }


def span_of(budget: Budget, through: date, *, whole_year: bool, into: date | None = None) -> CarrySpan:
    """Return the month `through`, or the fiscal year that it lies in as far as the budget spans it, and the month after it.

    Of a year what was carried on already, month by month, is left out. Raises WrongState where that is all of it.
    """
    last = first = first_of(through)
    if whole_year:
        start = fiscal_year_of(first, budget.entity.fiscal_year_start_month)
        first, last = max(start, first_of(budget.starts_on)), min(add_months(start, 11), first_of(budget.ends_on))
        done = standing_runs(budget).filter(first__gte=first, last__lte=last).order_by("-last").first()
        if done is not None and done.last < last:
            first = add_months(done.last, 1)
    return CarrySpan(first, last, first_of(into) if into else add_months(last, 1))


def standing_runs(budget: Budget) -> QuerySet[CarryRun]:
    """Return what the budget carried on and did not take back."""
    return CarryRun.objects.filter(budget=budget, undone_at=None)


def runs_of(budget: Budget) -> QuerySet[CarryRun]:
    """Return all that the budget carried on, the newest first."""
    rows = CarryRun.objects.filter(budget=budget)
    return rows.select_related("budget__entity", "into_budget", "carried_by", "undone_by").order_by("-id")


def access_run_of(budget: Budget, run_id: int) -> CarryRun:
    """Return what the budget carried on once. Raises NotFound."""
    run = runs_of(budget).filter(pk=run_id).first()
    if run is None:
        raise NotFound("This budget carried nothing on under that number.", remedy="Choose one from its list.")
    return run


def journals_of(runs: Sequence[CarryRun]) -> dict[int, Journal]:
    """Return the journal of each, by its id."""
    by_key = {run.key: run.pk for run in runs}
    rows = Journal.objects.filter(key__in=by_key).select_related("reversed_by")
    return {by_key[journal.key]: journal for journal in rows}


def refuse_second_carry(budget: Budget, span: CarrySpan) -> None:
    """Raise WrongState where a month of the span was carried on before."""
    before = standing_runs(budget).filter(first__lte=span.last, last__gte=span.first).first()
    if before is None:
        return
    journal = journals_of([before]).get(before.pk)
    months = month_name(before.first) + (f" to {month_name(before.last)}" if before.last != before.first else "")
    raise WrongState(
        f"{months} was carried on into {month_name(before.into)} before, by journal {journal.pk if journal else '?'}.",
        remedy="Take that back first, or choose a later month.",
        code="carried_before",
        details={"journal": journal.pk if journal else None, "run": before.pk},
    )


def budgets_to_carry_into(budget: Budget, into: date) -> list[Budget]:
    """Return the budgets that take what is carried into a month: this one where it spans it, else those in force that do."""
    if first_of(budget.starts_on) <= into <= first_of(budget.ends_on):
        return [budget]
    return [each for each in later_budgets(budget) if first_of(each.starts_on) <= into <= first_of(each.ends_on)]


def later_budgets(budget: Budget) -> list[Budget]:
    """Return the other budgets in force, in the same currency, that go on when this one is over."""
    rows = Budget.objects.filter(entity=budget.entity, currency=budget.currency, ends_on__gt=budget.ends_on)
    rows = rows.filter(versions__state=BudgetVersion.State.IN_FORCE).exclude(pk=budget.pk)
    return list(rows.order_by("code"))


def choose_into_budget(budget: Budget, into: date, code: str = "") -> Budget:
    """Return the budget that takes it: the one that is named, or the only one there is. Raises Missing, naming the choice."""
    found = budgets_to_carry_into(budget, into)
    named = [each for each in found if each.code == code] if code else found
    if len(named) == 1:
        return named[0]
    details = {"into_budget": ", ".join(each.code for each in found)}
    if not found:
        said, remedy = f"No budget in {budget.currency} spans {month_name(into)}.", "Load the next year's budget first."
    elif code:
        said, remedy = f"{code} takes nothing in {month_name(into)}.", f"Choose {' or '.join(each.code for each in found[:5])}."
    else:
        said = f"More than one budget in {budget.currency} spans {month_name(into)}."
        remedy = f"Choose {' or '.join(each.code for each in found[:5])}."
    raise Missing(said, remedy=remedy, code="missing_budget", details=details)


def preview_carrying(budget: Budget, into_budget: Budget, span: CarrySpan) -> CarryPreview:
    """Return what the budget would carry on under what its cost centres say at the end of the span."""
    accounts = list(FundsAccount.objects.filter(budget=budget).select_related("cost_centre", "category", "budget", "entity"))
    accounts.sort(key=lambda each: (each.category.path, each.cost_centre.path))
    figures = account_figures([each.pk for each in accounts], since=span.first, through=span.last)
    months = left_by_month(accounts, span.first, span.last)
    rules = rules_by_path(budget.entity, span.last)
    targets = _targets(budget, into_budget, accounts)
    touched = [each for each in accounts if figures[each.pk].allotted or figures[each.pk].held]
    lines = [
        _line(each, targets.get(each.pk), figures[each.pk], months[each.pk], held_at(each.cost_centre.path, rules), into_budget)
        for each in touched
    ]
    return CarryPreview(budget, into_budget, span, lines)


def _targets(budget: Budget, into_budget: Budget, accounts: Sequence[FundsAccount]) -> dict[int, FundsAccount]:
    """Return for each line the one that takes what it carries on: itself, or its like in the other budget."""
    if into_budget.pk == budget.pk:
        return {each.pk: each for each in accounts}
    theirs = {(each.cost_centre_id, each.category_id): each for each in FundsAccount.objects.filter(budget=into_budget)}
    found = {each.pk: theirs.get((each.cost_centre_id, each.category_id)) for each in accounts}
    return {pk: target for pk, target in found.items() if target is not None}


def _line(
    account: FundsAccount,
    target: FundsAccount | None,
    figures: Figures,
    months: dict[date, Decimal],
    held: Held,
    into_budget: Budget,
) -> CarryLine:
    terms = held.terms
    error = ""
    if terms.kind == "amount" and terms.currency != account.currency and figures.available > 0:
        where = held.rule.cost_centre.name if held.rule else ""
        error = f"{where} states its amount in {terms.currency}; this line is in {account.currency}. State a share instead."
    amount = ZERO if error else part_carried(figures.available, terms, account.currency)
    if amount and target is None:
        place = f"{account.category.name} at {account.cost_centre.name}"
        error = f"{into_budget.name} has no line for {place}. Put one into its next version first."
    return CarryLine(account, target, figures, months, held, amount, error)
