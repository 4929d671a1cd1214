"""Counting calls of the API: in one statement, so that no two are counted as one, whatever processes take them."""

from datetime import datetime

from django.db import connection

from core.models import CallCount


def count_call(*, caller: str, kind: str, now: datetime) -> int:
    """Count a call, and return how many of its class the caller has made in this minute, this one included."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [caller, kind, int(now.timestamp()) // 60])
        return int(cursor.fetchone()[0])


def calls_so_far(*, caller: str, kind: str, now: datetime) -> int:
    """Return how many calls of a class a caller has made in this minute. Counts none."""
    rows = CallCount.objects.filter(caller=caller, kind=kind, minute=int(now.timestamp()) // 60)
    return rows.values_list("calls", flat=True).first() or 0


_COUNT = """
INSERT INTO core_callcount AS c (caller, kind, minute, calls) VALUES (%s, %s, %s, 1)
ON CONFLICT (caller, kind) DO UPDATE
SET calls = CASE WHEN c.minute = excluded.minute THEN c.calls + 1 ELSE 1 END, minute = excluded.minute
RETURNING calls
"""
