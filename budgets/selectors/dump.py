"""The whole ledger as lines of JSON, for whoever verifies it outside (docs/verify.md says what each line holds)."""

import heapq
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from operator import itemgetter

from django.db import connection, transaction

FORM = "purser-ledger-1"
ROWS_AT_A_TIME = 2000
Keyed = tuple[int, int, str]


@contextmanager
def ledger_lines() -> Iterator[Iterator[str]]:
    """Give the dump's lines, without their line feeds, in one snapshot of the database. Postings go on meanwhile.

    Rows come through server-side cursors: memory does not grow with the ledger.
    """
    nested = connection.in_atomic_block
    with transaction.atomic(), ExitStack() as cursors:
        if not nested:
            # Inside a caller's transaction the snapshot is the caller's.
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield _lines(cursors)


def _lines(cursors: ExitStack) -> Iterator[str]:
    yield _one(_HEAD)
    by_account = (_streamed(query, cursors) for query in (_ACCOUNTS, _LINKS, _BALANCES))
    # Each stream is in the order of the accounts; within one, its own line comes first, then links, then balances.
    for row in heapq.merge(*by_account, key=itemgetter(0, 1)):
        yield row[2]
    for query in (_JOURNALS, _ORPHANS):
        for row in _streamed(query, cursors):
            yield row[2]
    yield _one(_END)


def _one(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(query, [FORM] if "%s" in query else None)
        return str(cursor.fetchone()[0])


def _streamed(query: str, cursors: ExitStack) -> Iterator[Keyed]:
    cursor = cursors.enter_context(connection.chunked_cursor())
    cursor.execute(query)
    while rows := cursor.fetchmany(ROWS_AT_A_TIME):
        yield from rows


def counts_in(end: str) -> dict[str, int]:
    """Return what the dump's last line counts."""
    return {name: int(count) for name, count in json.loads(end).items() if name != "line"}


_HEAD = """
SELECT json_build_object('line', 'head', 'form', %s::text, 'database', current_database(),
                         'taken_at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text
"""

# An account that links or balances name, and that is not there, is listed as well: with no node.
_ACCOUNTS = """
SELECT a.id, 0, json_build_object('line', 'account', 'id', a.id::text,
    'node', json_build_array(a.budget_id::text, a.cost_centre_id::text, a.category_id::text, a.currency),
    'name', a.name, 'seq', a.seq::text, 'head', encode(a.head, 'hex'))::text
FROM budgets_fundsaccount a
UNION ALL
SELECT m.account_id, 0, json_build_object('line', 'account', 'id', m.account_id::text, 'node', NULL,
    'name', '', 'seq', '0', 'head', '')::text
FROM (SELECT account_id FROM budgets_link UNION SELECT account_id FROM budgets_balance) m
WHERE NOT EXISTS (SELECT FROM budgets_fundsaccount a WHERE a.id = m.account_id)
ORDER BY 1
"""

_HEAD_OF_JOURNAL = """json_build_object(
    'id', {id}::text, 'form', j.form::text, 'key', j.key, 'digest', encode(j.digest, 'hex'), 'kind', j.kind,
    'entity', j.entity_id::text, 'actor', coalesce(j.actor_id::text, ''), 'source_type', j.source_type, 'source_id', j.source_id,
    'reverses', coalesce(j.reverses_id::text, ''), 'settles', coalesce(j.settles_id::text, ''), 'is_fact', j.is_fact::text,
    'is_override', j.is_override::text, 'memo', j.memo, 'correlation', j.correlation_id,
    'recorded_at', to_char(j.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))"""

# An entry's own moment is given only where it is not its journal's.
_ENTRY = """e.number::text, to_char(e.month, 'YYYY-MM-DD'), e.bucket, trim_scale(e.amount)::text, e.thread, e.memo,
    trim_scale(e.rate)::text, trim_scale(e.pooled)::text,
    CASE WHEN e.recorded_at IS DISTINCT FROM j.recorded_at THEN e.recorded_at::text END"""

_LINKS = f"""
SELECT l.account_id, 1, json_build_object('line', 'link', 'seq', l.seq::text,
    'prev', encode(l.prev, 'hex'), 'hash', encode(l.hash, 'hex'),
    'journal', {_HEAD_OF_JOURNAL.format(id="l.journal_id")},
    'entries', coalesce((SELECT json_agg(json_build_array({_ENTRY}) ORDER BY e.number) FROM budgets_entry e
                         WHERE e.journal_id = l.journal_id AND e.account_id = l.account_id), '[]'))::text
FROM budgets_link l LEFT JOIN budgets_journal j ON j.id = l.journal_id
ORDER BY l.account_id, l.seq
"""  # noqa: S608  constants

_BALANCES = """
SELECT b.account_id, 2, json_build_object('line', 'balance', 'month', to_char(b.month, 'YYYY-MM-DD'), 'sums', json_build_object(
    'allotted', b.allotted::text, 'reserved', b.reserved::text, 'committed', b.committed::text, 'spent', b.spent::text,
    'paid', b.paid::text, 'pooled_allotted', b.pooled_allotted::text, 'pooled_held', b.pooled_held::text))::text
FROM budgets_balance b ORDER BY b.account_id, b.month
"""

_JOURNALS = f"""
SELECT j.id, 3, json_build_object('line', 'journal', 'journal', {_HEAD_OF_JOURNAL.format(id="j.id")},
    'entries', coalesce((SELECT json_agg(json_build_array(e.account_id::text, {_ENTRY}) ORDER BY e.number)
                         FROM budgets_entry e WHERE e.journal_id = j.id), '[]'))::text
FROM budgets_journal j ORDER BY j.id
"""  # noqa: S608  constants

_ORPHANS = """
SELECT e.id, 4, json_build_object('line', 'orphan', 'entry', e.id::text,
    'journal', e.journal_id::text, 'account', e.account_id::text)::text
FROM budgets_entry e WHERE NOT EXISTS (SELECT FROM budgets_journal j WHERE j.id = e.journal_id) ORDER BY e.id
"""

_END = """
SELECT json_build_object('line', 'end', 'accounts', (SELECT count(*) FROM budgets_fundsaccount)::text,
    'links', (SELECT count(*) FROM budgets_link)::text, 'journals', (SELECT count(*) FROM budgets_journal)::text,
    'entries', (SELECT count(*) FROM budgets_entry)::text, 'balances', (SELECT count(*) FROM budgets_balance)::text)::text
"""
