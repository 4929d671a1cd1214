"""The unified view's statements. Of constants only; what is asked goes in as values.

An entry came from the imported file that its journal names, from the source of the invoice that posted it, or from Purser itself.
Re-coded spend keeps its thread, which leads back to its row; the journal of a re-coding may hold spend of several sources.
So does what an invoice takes back of a row that is the same document: it lies in the invoice's journal, and is of the row's
source.
"""

BUCKETS_SHOWN = {
    "spent": ("spent",),
    "allotted": ("allotted",),
    "held": ("reserved", "committed"),
    "reserved": ("reserved",),
    "committed": ("committed",),
}
NUMBER = "'^[0-9]{1,18}$'"
RECODED = "(j.kind = 'recode' OR coalesce(o.kind, '') = 'recode')"
OF_A_ROW = "(j.source_type = 'invoice' AND e.thread LIKE 'raw-row:%%')"
THREADED = f"({RECODED} OR {OF_A_ROW})"

# Of a journal `j` (what it reverses is `o`) and, where that was re-coded or is of a row, a `thread`.
ORIGIN = f"""
      LEFT JOIN reconciliation_invoice v
             ON v.id = CASE WHEN j.source_type = 'invoice' AND p.thread NOT LIKE 'raw-row:%%' AND j.source_id ~ {NUMBER}
                            THEN j.source_id::bigint END
      LEFT JOIN reconciliation_rawrow r ON r.id = coalesce(v.source_row_id,
                CASE WHEN p.thread ~ '^raw-row:[0-9]{{1,18}}$' THEN split_part(p.thread, ':', 2)::bigint END)
      LEFT JOIN reconciliation_importfile f ON f.id = coalesce(r.import_file_id,
                CASE WHEN j.source_type = 'import_file' AND NOT {RECODED} AND j.source_id ~ {NUMBER} THEN j.source_id::bigint END)
"""
KIND = f"""CASE WHEN f.source_id IS NOT NULL THEN 'source'
            WHEN v.id IS NOT NULL THEN 'invoices'
            WHEN j.source_type = 'chargeback' THEN 'chargeback'
            WHEN NOT {RECODED} AND j.source_type = 'opening' OR p.thread LIKE 'opening:%%' THEN 'opening'
            ELSE 'here' END"""
_MONTHS = "e.month BETWEEN %(first)s AND %(last)s"
_UNTIL = "(%(as_of)s::timestamptz IS NULL OR e.recorded_at <= %(as_of)s)"


def scope_sql(*, budget: bool, centre: bool) -> str:
    """Return the accounts that are reported: of an organization, of one of its budgets, at and below a cost centre."""
    of_budget = "AND a.budget_id = %(budget)s" if budget else ""
    at = "AND a.cost_centre_id IN (SELECT c.id FROM budgets_costcentre c WHERE c.entity_id = %(entity)s" if centre else ""
    below = "AND starts_with(c.path, %(path)s))" if centre else ""
    return f"""
    SELECT a.id, a.category_id, a.currency <> %(currency)s AS is_foreign
      FROM budgets_fundsaccount a WHERE a.entity_id = %(entity)s {of_budget} {at} {below}"""  # noqa: S608  constants


def amount_sql(*, pooled: bool) -> str:
    """Return an entry's amount: in the organization's currency, or in its account's."""
    return "e.pooled" if pooled else "e.amount"


def figures_sql(scope: str, amount: str, *, past: bool) -> str:
    """Return the statement that gives (category, month, what, source, four sums).

    `ledger` is what the stored balances say: spent, allotted, reserved, committed. As of a past moment they are less what was
    recorded since; accounts in another currency are read from their entries. The other rows are spent entries by origin: their
    sum, and of it what a document dates in another month. All is one statement, so that it is of one moment.
    """
    buckets = ", ".join(
        f"{{sign}}sum({amount}) FILTER (WHERE e.bucket = '{name}') AS {name}"
        for name in ("spent", "allotted", "reserved", "committed")
    )
    since = f"""
    UNION ALL
    SELECT s.category_id, e.month, {buckets.format(sign="-")}
      FROM scope s JOIN budgets_entry e ON e.account_id = s.id
     WHERE NOT s.is_foreign AND {_MONTHS} AND e.recorded_at > %(as_of)s
     GROUP BY 1, 2"""  # noqa: S608  constants
    return f"""
WITH scope AS MATERIALIZED ({scope}
), spent AS MATERIALIZED (
    SELECT s.category_id, e.month, e.journal_id, CASE WHEN {THREADED} THEN e.thread ELSE '' END AS thread, sum({amount}) AS amount
      FROM scope s
      JOIN budgets_entry e ON e.account_id = s.id
      JOIN budgets_journal j ON j.id = e.journal_id
      LEFT JOIN budgets_journal o ON o.id = j.reverses_id
     WHERE e.bucket = 'spent' AND {_MONTHS} AND {_UNTIL}
     GROUP BY 1, 2, 3, 4
), placed AS (
    SELECT p.category_id, p.month, {KIND} AS what, f.source_id, sum(p.amount) AS amount,
           sum(p.amount) FILTER (WHERE date_trunc('month', v.issued_on)::date <> p.month) AS elsewhere
      FROM spent p
      JOIN budgets_journal j ON j.id = p.journal_id
      LEFT JOIN budgets_journal o ON o.id = j.reverses_id
      {ORIGIN}
     GROUP BY 1, 2, 3, 4
), documents AS MATERIALIZED (
    {documents_sql()}
), dated AS (
    SELECT s.category_id, e.month, d.source_id, sum({amount}) AS elsewhere
      FROM documents d
      JOIN budgets_entry e ON e.thread = d.thread AND e.bucket = 'spent' AND e.month <> d.month
      JOIN scope s ON s.id = e.account_id
     WHERE {_MONTHS} AND {_UNTIL}
     GROUP BY 1, 2, 3
), stored AS (
    SELECT s.category_id, b.month, b.spent, b.allotted, b.reserved, b.committed
      FROM scope s JOIN budgets_balance b ON b.account_id = s.id
     WHERE NOT s.is_foreign AND b.month BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT s.category_id, e.month, {buckets.format(sign="")}
      FROM scope s JOIN budgets_entry e ON e.account_id = s.id
     WHERE s.is_foreign AND {_MONTHS} AND {_UNTIL}
     GROUP BY 1, 2{since if past else ""}
)
SELECT category_id, month, 'ledger', NULL::bigint, sum(spent), sum(allotted), sum(reserved), sum(committed)
  FROM stored GROUP BY 1, 2
UNION ALL
SELECT category_id, month, what, source_id, amount, elsewhere, 0, 0 FROM placed
UNION ALL
SELECT category_id, month, 'source', source_id, 0, elsewhere, 0, 0 FROM dated
"""  # noqa: S608  constants


def documents_sql() -> str:
    """Return the rows whose document bears another month than the one they are posted by: few, and found by their own index."""
    return """
    SELECT 'raw-row:' || r.id AS thread, f.source_id, date_trunc('month', r.document_on)::date AS month
      FROM reconciliation_source so
      JOIN reconciliation_importfile f ON f.source_id = so.id
      JOIN reconciliation_rawrow r ON r.import_file_id = f.id
     WHERE so.entity_id = %(entity)s AND r.document_on IS NOT NULL AND r.status = 'accepted' AND r.account_id IS NOT NULL"""


def around_sql() -> str:
    """Return the statement that gives an organization's sources: each with its last file, and what waits of it.

    Of rows those that have a day in the months, or none at all.
    """
    return """
SELECT s.id, s.name, s.system, s.format, s.cadence, s.grace_days, s.created_at, s.is_active, k.name, k.email,
       l.id, l.name, l.received_at, l.last_on, l.rows, l.accepted, l.quarantined, l.duplicate, l.ignored,
       coalesce(n.waiting, 0), w.waits
  FROM reconciliation_source s
  LEFT JOIN core_user k ON k.id = s.keeper_id
  LEFT JOIN LATERAL (
      SELECT f.* FROM reconciliation_importfile f
       WHERE f.source_id = s.id AND f.state = 'done' AND (%(as_of)s::timestamptz IS NULL OR f.received_at <= %(as_of)s)
       ORDER BY f.received_at DESC, f.id DESC LIMIT 1
  ) l ON true
  LEFT JOIN LATERAL (
      SELECT sum(f.quarantined) AS waiting FROM reconciliation_importfile f
       WHERE f.source_id = s.id AND f.state = 'done' AND f.quarantined > 0 AND s.format <> 'camt053'
         AND (%(as_of)s::timestamptz IS NULL OR f.received_at <= %(as_of)s)
  ) n ON true
  LEFT JOIN LATERAL (
      SELECT jsonb_agg(jsonb_build_array(q.currency, q.count, q.amount::text, q.unread)) AS waits
        FROM (SELECT r.currency, count(*) AS count, coalesce(sum(r.amount), 0) AS amount,
                     count(*) FILTER (WHERE r.amount IS NULL) AS unread
                FROM reconciliation_importfile f
                JOIN reconciliation_rawrow r ON r.import_file_id = f.id AND r.status = 'quarantined'
               WHERE f.source_id = s.id AND f.state = 'done' AND f.quarantined > 0 AND s.format <> 'camt053'
                 AND (%(as_of)s::timestamptz IS NULL OR f.received_at <= %(as_of)s)
                 AND (r.occurred_on IS NULL OR r.occurred_on BETWEEN %(first)s AND %(last_day)s)
               GROUP BY r.currency) q
  ) w ON true
 WHERE s.entity_id = %(entity)s
 ORDER BY s.name, s.id
"""


def entries_sql(scope: str, amount: str, *, narrow: bool) -> str:
    """Return the statement that gives a page of entries, each beside the count and the sum of all of them.

    With `narrow` only those of some sources, or of Purser's own ways.
    """
    of_origin = "AND (f.source_id = ANY(%(sources)s::bigint[]) OR (f.source_id IS NULL AND what.own = ANY(%(own)s::text[])))"
    return f"""
WITH scope AS MATERIALIZED ({scope}
), documents AS MATERIALIZED (
    {documents_sql()}
), found AS MATERIALIZED (
    SELECT e.id, e.month, {amount} AS amount, e.thread, what.own AS what, f.source_id, v.issued_on
      FROM scope s
      JOIN budgets_category g ON g.id = s.category_id
      JOIN budgets_entry e ON e.account_id = s.id
      JOIN budgets_journal j ON j.id = e.journal_id
      LEFT JOIN budgets_journal o ON o.id = j.reverses_id
      CROSS JOIN LATERAL (SELECT CASE WHEN {THREADED} THEN e.thread ELSE '' END AS thread) p
      {ORIGIN}
      CROSS JOIN LATERAL (SELECT {KIND} AS own) what
     WHERE e.bucket = ANY(%(buckets)s::text[]) AND {_MONTHS} AND {_UNTIL}
       AND (%(month)s::date IS NULL OR e.month = %(month)s)
       AND (%(below)s::text IS NULL OR (g.path = %(below)s OR NOT %(direct)s AND starts_with(g.path, %(below)s)))
       {of_origin if narrow else ""}
       AND (NOT %(elsewhere)s OR date_trunc('month', v.issued_on)::date <> e.month
            OR EXISTS (SELECT 1 FROM documents d WHERE d.thread = e.thread AND d.month <> e.month))
)
SELECT t.count, t.total, x.id, x.amount, x.what, x.source_id, coalesce(w.document_on, x.issued_on, w.occurred_on), w.id
  FROM (SELECT count(*) AS count, sum(amount) AS total FROM found) t
  LEFT JOIN (SELECT * FROM found ORDER BY month DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s) x ON true
  LEFT JOIN reconciliation_rawrow w
         ON w.id = CASE WHEN x.thread ~ '^raw-row:[0-9]{{1,18}}$' THEN split_part(x.thread, ':', 2)::bigint END
 ORDER BY x.month DESC, x.id DESC
"""  # noqa: S608  constants
