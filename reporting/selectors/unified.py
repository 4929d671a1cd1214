"""The unified view, read from the ledger: what was planned, held and spent, and where each figure came from."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, F, Q, Sum

from budgets.models import Category, Period
from budgets.rules.months import add_months
from budgets.selectors.as_of import refuse_unsettled
from core import clock
from core.money import CENT
from reconciliation.models import Invoice, InvoiceLine
from reconciliation.rules.expecting import expected
from reporting.rules import unified as rules
from reporting.rules.figures import ZERO, Freshness, Source
from reporting.rules.unified import Amounts, CategoryPlace, Cell, Origin, SourceLine, Unified, Waiting
from reporting.selectors.unified_scope import Scope
from reporting.selectors.unified_sql import amount_sql, around_sql, figures_sql, scope_sql

OWN = tuple(Origin(key, rules.WORDS_OF_OWN[key], key) for key in (rules.BY_HAND, rules.CHARGED, rules.OPENED, rules.HERE))


@dataclass(frozen=True, slots=True)
class _Around:
    """An organization's sources, and what of their rows waits."""

    sources: tuple[SourceLine, ...]
    quarantined: tuple[Waiting, ...]

    @property
    def keys(self) -> dict[int | None, str]:
        return {line.origin.source_id: line.origin.key for line in self.sources}


def unified_view(scope: Scope, *, as_of: datetime | None = None, now: datetime | None = None) -> Unified:
    """Return the view of a scope, now or as it stood at a past moment. As many statements whatever the ledger's size.

    Raises WrongState (not_settled) for a moment to which something may still be posted. What waits in quarantine is known as of
    now only; as of a past moment it is that of the files that were here by then.
    """
    now = now or clock.now()
    if as_of is not None:
        refuse_unsettled(as_of)
    around = _around(scope, as_of, now)
    cells, ledger = _cells(scope, as_of, around.keys)
    closed = _closed(scope, as_of)
    cells = [Cell(cell.category, cell.month, _marked(cell, closed)) for cell in cells]
    nodes = rules.tree_of(_places(scope), _by_category(cells))
    return Unified(
        currency=scope.currency,
        first=scope.first,
        last=scope.last,
        nodes=nodes,
        total=rules.total_of(node.whole for node in nodes),
        months=rules.months_of(cells, scope.months, closed),
        origins=(*(line.origin for line in around.sources), *OWN),
        sources=around.sources,
        quarantined=around.quarantined,
        uncoded=_uncoded(scope, as_of, around.keys),
        ledger=ledger,
        freshness=_freshness(scope, closed, as_of or now, around.sources),
        as_of=as_of,
    )


def values_of(scope: Scope, as_of: datetime | None) -> dict[str, Any]:
    """Return what the statements are asked with."""
    return {
        "entity": scope.entity.pk,
        "budget": scope.budget.pk if scope.budget else None,
        "path": scope.centre.path if scope.centre else None,
        "currency": scope.currency,
        "first": scope.first,
        "last": scope.last,
        "last_day": add_months(scope.last, 1) - timedelta(days=1),
        "as_of": as_of,
    }


def scope_of(scope: Scope) -> tuple[str, str]:
    """Return the statement of a scope's accounts, and of an entry's amount in its currency."""
    accounts = scope_sql(budget=scope.budget is not None, centre=scope.centre is not None)
    return accounts, amount_sql(pooled=scope.budget is None)


def _cells(scope: Scope, as_of: datetime | None, keys: dict[int | None, str]) -> tuple[list[Cell], Decimal]:
    """Return figures by category and month, and what the stored balances say was spent in all."""
    accounts, amount = scope_of(scope)
    parts: dict[tuple[int, date], list[Amounts]] = {}
    ledger = ZERO
    with connection.cursor() as cursor:
        cursor.execute(figures_sql(accounts, amount, past=as_of is not None), values_of(scope, as_of))
        for category, month, what, source, *sums in cursor:
            first, second, third, fourth = (Decimal(each or 0).quantize(CENT) for each in sums)
            if what == "ledger":
                ledger += first
                part = Amounts(plan=second, reserved=third, committed=fourth)
            else:
                key = keys[source] if what == "source" else what
                part = Amounts(spent={key: first}, dated_elsewhere={key: second} if second else {})
            parts.setdefault((category, month), []).append(part)
    return [Cell(category, month, rules.total_of(each)) for (category, month), each in parts.items()], ledger


def _marked(cell: Cell, closed: frozenset[date]) -> Amounts:
    """Return the figures with what of them may still change."""
    said = cell.amounts
    still = {} if cell.month in closed else said.spent
    return Amounts(said.plan, said.reserved, said.committed, said.spent, still, said.dated_elsewhere)


def _by_category(cells: Iterable[Cell]) -> dict[int, Amounts]:
    found: dict[int, list[Amounts]] = {}
    for cell in cells:
        found.setdefault(cell.category, []).append(cell.amounts)
    return {category: rules.total_of(parts) for category, parts in found.items()}


def _places(scope: Scope) -> list[CategoryPlace]:
    rows = Category.objects.filter(entity=scope.entity).values_list("pk", "code", "name", "path")
    return [CategoryPlace(*row) for row in rows]


def _closed(scope: Scope, as_of: datetime | None) -> frozenset[date]:
    """Return the months that are closed; as of a past moment those that were by then and have not been opened since."""
    months = Period.objects.filter(entity=scope.entity, month__range=(scope.first, scope.last), state=Period.State.CLOSED)
    if as_of is not None:
        months = months.filter(closed_at__lte=as_of)
    return frozenset(months.values_list("month", flat=True))


def _around(scope: Scope, as_of: datetime | None, now: datetime) -> _Around:
    lines, waits = [], []
    zone = ZoneInfo(scope.entity.time_zone)
    today = (as_of or now).astimezone(zone).date()
    with connection.cursor() as cursor:
        cursor.execute(around_sql(), values_of(scope, as_of))
        for row in cursor:
            pk, name, system, form, cadence, grace, made_at, in_use, keeper, mail, file_id, file, came_at, *counts = row
            last_on, *numbers, waiting = counts
            origin = Origin(f"source-{pk}", name, system, pk)
            since = (came_at or made_at).astimezone(zone).date()
            due = expected(cadence=cadence if in_use else "none", grace_days=grace, last_on=since, today=today)
            # A file is the affair of those who read the organization's books; when one came is everybody's.
            named = (file_id, file or "") if scope.sees_books else (None, "")
            told = (form, cadence if in_use else "none", keeper or "", mail or "", due, *named, came_at, last_on)
            lines.append(SourceLine(origin, *told, *(int(each or 0) for each in numbers)))
            found = json.loads(waiting) if isinstance(waiting, str) else waiting or []
            waits += [Waiting(origin.key, money, count, Decimal(total), bare) for money, count, total, bare in found]
    return _Around(tuple(lines), tuple(waits))


def _uncoded(scope: Scope, as_of: datetime | None, keys: dict[int | None, str]) -> tuple[Waiting, ...]:
    """Return invoice lines that are on no budget line, dated in the months, by where the invoice came from."""
    lines = InvoiceLine.objects.filter(
        account__isnull=True,
        invoice__entity=scope.entity,
        invoice__issued_on__range=(scope.first, add_months(scope.last, 1) - timedelta(days=1)),
    ).exclude(invoice__document_state=Invoice.DocumentState.VOIDED)
    if as_of is not None:
        lines = lines.filter(Q(invoice__recorded_at__lte=as_of))
    places = ("invoice__source_row__import_file__source_id", "invoice__currency")
    costs: Any = Sum(F("net") + F("vat") - F("recoverable"))
    sums = lines.order_by().values_list(*places).annotate(of_them=Count("id"), costs=costs)
    return tuple(Waiting(keys[source] if source else rules.BY_HAND, *rest) for source, *rest in sums)


def freshness_of_figure(scope: Scope, month: date | None, *, as_of: datetime | None = None) -> Freshness:
    """Return how fresh a figure of a view is: final once its month is closed, all of them where it is of no one month."""
    now = clock.now()
    around = _around(scope, as_of, now)
    of_it = scope if month is None else replace(scope, first=month, last=month)
    return _freshness(of_it, _closed(of_it, as_of), as_of or now, around.sources)


def _freshness(scope: Scope, closed: frozenset[date], as_of: datetime, lines: Iterable[SourceLine]) -> Freshness:
    is_final = closed >= set(scope.months)
    sources = tuple(Source(line.origin.name, line.came_at) for line in lines if line.came_at)
    return Freshness("final" if is_final else "preliminary", as_of, sources)
