"""The audit trail as people read it: who did what to what, when, and what it changed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet

from core import trail
from core.access import whole_entities_of
from core.errors import NotFound
from core.models import AuditRecord, Entity, User
from core.rules.rights import Right
from core.trail import Topic

READING = (Right.AUDIT, Right.ADMINISTER)
LONGEST = 160
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Told:
    """A record in words: what was done, to what, and what it changed as name, before, after."""

    record: AuditRecord
    topic: Topic | None
    deed: str
    subject: str
    changes: tuple[tuple[str, str, str], ...]


def trail_in_reach(user: User) -> QuerySet[AuditRecord]:
    """Return the records of the organizations that the person audits or administers as a whole, the newest first.

    What somebody typed and has not put before anybody is theirs: it is left out.
    """
    rows = AuditRecord.objects.filter(entity__in=whole_entities_of(user, *READING)).exclude(verb__in=trail.private)
    return rows.select_related("actor", "acted_by", "by_token", "entity").order_by("-id")


def access_entity_of_trail(user: User, code: str) -> Entity:
    """Return the organization of this code if the person audits or administers all of it; blank: the first. Raises NotFound."""
    for entity in whole_entities_of(user, *READING).order_by("code"):
        if code in {"", entity.code}:
            return entity
    raise NotFound("There is no such organization, or none whose trail you may read.", remedy="Name one of yours.")


def of_topic(rows: QuerySet[AuditRecord], code: str) -> QuerySet[AuditRecord]:
    """Keep the records of one part of the trail; none where there is no such part."""
    if code not in trail.topics:
        return rows.none()
    wanted = Q()
    for verb in trail.topics[code].verbs:
        wanted |= Q(verb__startswith=verb)
    return rows.filter(wanted)


def told(records: Iterable[AuditRecord]) -> list[Told]:
    """Say records in words."""
    return [
        Told(
            record,
            trail.topic_of(record.verb),
            record.verb.replace(".", " ").replace("_", " ").capitalize(),
            _subject(record),
            tuple(changes_of(record.before, record.after)),
        )
        for record in records
    ]


def changes_of(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterable[tuple[str, str, str]]:
    """Yield what differs between two states: its name, and its value before and after; blank where there was none."""
    old, new = before or {}, after or {}
    for name in dict.fromkeys([*old, *new]):
        was, is_now = _text(old.get(name)), _text(new.get(name))
        if was != is_now:
            yield name.replace("_", " "), was, is_now


def _subject(record: AuditRecord) -> str:
    """Name the thing: what sort it is, and its number."""
    try:
        sort = str(apps.get_model(record.subject_type)._meta.verbose_name)
    except (LookupError, ValueError):
        sort = record.subject_type.rpartition(".")[2]
    return f"{sort} {record.subject_id}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = _said(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{str(name).replace('_', ' ')} {_said(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(_said(each) for each in value)
    # A hash is told by its beginning: the record has all of it.
    return f"{value[:12]}…" if isinstance(value, str) and HASH.fullmatch(value) else str(value)
