"""What stands around the figures: where they came from, and what is known but not in them."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.utils.dateparse import parse_datetime

from budgets.models import Budget
from core.errors import Missing
from reporting.rules.figures import FindingLine, Outside, Source
from reporting.rules.grouping import Envelope, next_month
from reporting.rules.wording import counted
from reporting.selectors.balances import MonthSums, months_of


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a report: its version and envelopes, the sums of its months, whether its month is closed, its sources,
    what does not add up, what is in no budget yet.
    """

    version: int
    envelopes: tuple[Envelope, ...]
    months: MonthSums
    is_closed: bool
    sources: tuple[Source, ...]
    findings: tuple[FindingLine, ...]
    outside: tuple[Outside, ...]
    last_posting: datetime | None


def surroundings_of(budget: Budget, month: date, *, past: datetime | None = None, category: str = "") -> Surroundings:
    """Return what stands around the report of `budget` to the end of `month`, in one query; as of `past` if given.

    Raises Missing where no version is in force.
    """
    asked: dict[str, int | str | date | datetime | None] = {
        "budget": budget.pk,
        "entity": budget.entity_id,
        "currency": budget.currency,
        "month": month,
        "after": next_month(month),
        "past": past,
        "category": category,
    }
    with connection.cursor() as cursor:
        cursor.execute(_AROUND, asked)
        row = cursor.fetchone()
        around = dict(zip((column.name for column in cursor.description), row, strict=True)) if row else None
    if around is None:
        raise Missing(f"No version of the budget {budget.code} is in force.", remedy="Put one in force first.")
    told = {name: json.loads(around[name]) for name in ("envelopes", "months", "sources", "findings")}
    held, loose = (around["held"], around["held_amount"]), (around["loose"], around["loose_amount"])
    return Surroundings(
        version=around["number"],
        envelopes=tuple(_envelope(**row) for row in told["envelopes"]),
        months=months_of(told["months"], budget, as_of=past),
        is_closed=around["closed"],
        sources=tuple(Source(row["name"], parse_datetime(row["last"] or "")) for row in told["sources"]),
        findings=tuple(FindingLine(amount=Decimal(row.pop("amount")), **row) for row in told["findings"]),
        outside=tuple(each for each in (_in_quarantine(budget, *held), _loose(budget, *loose)) if each.count),
        last_posting=around["last"],
    )


def _envelope(*, code: str, name: str, path: str, threshold: str | None) -> Envelope:
    return Envelope(code, name, path, None if threshold is None else Decimal(threshold))


def _in_quarantine(budget: Budget, count: int, amount: Decimal | None) -> Outside:
    sentence = f"{budget.entity.name} as a whole has {counted(count, 'imported row')} in quarantine, in no budget yet."
    return Outside("quarantined", sentence, count, amount)


def _loose(budget: Budget, count: int, amount: Decimal | None) -> Outside:
    sentence = f"{budget.entity.name} as a whole has {counted(count, 'invoice line')} on no budget line yet."
    return Outside("without_account", sentence, count, amount)


# In the database's own words: to put these together anew for every page would take longer than to answer them. Amounts in JSON
# are texts, since JSON has no exact numbers.
_AROUND = r"""
SELECT version.number,
    coalesce((
        SELECT jsonb_agg(jsonb_build_object('code', c.code, 'name', c.name, 'path', c.path,
                                            'threshold', x.variance_threshold::text) ORDER BY x.id)
        FROM budgets_budgetcategory x JOIN budgets_category c ON c.id = x.category_id WHERE x.version_id = version.id
    ), '[]') AS envelopes,
    coalesce((
        SELECT jsonb_agg(jsonb_build_object('path', x.path, 'month', x.month, 'plan', x.plan::text, 'actual', x.actual::text))
        FROM (
            SELECT c.path, b.month, sum(b.allotted) AS plan, sum(b.spent) AS actual
            FROM budgets_fundsaccount a
            JOIN budgets_category c ON c.id = a.category_id JOIN budgets_balance b ON b.account_id = a.id
            WHERE a.budget_id = %(budget)s AND (%(category)s = '' OR starts_with(c.path, (
                SELECT named.path FROM budgets_category named WHERE named.entity_id = %(entity)s AND named.code = %(category)s)))
            GROUP BY c.path, b.month
        ) x
    ), '[]') AS months,
    EXISTS (
        SELECT FROM budgets_period x WHERE x.entity_id = %(entity)s AND x.month = %(month)s AND x.state = 'closed'
    ) AS closed,
    coalesce((
        SELECT jsonb_agg(jsonb_build_object('name', x.name, 'last', x.last) ORDER BY x.name)
        FROM (
            SELECT s.name, max(f.finished_at) AS last
            FROM reconciliation_source s JOIN reconciliation_importfile f ON f.source_id = s.id
            WHERE s.entity_id = %(entity)s AND f.state = 'done' GROUP BY s.name
        ) x
    ), '[]') AS sources,
    coalesce((
        SELECT jsonb_agg(jsonb_build_object('code', x.code, 'where', x."where", 'sentence', x.sentence, 'amount', x.amount::text)
                         ORDER BY x.id)
        FROM budgets_finding x WHERE x.version_id = version.id
    ), '[]') AS findings,
    quarantine.held, quarantine.held_amount,
    CASE WHEN %(past)s::timestamptz IS NULL
        THEN (SELECT max(a.posted_at) FROM budgets_fundsaccount a WHERE a.budget_id = %(budget)s)
        ELSE (
            SELECT max(j.recorded_at)
            FROM budgets_fundsaccount a
            JOIN budgets_link l ON l.account_id = a.id JOIN budgets_journal j ON j.id = l.journal_id
            WHERE a.budget_id = %(budget)s AND j.recorded_at <= %(past)s::timestamptz)
    END AS last,
    without_line.loose, without_line.loose_amount
FROM budgets_budgetversion version
CROSS JOIN LATERAL (
    SELECT coalesce(sum(f.quarantined), 0) AS held,
           sum(f.quarantined_total) FILTER (WHERE f.currency IN ('', %(currency)s)) AS held_amount
    FROM reconciliation_source s JOIN reconciliation_importfile f ON f.source_id = s.id
    WHERE s.entity_id = %(entity)s AND s.format <> 'camt053' AND f.quarantined > 0
) quarantine
CROSS JOIN LATERAL (
    SELECT count(*) AS loose, sum(l.net + l.vat - l.recoverable) AS loose_amount
    FROM reconciliation_invoice i JOIN reconciliation_invoiceline l ON l.invoice_id = i.id
    WHERE i.entity_id = %(entity)s AND i.currency = %(currency)s AND i.issued_on < %(after)s AND i.document_state <> 'voided'
      AND l.account_id IS NULL
) without_line
WHERE version.budget_id = %(budget)s AND version.state = 'in_force' ORDER BY version.id LIMIT 1
"""
