"""The audit trail."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model

from core import actor as acting
from core import clock, correlation
from core.models import AuditRecord, Entity, User


def record(
    *,
    actor: User | None,
    verb: str,
    subject: Model,
    entity: Entity | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> AuditRecord:
    """Write down, in the caller's transaction, who did what to what. `before` and `after` are JSON-ready."""
    return AuditRecord.objects.create(
        at=at or clock.now(),
        actor=actor,
        acted_by=acting.administrator(),
        by_token=acting.token(),
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        entity=entity,
        correlation_id=correlation.current(),
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
    )
