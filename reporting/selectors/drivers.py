"""Who stands behind what was spent: vendors of invoices, and what imported rows name. For reasons, not for sums."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db.models import F, Sum
from django.db.models.fields.json import KeyTextTransform

from budgets.models import Budget
from reconciliation.models import InvoiceLine, RawRow
from reporting.rules.figures import ZERO, Driver

MOST = 3


def drivers_of(budget: Budget, month: date, paths: Mapping[str, str]) -> dict[str, tuple[Driver, ...]]:
    """Return, by category code, who was paid most to the end of `month`. `paths` maps a code to its category's path."""
    sums: dict[str, dict[str, Decimal]] = {code: defaultdict(lambda: ZERO) for code in paths}
    for path, name, amount in [*_invoiced(budget, month), *_imported(budget, month)]:
        code = _code_of(path, paths)
        if code and name and amount:
            sums[code][name] += amount
    return {code: _largest(names) for code, names in sums.items() if names}


def _invoiced(budget: Budget, month: date) -> list[tuple[str, str, Decimal]]:
    rows = InvoiceLine.objects.filter(account__budget=budget, month__lte=month)
    spent = rows.values("account__category__path", "invoice__vendor__name").annotate(
        cost=Sum(F("net") + F("vat") - F("recoverable"))
    )
    return list(spent.values_list("account__category__path", "invoice__vendor__name", "cost"))


def _imported(budget: Budget, month: date) -> list[tuple[str, str, Decimal]]:
    rows = RawRow.objects.filter(
        account__budget=budget, month__lte=month, status=RawRow.Status.ACCEPTED, produced_type="journal", gone_with__isnull=True
    )
    named = rows.annotate(payee=KeyTextTransform("vendor", "fields"))
    spent = named.values("account__category__path", "payee").annotate(cost=Sum("amount"))
    return list(spent.values_list("account__category__path", "payee", "cost"))


def _code_of(path: str, paths: Mapping[str, str]) -> str:
    above = [code for code, start in paths.items() if path.startswith(start)]
    return max(above, key=lambda code: len(paths[code]), default="")


def _largest(names: Mapping[str, Decimal]) -> tuple[Driver, ...]:
    ranked = sorted(names.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Driver(name, amount) for name, amount in ranked[:MOST])
