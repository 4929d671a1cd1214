"""Moving money. Each function posts one journal through the database's posting function, or refuses and changes nothing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection

from budgets.models import Journal
from budgets.refusals import refuse
from budgets.rules.postings import Posting, as_json, check_texts
from core import clock, correlation, doorbell
from core.errors import InvalidInput, NotFound, WrongState
from core.models import Entity, User

LONGEST = {"key": 200, "settles": 200, "memo": 400, "source_type": 40, "source_id": 80}
__all__ = ["PostedJournal", "Posting", "post", "reverse"]
CALL = "SELECT journal_id, repeated, recorded_at FROM budgets_post(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)"


@dataclass(frozen=True, slots=True)
class PostedJournal:
    """What a posting came to. `repeat` says that the same key had posted the same content before."""

    id: int
    repeat: bool
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class _Terms:
    """On what terms a journal is posted: what lets it pass a stop, and the journal that it points at."""

    is_fact: bool = False
    is_override: bool = False
    settles: str = ""
    reverses: int | None = None


def post(
    *,
    key: str,
    kind: str,
    entity: Entity,
    postings: Sequence[Posting],
    actor: User | None,
    source: tuple[str, str],
    is_fact: bool = False,
    is_override: bool = False,
    settles: str = "",
    memo: str = "",
) -> PostedJournal:
    """Post one journal, all its entries or none. Make it the last thing its transaction does: others may wait for its locks.

    The same `key` with the same content gives the first answer again. A fact passes every stop: it has happened. An override
    passes too: only a service that holds an approval for it sets it. What either holds above a limit is excused there.
    `settles` is the key of the pending journal whose hold this one uses up, or lets go.
    Raises NoFunds (details: node, window, from, to, cap, held, wanted, left, consumers), ClosedPeriod, Stale
    (idempotency_conflict: the key was used for other content), Missing (no such account; missing_rate), WrongState (settled:
    the pending journal has not that much left) and InvalidInput.
    """
    return _post(key, kind, entity.pk, postings, actor, source, _Terms(is_fact, is_override, settles), memo)


def reverse(*, journal_id: int, key: str, actor: User | None, memo: str = "") -> PostedJournal:
    """Post the opposite of every entry of a journal, in the same months. A reversal is a fact: it is not refused for funds.

    Where the journal settled a pending one, that one has its hold back. Raises WrongState when the journal was reversed before,
    or was settled in part (reverse what settled it first), ClosedPeriod, NotFound and Stale.
    """
    journal = Journal.objects.filter(pk=journal_id).first()
    if journal is None:
        raise NotFound("There is no such journal.", remedy="Look it up in the list of entries.")
    _refuse_second_reversal(journal, key)
    source = (journal.source_type, journal.source_id)
    terms = _Terms(is_fact=True, reverses=journal.pk)
    return _post(key, Journal.Kind.REVERSE, journal.entity_id, (), actor, source, terms, memo)


def _refuse_second_reversal(journal: Journal, key: str) -> None:
    undone = Journal.objects.filter(reverses=journal).first()
    if undone is not None and undone.key != key:
        raise WrongState("This journal was reversed before.", remedy=f"See journal {undone.pk}.", code="already_reversed")


def _post(
    key: str,
    kind: str,
    entity_id: int,
    postings: Sequence[Posting],
    actor: User | None,
    source: tuple[str, str],
    terms: _Terms,
    memo: str,
) -> PostedJournal:
    texts = {"key": key, "memo": memo, "source_type": source[0], "source_id": source[1], "settles": terms.settles}
    check_texts(texts, LONGEST)
    if not key:
        raise InvalidInput("A posting needs a key.", remedy="Name what it is for, so that it happens once.")
    _check_kind(kind, terms.reverses)
    entries = json.dumps([as_json(posting) for posting in postings])
    actor_id = actor.pk if actor is not None else None
    values = [
        key,
        kind,
        entity_id,
        actor_id,
        *source,
        terms.reverses,
        terms.settles,
        terms.is_fact,
        terms.is_override,
        memo,
        correlation.current()[:64],
        entries,
        clock.stated(),
    ]
    journal_id, repeated, recorded_at = _call(values)
    if not repeated:
        doorbell.ring()
    return PostedJournal(journal_id, repeated, recorded_at)


def _call(values: list[Any]) -> tuple[int, bool, datetime]:
    """Call the posting function, so that after a refusal the caller's transaction can go on.

    In a transaction the savepoint goes with the call in one message: the function leaves the line and its stops locked, and
    each round trip until the commit would keep everyone else waiting.
    """
    in_block = connection.in_atomic_block
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"SAVEPOINT posting; {CALL}; RELEASE SAVEPOINT posting" if in_block else CALL, values)
        except DatabaseError as error:
            if in_block:
                cursor.execute("ROLLBACK TO SAVEPOINT posting; RELEASE SAVEPOINT posting")
            refuse(error)
        if in_block:
            cursor.nextset()
        answer: tuple[int, bool, datetime] = cursor.fetchone()
        return answer


def _check_kind(kind: str, reverses: int | None) -> None:
    if kind not in Journal.Kind.values or (kind == Journal.Kind.REVERSE) != (reverses is not None):
        raise InvalidInput(f"“{kind}” is not a kind of journal.", remedy=f"Use one of {', '.join(Journal.Kind.values)}.")
