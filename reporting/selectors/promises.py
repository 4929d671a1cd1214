"""What is promised on a budget: reserved while a request waits, committed once it is approved."""

from django.db import connection

from budgets.models import Budget
from reporting.rules.around import Promise


def promises_of(budget: Budget, *, accounts: list[int] | None = None, most: int | None = None) -> tuple[Promise, ...]:
    """Return what is reserved and committed on the budget's accounts, or on some, line by line, the largest first.

    With `most`, so many of the largest. In the budget's currency.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PROMISES, {"budget": budget.pk, "accounts": accounts, "most": most})
        promises = [Promise(*row) for row in cursor.fetchall()]
    return tuple(sorted(promises, key=lambda each: (-each.amount, each.request, each.month)))


# Each account's largest by their index, and the largest of these: what it costs does not grow with what is open elsewhere. In the
# database's own words, since the line that a thread names is no foreign key of the ledger's, and is read in the same statement.
_PROMISES = r"""
WITH largest AS MATERIALIZED (
    SELECT h.* FROM (
        SELECT x.id FROM budgets_fundsaccount x
        WHERE x.budget_id = %(budget)s AND (%(accounts)s::bigint[] IS NULL OR x.id = ANY (%(accounts)s::bigint[]))
    ) a
    CROSS JOIN LATERAL (
        SELECT x.account_id, x.thread, x.bucket, x.month, x.amount FROM budgets_openhold x
        WHERE x.account_id = a.id ORDER BY x.amount DESC LIMIT %(most)s
    ) h
    ORDER BY h.amount DESC, h.thread, h.month LIMIT %(most)s
), held AS MATERIALIZED (
    SELECT h.*, CASE WHEN h.thread ~ '^request-line:[0-9]{1,18}$' THEN substr(h.thread, 14)::bigint END AS line_id FROM largest h
)
SELECT coalesce(r.number, ''),
       coalesce(nullif(l.description, ''), r.title, nullif(h.thread, ''), 'Without a request'),
       coalesce(v.name, ''), c.name, n.name, h.month, h.bucket, h.amount,
       CASE h.bucket WHEN 'committed' THEN r.decided_at ELSE r.submitted_at END
FROM held h
JOIN budgets_fundsaccount a ON a.id = h.account_id
JOIN budgets_category c ON c.id = a.category_id
JOIN budgets_costcentre n ON n.id = a.cost_centre_id
LEFT JOIN approvals_requestline l ON l.id = h.line_id
LEFT JOIN approvals_request r ON r.id = l.request_id
LEFT JOIN budgets_vendor v ON v.id = r.vendor_id
"""
