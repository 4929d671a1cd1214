"""The audit trail."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
    row = _row(Told(verb, subject, entity, before, after), actor, at or clock.now())
    row.save(force_insert=True)
    return row


@dataclass(frozen=True, slots=True)
class Told:
    """What happened to what, as one of several records that are written together."""

    verb: str
    subject: Model
    entity: Entity | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def record_all(told: Iterable[Told], *, actor: User | None, at: datetime) -> None:
    """Write many records in the caller's transaction, in one statement and in their order."""
    AuditRecord.objects.bulk_create([_row(each, actor, at) for each in told])


def _row(told: Told, actor: User | None, at: datetime) -> AuditRecord:
    return AuditRecord(
        at=at,
        actor=actor,
        acted_by=acting.administrator(),
        by_token=acting.token(),
        verb=told.verb,
        subject_type=told.subject._meta.label_lower,
        subject_id=str(told.subject.pk),
        entity=told.entity,
        correlation_id=correlation.current(),
        before=dict(told.before) if told.before is not None else None,
        after=dict(told.after) if told.after is not None else None,
    )
