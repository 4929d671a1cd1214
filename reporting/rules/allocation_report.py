"""Spend laid out by time and by what it went to: days, ISO weeks, months and fiscal quarters. Nothing is dropped on the way.

Amounts are decimals in the organization's currency.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import groupby

from budgets.rules.achieving import achieved
from budgets.rules.months import add_months, first_of, fiscal_year_of
from reporting.rules.figures import ZERO
from reporting.rules.wording import day as day_words
from reporting.rules.wording import month_name, short_month

NOT_TAGGED = ""
MONTHS_SHOWN = 12
MONTHS_OF_WEEKS = 3


class View(StrEnum):
    """The four reports, in the order of their tabs."""

    SERVICES = "services"
    TAGS = "tags"
    CENTRES = "centres"
    QUARTERS = "quarters"


TABS = {
    View.SERVICES: "By service, daily",
    View.TAGS: "By department and project, weekly",
    View.CENTRES: "By cost centre, monthly",
    View.QUARTERS: "Budget against actual, quarterly",
}


@dataclass(frozen=True, slots=True)
class Spend:
    """An amount, its day (None where nothing says one), and the code of what it went to."""

    day: date | None
    part: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Span:
    """A line's time. Without days it takes what has a day in no other line, or none at all."""

    key: str
    name: str
    first: date | None = None
    last: date | None = None


OUTSIDE = Span("outside", "A day outside this time")
UNDATED = Span("undated", "No day known")


@dataclass(frozen=True, slots=True)
class Part:
    """What spend went to: a service, a department, a cost centre; `count` says how many, where it stands for several."""

    code: str
    name: str
    total: Decimal
    count: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """A time and what was spent in it, by part in the order of the table's."""

    span: Span
    amounts: tuple[Decimal, ...]

    @property
    def total(self) -> Decimal:
        return sum(self.amounts, ZERO)


@dataclass(frozen=True, slots=True)
class Table:
    """Spend by time and part. Lines and parts add up to the same total."""

    key: str
    name: str
    parts: tuple[Part, ...]
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        return sum((line.total for line in self.lines), ZERO)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A cost centre's or the whole's plan and actual of a quarter."""

    code: str
    name: str
    plan: Decimal
    actual: Decimal

    @property
    def variance(self) -> Decimal:
        """Actual less plan. Positive costs more than planned."""
        return self.actual - self.plan

    @property
    def percent(self) -> Decimal | None:
        return self.variance * 100 / self.plan if self.plan else None

    @property
    def achieved(self) -> Decimal | None:
        """Actual in per cent of plan, to two decimals; None for a plan of zero."""
        return achieved(self.plan, self.actual)


@dataclass(frozen=True, slots=True)
class Quarter:
    """A fiscal quarter, by cost centre. `state` is final once its three months are closed."""

    key: str
    name: str
    first: date
    last: date
    state: str
    whole: PlanLine
    lines: tuple[PlanLine, ...]


def days_of(month: date) -> list[Span]:
    """Return a line for each day of a month."""
    count = (add_months(month, 1) - month).days
    days = [month + timedelta(days=number) for number in range(count)]
    return [Span(f"{each:%Y-%m-%d}", day_words(each), each, each) for each in days]


def weeks_of(first: date, last: date) -> list[Span]:
    """Return a line for each ISO week of some days, the first and the last week cut to these days."""
    spans, start = [], first
    while start <= last:
        year, week, weekday = start.isocalendar()
        end = min(start + timedelta(days=7 - weekday), last)
        spans.append(Span(f"{year}-W{week:02}", f"{year}-W{week:02}, {_days(start, end)}", start, end))
        start = end + timedelta(days=1)
    return spans


def months_of(months: Iterable[date]) -> list[Span]:
    """Return a line for each month; what is of a month lies at its first day."""
    return [Span(f"{each:%Y-%m}", month_name(each), each, add_months(each, 1) - timedelta(days=1)) for each in months]


def _days(first: date, last: date) -> str:
    if first.month != last.month:
        return f"{first.day} {short_month(first)} to {last.day} {short_month(last)}"
    return f"{first.day} to {last.day} {short_month(last)}" if first != last else f"{last.day} {short_month(last)}"


def crossed(
    key: str, name: str, spans: Sequence[Span], spent: Iterable[Spend], names: dict[str, str], *, always: Sequence[str] = ()
) -> Table:
    """Return spend by time and part, the largest part first. Parts that nothing was spent on are left out, but those of `always`.

    What lies in none of the spans has a line of its own, at the end.
    """
    cells: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for each in spent:
        cells[_span_of(each.day, spans).key][each.part] += each.amount
    totals: dict[str, Decimal] = defaultdict(lambda: ZERO)
    moved = set(always)
    for by_part in cells.values():
        for part, amount in by_part.items():
            totals[part] += amount
            if amount:
                moved.add(part)
    parts = sorted(
        (Part(code, names.get(code, code), totals[code]) for code in moved), key=lambda part: (-abs(part.total), part.name)
    )
    shown = [*spans, *(span for span in (OUTSIDE, UNDATED) if any(cells[span.key].values()))]
    lines = tuple(Line(span, tuple(cells[span.key][part.code] for part in parts)) for span in shown)
    return Table(key, name, tuple(parts), lines)


def _span_of(day: date | None, spans: Sequence[Span]) -> Span:
    if day is None:
        return UNDATED
    return next((span for span in spans if span.first and span.last and span.first <= day <= span.last), OUTSIDE)


def narrowed(table: Table, most: int, *, keeps: str | None = None) -> Table:
    """Return the table with its `most` largest parts and one for all others together; the part `keeps` stays by itself."""
    if len(table.parts) <= most:
        return table
    order = sorted(range(len(table.parts)), key=lambda at: table.parts[at].code != keeps)
    own = sorted(order[: most - 1])
    rest = sorted(order[most - 1 :])
    others = Part("others", f"{len(rest)} others", sum((table.parts[at].total for at in rest), ZERO), len(rest))
    lines = tuple(
        Line(line.span, (*(line.amounts[at] for at in own), sum((line.amounts[at] for at in rest), ZERO))) for line in table.lines
    )
    return replace(table, parts=(*(table.parts[at] for at in own), others), lines=lines)


def folded(lines: Sequence[Line]) -> list[Line]:
    """Return the lines with those that follow one another and hold nothing as one."""
    found: list[Line] = []
    for empty, run in groupby(lines, key=lambda line: not any(line.amounts)):
        members = list(run)
        if not empty or len(members) == 1:
            found += members
            continue
        first, last = members[0].span, members[-1].span
        found.append(replace(members[0], span=Span(first.key, f"{first.name} to {last.name}", first.first, last.last)))
    return found


def spelled(values: Iterable[str]) -> dict[str, str]:
    """Return by value in small letters how it is written most often: `API` and `api` are one."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for value in values:
        counts[value.casefold()][value] += 1
    return {key: min(found, key=lambda text: (-found[text], text)) for key, found in counts.items()}


def fiscal_quarters(month: date, start_month: int) -> list[tuple[str, str, date, date]]:
    """Return key, name, first and last month of the four quarters of the fiscal year that `month` lies in."""
    year = fiscal_year_of(first_of(month), start_month)
    label = f"{year.year}" if start_month == 1 else f"{year.year}/{(year.year + 1) % 100:02}"
    found = []
    for number in range(4):
        first, last = add_months(year, 3 * number), add_months(year, 3 * number + 2)
        year_too = f" {first.year}" if first.year != last.year else ""
        months = f"{short_month(first)}{year_too} to {short_month(last)} {last.year}"
        found.append((f"{label}-Q{number + 1}", f"Q{number + 1} {label}, {months}", first, last))
    return found


def quarter_of(
    terms: tuple[str, str, date, date],
    sums: Iterable[tuple[str, date, Decimal, Decimal]],
    names: dict[str, str],
    *,
    closed: set[date],
) -> Quarter:
    """Return a quarter of (cost centre, month, plan, actual), in the order of `names`; centres with neither are left out."""
    key, name, first, last = terms
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for code, month, plan, actual in sums:
        if first <= month <= last:
            before = found.get(code, (ZERO, ZERO))
            found[code] = (before[0] + plan, before[1] + actual)
    lines = tuple(PlanLine(code, names[code], *found[code]) for code in names if any(found.get(code, ())))
    whole = PlanLine("", name, sum((line.plan for line in lines), ZERO), sum((line.actual for line in lines), ZERO))
    final = all(add_months(first, count) in closed for count in range(3))
    return Quarter(key, name, first, last, "final" if final else "preliminary", whole, lines)
