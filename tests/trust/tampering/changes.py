"""Changes that a superuser makes, each to another account. Half of them are made consistent: the chain is computed anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import psycopg
import psycopg.types.json

from tests.vandals import GUARDED, RECOMPUTE, UNGUARD

# How to make an account's books agree again: numbers within journals, digests, hashes from the first link on, balances.
AGREE = """
UPDATE budgets_entry e SET number = r.number
FROM (SELECT e.id, row_number() OVER (PARTITION BY e.journal_id ORDER BY e.number) AS number FROM budgets_entry e
      WHERE e.journal_id IN (SELECT journal_id FROM budgets_link WHERE account_id = {a})) r
WHERE r.id = e.id AND r.number <> e.number;
SELECT pg_temp.redigest(l.journal_id) FROM budgets_link l WHERE l.account_id = {a};
SELECT pg_temp.rechain({a});
SELECT pg_temp.rebalance({a});
"""
REMOVE = """
DELETE FROM budgets_link WHERE journal_id = {j};
DELETE FROM budgets_entry WHERE journal_id = {j};
DELETE FROM budgets_journal WHERE id = {j};
"""
SLIP_IN_JOURNAL = """
INSERT INTO budgets_journal (id, key, digest, kind, entity_id, source_type, source_id, is_fact, is_override, form, memo,
                             correlation_id, recorded_at)
SELECT {new}, 'slipped-in-{a}', sha256('x'), kind, entity_id, source_type, source_id, is_fact, is_override, form, memo,
       correlation_id, recorded_at FROM budgets_journal WHERE id = {j};
INSERT INTO budgets_entry (journal_id, number, account_id, month, bucket, amount, thread, memo, rate, pooled, recorded_at)
SELECT {new}, 1, {a}, '2026-06-01', 'spent', 77, '', '', 1, 77, recorded_at FROM budgets_journal WHERE id = {j};
"""
LINK_IT = """
UPDATE budgets_link SET seq = seq + 1000000 WHERE account_id = {a} AND seq > {s};
INSERT INTO budgets_link (account_id, seq, journal_id, prev, hash) VALUES ({a}, {s} + 1, {new}, '', '');
"""
CHANGES: dict[str, str] = {
    "amount": "UPDATE budgets_entry SET amount = amount + 0.01, pooled = pooled + 0.01 WHERE id = {e}",
    "month": "UPDATE budgets_entry SET month = (month + interval '1 month')::date WHERE id = {e}",
    "bucket": "UPDATE budgets_entry SET bucket = CASE bucket WHEN 'spent' THEN 'paid' ELSE 'spent' END WHERE id = {e}",
    "thread": "UPDATE budgets_entry SET thread = 'elsewhere' WHERE id = {e}",
    "memo of an entry": "UPDATE budgets_entry SET memo = memo || '.' WHERE id = {e}",
    "memo of a journal": "UPDATE budgets_journal SET memo = memo || ' ' WHERE id = {j}",
    "moment": """
        UPDATE budgets_journal SET recorded_at = recorded_at - interval '1 microsecond' WHERE id = {j};
        UPDATE budgets_entry SET recorded_at = recorded_at - interval '1 microsecond' WHERE journal_id = {j}""",
    "source": "UPDATE budgets_journal SET source_id = 'x' WHERE id = {j}",
    "rate": "UPDATE budgets_entry SET rate = 1.0000000001 WHERE id = {e}",
    "entry inserted": """
        INSERT INTO budgets_entry (journal_id, number, account_id, month, bucket, amount, thread, memo, rate, pooled, recorded_at)
        SELECT journal_id, 2, account_id, month, bucket, 5, '', '', 1, 5, recorded_at FROM budgets_entry WHERE id = {e}""",
    "journal inserted": SLIP_IN_JOURNAL + LINK_IT,
    "journal deleted": REMOVE,
    "links swapped": """
        UPDATE budgets_link x SET journal_id = y.journal_id FROM budgets_link y
        WHERE x.account_id = {a} AND y.account_id = {a} AND (x.seq, y.seq) IN ((1, {s}), ({s}, 1))""",
    "another cost centre": "UPDATE budgets_fundsaccount SET cost_centre_id = {centre} WHERE id = {a}",
    "another category": "UPDATE budgets_fundsaccount SET category_id = {category} WHERE id = {a}",
    "shortened": """
        DELETE FROM budgets_entry WHERE account_id = {a} AND journal_id IN (
            SELECT journal_id FROM budgets_link WHERE account_id = {a} AND seq >= {s});
        DELETE FROM budgets_link WHERE account_id = {a} AND seq >= {s};
        UPDATE budgets_fundsaccount a SET seq = {s} - 1, head = (
            SELECT hash FROM budgets_link WHERE account_id = {a} AND seq = {s} - 1) WHERE id = {a}""",
}
# These leave the chain as it is, so that there is nothing to make consistent.
UNCHAINED: dict[str, str] = {
    "balance": "UPDATE budgets_balance SET spent = spent + 0.01 WHERE account_id = {a}",
    "entry deleted": "DELETE FROM budgets_entry WHERE id = {e}",
    "entry in another account": "UPDATE budgets_entry SET account_id = {spare} WHERE id = {e}",
    "journal without a link": SLIP_IN_JOURNAL,
    "hash": "UPDATE budgets_link SET hash = sha256(hash) WHERE account_id = {a} AND seq = {s}",
    "head": "UPDATE budgets_fundsaccount SET head = sha256(head) WHERE id = {a}",
}
# An entry that is alone in its journal; and so are all those after it in its account, so that no other account is touched.
TARGETS = """
SELECT DISTINCT ON (l.account_id) l.account_id, l.seq, l.journal_id, e.id
FROM budgets_link l JOIN budgets_entry e ON e.journal_id = l.journal_id
WHERE l.seq > 1 AND l.seq <= (%(upto)s::jsonb ->> l.account_id::text)::bigint AND NOT EXISTS (
    SELECT FROM budgets_link n JOIN budgets_entry o ON o.journal_id = n.journal_id
    WHERE n.account_id = l.account_id AND n.seq >= l.seq AND o.account_id <> l.account_id)
ORDER BY l.account_id, md5(l.journal_id::text)
"""


@dataclass(frozen=True)
class Change:
    """What was changed where, and whether it was made consistent. `other` is a second account that it touches."""

    kind: str
    account: str
    other: str
    is_consistent: bool


def tamper(admin: psycopg.Connection[Any], *, count: int, anchored: dict[str, int], seed: int) -> list[Change]:
    """Make `count` changes, each to an account of its own, at a link that the last anchor saw. One account more is kept spare."""
    targets = admin.execute(TARGETS, {"upto": psycopg.types.json.Jsonb(anchored)}).fetchall()
    Random(seed).shuffle(targets)
    if len(targets) <= count:
        raise ValueError(f"{count} changes need more than {len(targets)} accounts.")
    spare = targets.pop()[0]
    done = []
    with admin.transaction():
        admin.execute(f"{UNGUARD}; SET LOCAL session_replication_role = replica; {RECOMPUTE}".encode())
        for number, target in enumerate(targets[:count]):
            done.append(_change(admin, number, target, spare))
        guard = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in GUARDED]
        admin.execute("; ".join(guard).encode())
    return done


def _change(admin: psycopg.Connection[Any], number: int, target: Sequence[int], spare: int) -> Change:
    is_consistent = number % 2 == 1
    kinds = CHANGES if is_consistent else {**CHANGES, **UNCHAINED}
    kind = list(kinds)[number // 2 % len(kinds)]
    account, seq, journal, entry = target
    far = 10_000_000 + number
    names = {"a": account, "s": seq, "j": journal, "e": entry, "spare": spare, "new": far, "centre": far, "category": far}
    admin.execute(kinds[kind].format(**names).encode())
    if is_consistent:
        admin.execute(AGREE.format(**names).encode())
    return Change(kind, str(account), str(spare) if "{spare}" in kinds[kind] else "", is_consistent)
