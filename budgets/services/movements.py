"""A movement of money: done once under its key, written down before it is posted, and posted as one journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from budgets.locks import lock_key
from budgets.models import Journal
from budgets.services.ledger import PostedJournal, Posting, post
from core.errors import InvalidInput, Stale
from core.models import AuditRecord, Entity, User
from core.services import audit


@dataclass(frozen=True, slots=True)
class Movement:
    """What is done, to what, by whom, and as it was asked for.

    What it posts may depend on what stands in the books when it comes. So the same key with the same `said` is the same
    movement, whatever stands there when it is asked for again.
    """

    key: str
    verb: str
    subject: Model
    entity: Entity
    actor: User | None
    said: Mapping[str, Any]


def begin(movement: Movement) -> PostedJournal | None:
    """Keep others with this key waiting; return the first answer where the movement was made before.

    Raises Stale (idempotency_conflict) where something else was done under the key, and InvalidInput without a key.
    """
    if not movement.key:
        raise InvalidInput("A posting needs a key.", remedy="Name what it is for, so that it happens once.")
    lock_key(movement.key)
    journal = Journal.objects.filter(key=movement.key).first()
    if journal is None:
        return None
    if not _is_written_down(movement):
        raise Stale(
            "Something else was done under this key before.",
            remedy="Look at what was posted, then start anew if it is wrong.",
            code="idempotency_conflict",
            details={"journal": journal.pk},
        )
    return PostedJournal(journal.pk, True, journal.recorded_at)


def _is_written_down(movement: Movement) -> bool:
    records = AuditRecord.objects.filter(
        subject_type=movement.subject._meta.label_lower, subject_id=str(movement.subject.pk), verb=movement.verb
    )
    return records.filter(after=_after(movement)).exists()


def _after(movement: Movement) -> dict[str, Any]:
    return {"key": movement.key, **movement.said}


def carry_out(
    movement: Movement,
    *,
    kind: str,
    postings: Sequence[Posting],
    source: tuple[str, str],
    is_fact: bool = False,
    is_override: bool = False,
    settles: str = "",
    memo: str = "",
) -> PostedJournal:
    """Write the movement down, then post it: that is the last thing its transaction does. Raises what `post` raises."""
    audit.record(
        actor=movement.actor, verb=movement.verb, subject=movement.subject, entity=movement.entity, after=_after(movement)
    )
    return post(
        key=movement.key,
        kind=kind,
        entity=movement.entity,
        postings=postings,
        actor=movement.actor,
        source=source,
        is_fact=is_fact,
        is_override=is_override,
        settles=settles,
        memo=memo,
    )
