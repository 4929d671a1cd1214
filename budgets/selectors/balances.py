"""What is allotted, held and left, and what a posting would change about it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Sum

from budgets.models import Balance
from budgets.refusals import refuse
from budgets.rules.postings import BUCKETS, Posting, as_json
from budgets.rules.sentences import window_phrase

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums of the buckets, in the account's currency. `paid` is a memo: it is part of what was spent."""

    allotted: Decimal = ZERO
    reserved: Decimal = ZERO
    committed: Decimal = ZERO
    spent: Decimal = ZERO
    paid: Decimal = ZERO

    @property
    def held(self) -> Decimal:
        return self.reserved + self.committed + self.spent

    @property
    def available(self) -> Decimal:
        return self.allotted - self.held

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, name) + getattr(other, name) for name in BUCKETS))


@dataclass(frozen=True, slots=True)
class Effect:
    """What a posting does to one control: its tightest window before and after.

    `cap` includes the tolerance; `wanted` is what the posting asks for on balance; amounts are in the account's currency.
    `passes` says whether a stop lets it through; of the others it is always true.
    """

    control_id: int
    account_id: int | None
    node: str
    mode: str
    window: str
    first: date | None
    last: date | None
    cap: Decimal
    held: Decimal
    wanted: Decimal
    left_now: Decimal
    left_after: Decimal
    passes: bool

    @property
    def when(self) -> str:
        """Return the window as a phrase: `to November 2026`."""
        return window_phrase(self.window, self.last)


def account_figures(
    account_ids: Iterable[int], *, since: date | None = None, through: date | None = None, month: date | None = None
) -> dict[int, Figures]:
    """Return the figures of each account: over all months, of one `month`, or `since` one and `through` one (both included)."""
    wanted = list(account_ids)
    rows = Balance.objects.filter(account_id__in=wanted)
    if month is not None:
        rows = rows.filter(month=month)
    if since is not None:
        rows = rows.filter(month__gte=since)
    if through is not None:
        rows = rows.filter(month__lte=through)
    sums = rows.values_list("account_id").annotate(*(Sum(name) for name in BUCKETS))
    found = {account_id: Figures(*totals) for account_id, *totals in sums}
    return {account_id: found.get(account_id, Figures()) for account_id in wanted}


def thread_balance(threads: Iterable[str]) -> dict[str, dict[str, Decimal]]:
    """Return what each document line holds in each bucket: the sums of the entries that carry its thread."""
    wanted = list(threads)
    balances = {thread: dict.fromkeys(BUCKETS, ZERO) for thread in wanted}
    if not wanted:
        return balances
    with connection.cursor() as cursor:
        cursor.execute(_ON_THREADS, [wanted])
        for thread, bucket, total in cursor.fetchall():
            balances[thread][bucket] = total
    return balances


def effect_of(postings: Sequence[Posting]) -> list[Effect]:
    """Return what the postings would do at each account and at each stop above, deepest first, if they were posted now.

    All lines are netted. A control that they do not move is left out. Nothing is locked: the posting itself decides.
    Raises Missing (missing_rate) where an account's currency has no rate today.
    """
    return [_effect(row) for row in _rows_of(_TIGHTEST.format(where="", figures="", sums=""), postings)]


def standing_effects(postings: Sequence[Posting], *, leaves: bool = False) -> list[tuple[Effect, Figures]]:
    """Return the same, each with what its accounts hold by bucket in its window; with `leaves` of single accounts only."""
    statement = _TIGHTEST.format(where="WHERE k.account_id IS NOT NULL" if leaves else "", figures=", f.*", sums=_SUMS)
    return [(_effect(row), Figures(*(row[name] for name in BUCKETS))) for row in _rows_of(statement, postings)]


def _rows_of(statement: str, postings: Sequence[Posting]) -> list[dict[str, Any]]:
    entries = json.dumps([as_json(posting) for posting in postings])
    with connection.cursor() as cursor:
        try:
            cursor.execute(statement, [entries])
        except DatabaseError as error:
            refuse(error)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _effect(row: dict[str, Any]) -> Effect:
    return Effect(
        control_id=row["control_id"],
        account_id=row["account_id"],
        node=row["name"],
        mode=row["mode"],
        window=row["window_kind"],
        first=date.fromisoformat(row["first"]) if row["first"] else None,
        last=date.fromisoformat(row["last"]) if row["last"] else None,
        cap=row["limit_now"],
        held=row["held"],
        wanted=row["worse"],
        left_now=row["left_now"],
        left_after=row["left_now"] - row["worse"],
        passes=row["passes"],
    )


# Of each control the window with the least left. The posting function refuses by the same two functions.
_ON_THREADS = """
SELECT thread, bucket, sum(amount) FROM budgets_entry WHERE thread = ANY (%s) AND thread <> '' GROUP BY thread, bucket
"""
_TIGHTEST = """
WITH touched AS (
    SELECT w.*, k.mode, k.account_id, (floor(w.cap * (1 + w.tolerance) * 100) / 100)::numeric(20, 2) AS limit_now,
           (floor((w.cap * (1 + w.tolerance) - w.held) * 100) / 100)::numeric(20, 2) AS left_now,
           (ceil((w.more_held - w.more_cap * (1 + w.tolerance)) * 100) / 100)::numeric(20, 2) AS worse
    FROM budgets_expected(%s::jsonb) w JOIN budgets_control k ON k.id = w.control_id
    {where}
), tightest AS (
    SELECT DISTINCT ON (control_id) * FROM touched ORDER BY control_id, passes, left_now - worse, from_month, to_month
)
SELECT control_id, account_id, name, mode, window_kind,
       CASE WHEN window_kind <> 'life' THEN from_month::text END AS first,
       CASE WHEN window_kind <> 'life' THEN to_month::text END AS last,
       limit_now, held, left_now, worse, passes{figures}
FROM tightest{sums} ORDER BY depth DESC, control_id
"""
# In the accounts' own currencies, as `Figures` are everywhere.
_SUMS = """ CROSS JOIN LATERAL (
    SELECT coalesce(sum(b.allotted), 0) AS allotted, coalesce(sum(b.reserved), 0) AS reserved,
           coalesce(sum(b.committed), 0) AS committed, coalesce(sum(b.spent), 0) AS spent, coalesce(sum(b.paid), 0) AS paid
    FROM budgets_cover c JOIN budgets_balance b ON b.account_id = c.account_id
    WHERE c.control_id = tightest.control_id AND b.month BETWEEN from_month AND to_month
) f"""
