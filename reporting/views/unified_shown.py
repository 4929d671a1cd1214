"""The unified view as it is shown: cells with the ways to their entries, groups that open and shut."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from reporting.rules.figures import ZERO
from reporting.rules.unified import SYSTEMS, Amounts, Column, Line, Origin, Unified, Waiting, lines_of, waiting_of
from reporting.rules.wording import counted, money, month_name
from reporting.selectors.unified_entries import Figure
from reporting.selectors.unified_scope import Scope


@dataclass(frozen=True, slots=True)
class Shown:
    """An amount and the way to its entries; blank where there is none."""

    amount: Decimal
    url: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of the table: a category, its cells by system, and the way to shut or open it."""

    line: Line
    plan: Shown
    held: Shown
    cells: list[Shown]
    actual: Shown
    toggle: str = ""


@dataclass(frozen=True, slots=True)
class ShownWaits:
    """What is not in the ledger, by system; `others` are amounts in other currencies, and rows without one."""

    words: str
    cells: list[Decimal]
    total: Decimal
    others: str


@dataclass(frozen=True, slots=True)
class ShownTable:
    """The table by category, with what stands below it."""

    columns: tuple[Column, ...]
    lines: list[ShownLine]
    total: ShownLine
    final: list[Decimal]
    preliminary: list[Decimal]
    waits: list[ShownWaits]
    is_shut: bool


@dataclass(frozen=True)
class Ways:
    """Addresses within the view: of the same scope, months and moment."""

    scope: Scope
    view: Unified

    def query(self, **more: Any) -> str:
        """Return what is shown as a query, and what is said besides."""
        said: dict[str, Any] = {"entity": self.scope.entity.code}
        said["budget"] = self.scope.budget.code if self.scope.budget else ""
        said["cost_centre"] = self.scope.centre.code if self.scope.centre else ""
        said |= {"first": f"{self.view.first:%Y-%m}", "last": f"{self.view.last:%Y-%m}"}
        said["as_of"] = self.view.as_of.isoformat() if self.view.as_of else ""
        return urlencode({name: value for name, value in {**said, **more}.items() if value}, doseq=True)

    def entries(self, **more: Any) -> str:
        """Return the way to the entries of a figure."""
        return f"{reverse('reporting:unified-entries')}?{self.query(**more)}"

    @property
    def now(self) -> str:
        return self.query()


def shown_of(view: Unified, ways: Ways, shut: frozenset[str]) -> ShownTable:
    """Return the table, its groups open but those in `shut`."""
    columns = view.columns
    lines = [_line(each, columns, ways, shut) for each in lines_of(view.nodes, shut)]
    whole = Line("", "Together", 0, view.total)
    return ShownTable(
        columns=columns,
        lines=lines,
        total=_line(whole, columns, ways, frozenset()),
        final=[column.of(view.total.spent) - column.of(view.total.open) for column in columns],
        preliminary=[column.of(view.total.open) for column in columns],
        waits=[
            _waits(view, view.quarantined, columns, "imported row", "in quarantine"),
            _waits(view, view.uncoded, columns, "invoice line", "on no budget line"),
        ],
        is_shut=bool(shut),
    )


def _line(line: Line, columns: tuple[Column, ...], ways: Ways, shut: frozenset[str]) -> ShownLine:
    of: dict[str, Any] = {"category": line.code, "direct": "1" if line.is_own else ""}
    amounts: Amounts = line.amounts

    def shown(amount: Decimal, name: str, **more: str) -> Shown:
        return Shown(amount, ways.entries(**of, **more) if amount else "", name)

    toggle = ""
    if line.is_group:
        others = sorted(shut - {line.code} if line.is_shut else shut | {line.code})
        toggle = f"?{ways.query(shut=others)}#categories"
    return ShownLine(
        line=line,
        plan=shown(amounts.plan, "Budget", bucket="allotted"),
        held=shown(amounts.held, "Held", bucket="held"),
        cells=[shown(column.of(amounts.spent), column.name, system=column.system) for column in columns],
        actual=shown(amounts.actual, "Actual"),
        toggle=toggle,
    )


def _waits(view: Unified, rows: tuple[Waiting, ...], columns: tuple[Column, ...], thing: str, where: str) -> ShownWaits:
    found = waiting_of(rows, view.currency)
    count = sum(each.count for each in rows)
    others = [
        f"{money(sum(waiting_of(rows, each).values(), ZERO))} {each or 'without a currency'}"
        for each in sorted({row.currency for row in rows} - {view.currency})
        if any(row.amount for row in rows if row.currency == each)
    ]
    if unread := sum(each.unread for each in rows):
        others.append(f"{counted(unread, 'row')} without an amount")
    cells = [column.of(found) for column in columns]
    words = f"{counted(count, thing)} {where}" if count else ""
    return ShownWaits(words, cells, sum(found.values(), ZERO), ", ".join(others))


def figure_words(figure: Figure, origins: tuple[Origin, ...]) -> str:
    """Say of what a figure is: `Spent, from General ledger export, October 2026`."""
    words = {"allotted": "Budget", "held": "Held", "reserved": "Reserved", "committed": "Committed"}
    parts = [words.get(figure.bucket, "Spent")]
    if figure.category:
        parts.append(f"on {figure.category}{' itself' if figure.direct else ''}")
    if figure.origin:
        parts.append(f"from {next((each.name for each in origins if each.key == figure.origin), figure.origin[:60])}")
    elif figure.system:
        parts.append(f"from {SYSTEMS.get(figure.system, figure.system[:60])}")
    if figure.month:
        parts.append(f"in {month_name(figure.month)}")
    if figure.elsewhere:
        parts.append("dated in another month")
    return ", ".join(parts)
