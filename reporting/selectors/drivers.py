"""Who stands behind what was spent: vendors of invoices, and what imported rows name. For reasons, not for sums."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db import connection

from budgets.models import Budget
from reporting.rules.figures import ZERO, Driver

MOST = 3


def drivers_of(budget: Budget, month: date, paths: Mapping[str, str]) -> dict[str, tuple[Driver, ...]]:
    """Return, by category code, who was paid most to the end of `month`. `paths` maps a code to its category's path."""
    sums: dict[str, dict[str, Decimal]] = {code: defaultdict(lambda: ZERO) for code in paths}
    for path, name, amount in _paid(month, budget=budget):
        code = _code_of(path, paths)
        if code and name and amount:
            sums[code][name] += amount
    return {code: _largest(names) for code, names in sums.items() if names}


def drivers_at(accounts: list[int], month: date) -> tuple[Driver, ...]:
    """Return who was paid most on some accounts to the end of `month`."""
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for _, name, amount in _paid(month, accounts=accounts):
        if name and amount:
            sums[name] += amount
    return _largest(sums)


def _paid(month: date, *, budget: Budget | None = None, accounts: list[int] | None = None) -> list[tuple[str, str, Decimal]]:
    """Return (category path, payee, cost) of invoices and of imported rows, on a budget or on some accounts, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_PAID, {"month": month, "budget": budget.pk if budget else None, "accounts": accounts})
        return list(cursor.fetchall())


def _code_of(path: str, paths: Mapping[str, str]) -> str:
    above = [code for code, start in paths.items() if path.startswith(start)]
    return max(above, key=lambda code: len(paths[code]), default="")


def _largest(names: Mapping[str, Decimal]) -> tuple[Driver, ...]:
    ranked = sorted(names.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Driver(name, amount) for name, amount in ranked[:MOST])


_PAID = """
WITH there AS MATERIALIZED (
    SELECT a.id, c.path FROM budgets_fundsaccount a JOIN budgets_category c ON c.id = a.category_id
    WHERE a.budget_id = %(budget)s OR a.id = ANY (%(accounts)s::bigint[])
)
SELECT t.path, v.name, sum(l.net + l.vat - l.recoverable)
FROM there t JOIN reconciliation_invoiceline l ON l.account_id = t.id JOIN reconciliation_invoice i ON i.id = l.invoice_id
LEFT JOIN budgets_vendor v ON v.id = i.vendor_id
WHERE l.month <= %(month)s GROUP BY t.path, v.name
UNION ALL
SELECT t.path, r.fields ->> 'vendor', sum(r.amount)
FROM there t JOIN reconciliation_rawrow r ON r.account_id = t.id
WHERE r.month <= %(month)s AND r.status = 'accepted' AND r.produced_type = 'journal' AND r.gone_with_id IS NULL
GROUP BY t.path, r.fields ->> 'vendor'
"""
