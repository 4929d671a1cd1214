"""How long decisions took lately, added up each hour: what promises to requesters are reckoned by."""

from datetime import timedelta

from django.db import transaction

from approvals.models import StagePace
from approvals.selectors.promises import shares_since
from core import clock

SPAN = timedelta(days=90)


@transaction.atomic
def reckon_paces() -> int:
    """Add up the decisions of the last 90 days by stage; return of how many stages there were any. What had none is forgotten."""
    now = clock.now()
    rows = [
        StagePace(entity_id=entity, name=name, decisions=count, usual=usual, nearly_all=nearly_all, reckoned_at=now)
        for entity, name, count, usual, nearly_all in sorted(shares_since(now - SPAN))
    ]
    figures = ["decisions", "usual", "nearly_all", "reckoned_at"]
    StagePace.objects.bulk_create(rows, update_conflicts=True, unique_fields=["entity", "name"], update_fields=figures)
    StagePace.objects.filter(reckoned_at__lt=now).delete()
    return len(rows)
