"""Allocation reports of an organization: each is read from the ledger and held against what the ledger says in all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Max, Q, Sum

from budgets.models import Balance, Budget, CostCentre, Entry, Period, TagKey
from budgets.rules.months import add_months, first_of, months_between
from budgets.selectors.budgets import READING
from core import clock
from core.access import whole_entities_of
from core.errors import NotFound
from core.models import Entity, User
from core.money import CENT
from core.viewer import known_zone
from reconciliation.models import ImportFile
from reporting.rules import allocation_report as rules
from reporting.rules.allocation_report import NOT_TAGGED, Quarter, Spend, Table, View
from reporting.rules.figures import ZERO, Freshness, Source
from reporting.rules.run_rate import RunRate, run_rate

TAGS = ("department", "project")
CHARGED, OPENED = "moved by a chargeback", "opening balance"

# An entry's day: that of the imported row on whose thread it is, or of the invoice whose line it is or whose line it posted.
_SPENT = """
    WITH spent AS MATERIALIZED (
        SELECT e.thread, a.category_id,
               CASE WHEN e.thread ~ '^(raw-row|invoice-line):' THEN NULL ELSE e.journal_id END AS journal_id,
               CASE WHEN j.source_type = 'chargeback' OR e.thread LIKE 'chargeback:%%' THEN %(charged)s
                    WHEN j.kind = 'opening' OR o.kind = 'opening' THEN %(opened)s ELSE '' END AS instead,
               sum(e.pooled) AS amount
          FROM budgets_entry e
          JOIN budgets_fundsaccount a ON a.id = e.account_id
          JOIN budgets_journal j ON j.id = e.journal_id
          LEFT JOIN budgets_journal o ON o.id = j.reverses_id
         WHERE a.entity_id = %(entity)s AND e.month BETWEEN %(first)s AND %(last)s AND e.bucket = 'spent'
         GROUP BY 1, 2, 3, 4
        HAVING sum(e.pooled) <> 0
    )
    SELECT coalesce(r.occurred_on, v.issued_on) AS day, r.id IS NOT NULL OR v.source_row_id IS NOT NULL AS imported,
           s.instead, coalesce(i.vendor, ''), coalesce(i.service, ''), g.name,
           coalesce(said.tags->>'department', ''), coalesce(said.tags->>'project', ''), sum(s.amount)
      FROM spent s
      JOIN budgets_category g ON g.id = s.category_id
      LEFT JOIN reconciliation_rawrow r
             ON r.id = CASE WHEN s.thread ~ '^raw-row:[0-9]{1,18}$' THEN split_part(s.thread, ':', 2)::bigint END
      LEFT JOIN LATERAL (
          SELECT l.invoice_id FROM reconciliation_invoiceline l
           WHERE l.id = CASE WHEN s.thread ~ '^invoice-line:[0-9]{1,18}$' THEN split_part(s.thread, ':', 2)::bigint END
              OR l.journal_id = s.journal_id
           ORDER BY l.id LIMIT 1
      ) line ON r.id IS NULL
      LEFT JOIN reconciliation_invoice v ON v.id = line.invoice_id
      LEFT JOIN budgets_spenditem i ON i.entity_id = %(entity)s AND i.thread = s.thread
      LEFT JOIN LATERAL (
          SELECT jsonb_object_agg(latest.key, latest.value) AS tags
            FROM (SELECT DISTINCT ON (t.key) t.key, t.value FROM budgets_spendtag t
                   WHERE t.item_id = i.id AND t.key IN ('department', 'project') ORDER BY t.key, t.id DESC) latest
      ) said ON true
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""


@dataclass(frozen=True, slots=True)
class Dated:
    """Spend that is alike in all that these reports ask of it."""

    day: date | None
    is_imported: bool
    instead: str
    vendor: str
    service: str
    category: str
    department: str
    project: str
    amount: Decimal

    @property
    def what(self) -> str:
        """The service it was spent on, or what is known instead."""
        said = " · ".join(filter(None, (self.vendor, self.service)))
        return self.instead or said or f"{self.category}, service not known"


@dataclass(frozen=True, slots=True)
class Held:
    """What the ledger says was spent, and how much of that bears a day by imports, by invoices entered by hand, or not at all."""

    ledger: Decimal
    table: Decimal
    imported: Decimal | None = None
    entered: Decimal | None = None
    undated: Decimal | None = None
    ledger_plan: Decimal | None = None
    table_plan: Decimal | None = None

    @property
    def variance(self) -> Decimal:
        """Actual less budget, as the table has them."""
        return self.table - (self.table_plan or ZERO)

    @property
    def agrees(self) -> bool:
        return self.ledger == self.table and self.ledger_plan == self.table_plan


@dataclass(frozen=True, slots=True)
class AllocationReport:
    """One of the four reports. Amounts are in the organization's currency."""

    entity: Entity
    view: View
    month: date
    first: date
    last: date
    tables: tuple[Table, ...]
    quarters: tuple[Quarter, ...]
    held: Held
    freshness: Freshness
    budgets: dict[str, str]
    outlook: RunRate | None = None


def entities_to_report(user: User) -> list[Entity]:
    """Return the organizations that `user` may read as a whole."""
    return list(whole_entities_of(user, *READING).order_by("code"))


def access_reported_entity(user: User, code: str) -> Entity:
    """Return the organization with this code if the person reads it whole; a blank code means the first. Raises NotFound."""
    for entity in entities_to_report(user):
        if code in {"", entity.code}:
            return entity
    raise NotFound(
        "There is no such organization, or none that you read as a whole.",
        remedy="Name one of yours; what your role reaches stands on the page of its budget.",
    )


def allocation_report(entity: Entity, view: View, month: date) -> AllocationReport:
    """Return a report to the end of `month`: its days, three months' weeks, twelve months, or the quarters of its fiscal year."""
    if view == View.SERVICES:
        return _by_service(entity, month)
    if view == View.TAGS:
        return _by_tags(entity, month)
    return _by_centre(entity, month) if view == View.CENTRES else _by_quarter(entity, month)


def _by_service(entity: Entity, month: date) -> AllocationReport:
    rows = _dated(entity, month, month)
    table = rules.crossed("service", "Service", rules.days_of(month), [Spend(r.day, r.what, r.amount) for r in rows], {})
    made = _made(entity, View.SERVICES, month, month, month, tables=(table,), held=_held(entity, month, month, table, rows))
    today = clock.now().astimezone(known_zone(entity.time_zone)).date()
    return replace(made, outlook=_outlook(entity, today, rows)) if month == first_of(today) else made


def _outlook(entity: Entity, today: date, rows: Sequence[Dated]) -> RunRate | None:
    """Return what the running month comes to at the rate of late, of which `rows` are spent so far."""
    month = add_months(first_of(today), -1)
    before = _dated(entity, month, month)
    return run_rate(
        today=today,
        first_spend=min((row.day for row in [*before, *rows] if row.day and row.day >= month), default=None),
        spent_last_month=sum((row.amount for row in before), ZERO),
        spent_this_month=sum((row.amount for row in rows), ZERO),
    )


def _by_tags(entity: Entity, month: date) -> AllocationReport:
    first = add_months(month, 1 - rules.MONTHS_OF_WEEKS)
    rows = _dated(entity, first, month)
    weeks = rules.weeks_of(first, add_months(month, 1) - timedelta(days=1))
    stated = {key.code: key for key in TagKey.objects.filter(entity=entity, code__in=TAGS).order_by("number")}
    tables = []
    for key in TAGS:
        allowed = stated[key].values if key in stated else []
        names = rules.spelled(getattr(row, key) for row in rows) | {value.casefold(): value for value in allowed}
        names[NOT_TAGGED] = "not tagged"
        spent = [Spend(row.day, getattr(row, key).casefold(), row.amount) for row in rows]
        tables.append(
            rules.crossed(key, stated[key].name if key in stated else key.capitalize(), weeks, spent, names, always=[NOT_TAGGED])
        )
    held = _held(entity, first, month, tables[0], rows)
    return _made(entity, View.TAGS, month, first, month, tables=tuple(tables), held=held)


def _by_centre(entity: Entity, month: date) -> AllocationReport:
    first = add_months(month, 1 - rules.MONTHS_SHOWN)
    spans = rules.months_of(months_between(first, month))
    spent = [Spend(each, code, actual) for code, each, _, actual in _balances(entity, first, month)]
    table = rules.crossed("cost_centre", "Cost centre", spans, spent, _centres(entity))
    return _made(entity, View.CENTRES, month, first, month, tables=(table,), held=_held(entity, first, month, table))


def _by_quarter(entity: Entity, month: date) -> AllocationReport:
    terms = rules.fiscal_quarters(month, entity.fiscal_year_start_month)
    first, last = terms[0][2], terms[-1][3]
    sums, names, closed = _balances(entity, first, last), _centres(entity), _closed(entity, first, last)
    quarters = tuple(rules.quarter_of(each, sums, names, closed=closed) for each in terms)
    plan = sum((each.whole.plan for each in quarters), ZERO)
    actual = sum((each.whole.actual for each in quarters), ZERO)
    held = Held(
        _ledger(entity, first, last, "spent"), actual, ledger_plan=_ledger(entity, first, last, "allotted"), table_plan=plan
    )
    return _made(entity, View.QUARTERS, month, first, last, quarters=quarters, held=held)


def _made(
    entity: Entity,
    view: View,
    month: date,
    first: date,
    last: date,
    *,
    held: Held,
    tables: tuple[Table, ...] = (),
    quarters: tuple[Quarter, ...] = (),
) -> AllocationReport:
    is_final = _closed(entity, first, last) >= set(months_between(first, last))
    files = ImportFile.objects.filter(source__entity=entity, state=ImportFile.State.DONE)
    sources = files.order_by("source__name").values_list("source__name").annotate(Max("finished_at"))
    fresh = Freshness("final" if is_final else "preliminary", clock.now(), tuple(Source(*each) for each in sources))
    budgets = _budgets(entity) if view == View.CENTRES else {}
    return AllocationReport(entity, view, month, first, last, tables, quarters, held, fresh, budgets)


def _held(entity: Entity, first: date, last: date, table: Table, rows: Sequence[Dated] | None = None) -> Held:
    ledger = _ledger(entity, first, last, "spent")
    if rows is None:
        return Held(ledger, table.total)
    imported = sum((row.amount for row in rows if row.day and row.is_imported), ZERO)
    entered = sum((row.amount for row in rows if row.day and not row.is_imported), ZERO)
    return Held(ledger, table.total, imported, entered, sum((row.amount for row in rows if not row.day), ZERO))


def _dated(entity: Entity, first: date, last: date) -> list[Dated]:
    said: dict[str, Any] = {"entity": entity.pk, "first": first, "last": last, "charged": CHARGED, "opened": OPENED}
    with connection.cursor() as cursor:
        cursor.execute(_SPENT, said)
        return [Dated(*row) for row in cursor.fetchall()]


def _ledger(entity: Entity, first: date, last: date, bucket: str) -> Decimal:
    entries = Entry.objects.filter(account__entity=entity, month__range=(first, last), bucket=bucket)
    total: Decimal | None = entries.aggregate(total=Sum("pooled"))["total"]
    return (total or ZERO).quantize(CENT)


def _balances(entity: Entity, first: date, last: date) -> list[tuple[str, date, Decimal, Decimal]]:
    """Return cost centre, month, allotted and spent: the stored balances, and for accounts in other currencies their entries."""
    own = Balance.objects.filter(account__entity=entity, account__currency=entity.currency, month__range=(first, last))
    rows: list[Any] = list(
        own.order_by().values_list("account__cost_centre__code", "month").annotate(Sum("allotted"), Sum("spent"))
    )
    foreign = Entry.objects.filter(account__entity=entity, month__range=(first, last)).exclude(account__currency=entity.currency)
    sums = {"plan": Sum("pooled", filter=Q(bucket="allotted")), "actual": Sum("pooled", filter=Q(bucket="spent"))}
    rows += foreign.order_by().values_list("account__cost_centre__code", "month").annotate(**sums)
    return [(code, month, plan or ZERO, actual or ZERO) for code, month, plan, actual in rows]


def _centres(entity: Entity) -> dict[str, str]:
    return dict(CostCentre.objects.filter(entity=entity).order_by("path").values_list("code", "name"))


def _closed(entity: Entity, first: date, last: date) -> set[date]:
    months = Period.objects.filter(entity=entity, month__range=(first, last), state=Period.State.CLOSED)
    return set(months.values_list("month", flat=True))


def _budgets(entity: Entity) -> dict[str, str]:
    """Return by cost centre the code of the one budget whose entries at it are all of its entries; none where others share it."""
    centres = CostCentre.objects.filter(entity=entity).values_list("code", "path")
    pairs = list(
        Budget.objects.filter(entity=entity, accounts__isnull=False)
        .order_by()
        .values_list("code", "accounts__cost_centre__path")
        .distinct()
    )
    found = {}
    for code, path in centres:
        budgets = {budget for budget, where in pairs if where.startswith(path)}
        is_leaf = all(where == path for _, where in pairs if where.startswith(path))
        if len(budgets) == 1 and is_leaf:
            found[code] = budgets.pop()
    return found
