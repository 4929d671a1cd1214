"""Spend and what it bears: read off the ledger by thread, so that re-coding and reversals count where the money lies now."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from budgets.models import Balance, SpendTag
from budgets.rules.months import first_of
from core import clock
from core.models import Entity

MOST_ROWS = 20_000

# Spend as it came in: what a chargeback moves and what was spent before Purser are left out, and threads that net to nothing.
_SPENT = """
    SELECT e.month, CASE WHEN e.thread = '' THEN 'journal:' || e.journal_id ELSE e.thread END AS thread, e.account_id,
           sum(e.pooled) AS amount, min(e.memo) AS memo
      FROM budgets_entry e
      JOIN budgets_journal j ON j.id = e.journal_id
     WHERE e.account_id IN (SELECT id FROM budgets_fundsaccount WHERE entity_id = %(entity)s)
       AND e.month BETWEEN %(first)s AND %(last)s AND e.bucket = 'spent'
       AND j.source_type <> 'chargeback' AND e.thread NOT LIKE 'chargeback:%%' AND j.kind <> 'opening'
       AND NOT EXISTS (SELECT FROM budgets_journal o WHERE o.id = j.reverses_id AND o.kind = 'opening')
     GROUP BY 1, 2, 3
    HAVING sum(e.pooled) <> 0
"""
_TAGS = """
    LEFT JOIN LATERAL (
        SELECT jsonb_object_agg(latest.key, latest.value ORDER BY latest.key) FILTER (WHERE latest.value <> '') AS tags
          FROM (SELECT DISTINCT ON (t.key) t.key, t.value FROM budgets_spendtag t WHERE t.item_id = i.id
                 ORDER BY t.key, t.id DESC) latest
    ) said ON true
"""
_GROUPS = f"""
    WITH spent AS MATERIALIZED ({_SPENT})
    SELECT s.month, a.cost_centre_id, coalesce(i.vendor, ''), coalesce(i.service, ''), coalesce(said.tags, '{{}}'),
           count(*), sum(abs(s.amount))
      FROM spent s
      JOIN budgets_fundsaccount a ON a.id = s.account_id
      LEFT JOIN budgets_spenditem i ON i.entity_id = %(entity)s AND i.thread = s.thread
      {_TAGS}
     GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608  made of constants alone
_ROWS = f"""
    WITH spent AS MATERIALIZED ({_SPENT})
    SELECT s.month, s.thread, s.account_id, s.amount, i.id, coalesce(i.source, ''), coalesce(i.vendor, ''),
           coalesce(nullif(i.service, ''), s.memo), coalesce(i.resource, ''), c.code, c.name, c.path, g.name,
           coalesce(said.tags, '{{}}')
      FROM spent s
      JOIN budgets_fundsaccount a ON a.id = s.account_id
      JOIN budgets_costcentre c ON c.id = a.cost_centre_id
      JOIN budgets_category g ON g.id = a.category_id
      LEFT JOIN budgets_spenditem i ON i.entity_id = %(entity)s AND i.thread = s.thread
      {_TAGS}
     WHERE %(refs)s::text[] IS NULL OR s.thread = ANY(%(refs)s::text[])
     ORDER BY abs(s.amount) DESC, s.thread, s.account_id
     LIMIT %(most)s
"""  # noqa: S608  made of constants alone


@dataclass(frozen=True, slots=True)
class SpendGroup:
    """Spend of a month that is alike in its tags: how many rows, and how much by size, in the entity's currency."""

    month: date
    cost_centre_id: int
    vendor: str
    service: str
    tags: Mapping[str, str]
    rows: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SpendRow:
    """A thread of spend at one account in one month, and what it bears. `item_id` is None where nothing was noted of it."""

    month: date
    thread: str
    account_id: int
    amount: Decimal
    item_id: int | None
    source: str
    vendor: str
    service: str
    resource: str
    cost_centre: str
    cost_centre_name: str
    cost_centre_path: str
    category: str
    tags: Mapping[str, str] = field(default_factory=dict)


def groups_of(entity: Entity, first: date, last: date) -> list[SpendGroup]:
    """Return an organization's spend of some months, grouped by what is alike."""
    rows = _run(_GROUPS, entity=entity.pk, first=first, last=last)
    return [SpendGroup(row[0], row[1], row[2], row[3], _tags(row[4]), row[5], row[6]) for row in rows]


def rows_of(entity: Entity, first: date, last: date, *, refs: Sequence[str] | None = None) -> list[SpendRow]:
    """Return an organization's spend of some months, the largest first; `refs` are the threads that are meant, where not all."""
    said = _run(
        _ROWS, entity=entity.pk, first=first, last=last, refs=list(refs) if refs is not None else None, most=MOST_ROWS + 1
    )
    return [SpendRow(*(*row[:-1], _tags(row[-1]))) for row in said]


def last_month_of_spend(entity: Entity) -> date:
    """Return the last month, this one included, in which an organization spent something; this one where there is none."""
    now = first_of(clock.now().date())
    months = Balance.objects.filter(account__entity=entity, month__lte=now).exclude(spent=0).order_by("-month")
    return months.values_list("month", flat=True).first() or now


def threads_of(rows: Iterable[SpendRow]) -> list[str]:
    """Return the threads of rows, each once."""
    return list(dict.fromkeys(row.thread for row in rows))


def tags_of(item_ids: Sequence[int], *, also_blank: bool = False) -> dict[int, dict[str, str]]:
    """Return by item what it bears, by key; with `also_blank` also the keys of which it was said that it bears none."""
    rows = SpendTag.objects.filter(item_id__in=item_ids).order_by("item_id", "key", "-id").distinct("item_id", "key")
    found: dict[int, dict[str, str]] = {}
    for item_id, key, value in rows.values_list("item_id", "key", "value"):
        if value or also_blank:
            found.setdefault(item_id, {})[key] = value
    return found


def _run(statement: str, **params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _tags(said: Any) -> Mapping[str, str]:
    # Through a plain cursor Django leaves JSON as text.
    found: dict[str, str] = json.loads(said) if isinstance(said, str) else said
    return found
