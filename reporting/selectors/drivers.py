"""Who stands behind what was spent: vendors of invoices, and what imported rows name. For reasons, not for sums."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum
from django.db.models.fields.json import KeyTextTransform

from budgets.models import Budget
from reconciliation.models import InvoiceLine, RawRow
from reporting.rules.figures import ZERO, Driver

MOST = 3


def drivers_of(budget: Budget, month: date, paths: Mapping[str, str]) -> dict[str, tuple[Driver, ...]]:
    """Return, by category code, who was paid most to the end of `month`. `paths` maps a code to its category's path."""
    sums: dict[str, dict[str, Decimal]] = {code: defaultdict(lambda: ZERO) for code in paths}
    for path, name, amount in _paid({"account__budget": budget}, month):
        code = _code_of(path, paths)
        if code and name and amount:
            sums[code][name] += amount
    return {code: _largest(names) for code, names in sums.items() if names}


def drivers_at(accounts: list[int], month: date) -> tuple[Driver, ...]:
    """Return who was paid most on some accounts to the end of `month`."""
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for _, name, amount in _paid({"account__in": accounts}, month):
        if name and amount:
            sums[name] += amount
    return _largest(sums)


def _paid(where: dict[str, Any], month: date) -> list[tuple[str, str, Decimal]]:
    """Return (category path, payee, cost) of invoices and of imported rows, in one query."""
    invoiced = InvoiceLine.objects.filter(**where, month__lte=month).order_by()
    cost = Sum(F("net") + F("vat") - F("recoverable"))
    of_vendors = invoiced.values_list("account__category__path", "invoice__vendor__name").annotate(cost=cost)
    rows = RawRow.objects.filter(
        **where, month__lte=month, status=RawRow.Status.ACCEPTED, produced_type="journal", gone_with__isnull=True
    ).order_by()
    named = rows.annotate(payee=KeyTextTransform("vendor", "fields"))
    return list(of_vendors.union(named.values_list("account__category__path", "payee").annotate(cost=Sum("amount")), all=True))


def _code_of(path: str, paths: Mapping[str, str]) -> str:
    above = [code for code, start in paths.items() if path.startswith(start)]
    return max(above, key=lambda code: len(paths[code]), default="")


def _largest(names: Mapping[str, Decimal]) -> tuple[Driver, ...]:
    ranked = sorted(names.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Driver(name, amount) for name, amount in ranked[:MOST])
