"""How rows end, written set by set: one statement for hundreds of rows."""

from collections.abc import Sequence

from django.db import connection

from reconciliation.models import RawRow
from reconciliation.rules.problems import Coding, Problem


def mark_posted(rows: Sequence[tuple[RawRow, Coding]], *, journal_id: int) -> None:
    """Mark rows as accepted by the journal that posted them."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE reconciliation_rawrow AS row
               SET status = 'accepted', reason_code = '', reason = '', remedy = '',
                   produced_type = 'journal', produced_id = %s, account_id = said.account_id, month = said.month
              FROM unnest(%s::bigint[], %s::bigint[], %s::date[]) AS said(id, account_id, month)
             WHERE row.id = said.id
            """,
            [
                journal_id,
                [row.pk for row, _ in rows],
                [coding.account_id for _, coding in rows],
                [coding.month for _, coding in rows],
            ],
        )


def mark_accepted(rows: Sequence[RawRow], *, produced_type: str, produced_id: int, code: str = "", reason: str = "") -> None:
    """Mark rows as accepted by an invoice or a statement."""
    RawRow.objects.filter(pk__in=[row.pk for row in rows]).update(
        status=RawRow.Status.ACCEPTED,
        reason_code=code,
        reason=reason[:400],
        remedy="",
        produced_type=produced_type,
        produced_id=produced_id,
    )


def mark_posted_again(row: RawRow, *, journal_id: int) -> None:
    """Mark a row as posted by the journal that had posted it before an invoice took its place."""
    RawRow.objects.filter(pk=row.pk).update(reason_code="", reason="", produced_type="journal", produced_id=journal_id)


def mark_quarantined(rows: Sequence[tuple[RawRow, Problem]]) -> None:
    """Mark rows as quarantined, each with its reason and remedy."""
    _mark(rows, RawRow.Status.QUARANTINED)


def mark_duplicate(rows: Sequence[tuple[RawRow, Problem]]) -> None:
    """Mark rows as already here, each with the sentence that says where."""
    _mark(rows, RawRow.Status.DUPLICATE)


def _mark(rows: Sequence[tuple[RawRow, Problem]], status: str) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE reconciliation_rawrow AS row
               SET status = %s, reason_code = said.code, reason = said.reason, remedy = said.remedy
              FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS said(id, code, reason, remedy)
             WHERE row.id = said.id
            """,
            [
                status,
                [row.pk for row, _ in rows],
                [problem.code[:40] for _, problem in rows],
                [problem.sentence[:400] for _, problem in rows],
                [problem.remedy[:400] or "Correct the row, or ignore it." for _, problem in rows],
            ],
        )


def mark_known(pairs: dict[int, int]) -> None:
    """Mark rows (by id) as duplicates of earlier ones (by id)."""
    _point(pairs, _KNOWN)


def mark_changed(pairs: dict[int, int]) -> None:
    """Quarantine rows (by id) that say something else about a document than an earlier row (by id) did."""
    _point(pairs, _CHANGED)


def _point(pairs: dict[int, int], statement: str) -> None:
    if pairs:
        with connection.cursor() as cursor:
            cursor.execute(statement, [list(pairs), list(pairs.values())])


_KNOWN = """
    UPDATE reconciliation_rawrow AS row
       SET status = 'duplicate', duplicate_of_id = said.other, reason_code = 'known',
           reason = 'The row is here already, from an earlier file.', remedy = ''
      FROM unnest(%s::bigint[], %s::bigint[]) AS said(id, other)
     WHERE row.id = said.id
"""
_CHANGED = """
    UPDATE reconciliation_rawrow AS row
       SET status = 'quarantined', replaces_id = said.other, reason_code = 'changed',
           reason = 'An earlier file says something else about this document.',
           remedy = 'Accept the change, which takes the earlier row back, or ignore this one.'
      FROM unnest(%s::bigint[], %s::bigint[]) AS said(id, other)
     WHERE row.id = said.id
"""
