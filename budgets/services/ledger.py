"""Moving money. Each function posts one journal through the database's posting function, or refuses and changes nothing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import DatabaseError, connection, transaction

from budgets.models import Entry, Journal
from budgets.rules import sentences
from budgets.rules.postings import Posting, as_json, check_texts
from core import clock, correlation, doorbell
from core.errors import ClosedPeriod, InvalidInput, Missing, NoFunds, NotFound, Refusal, Stale, WrongState
from core.models import Entity, User

LONGEST = {"key": 200, "memo": 400, "source_type": 40, "source_id": 80}
__all__ = ["PostedJournal", "Posting", "post", "reverse"]
CALL = "SELECT journal_id, repeated, recorded_at FROM budgets_post(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)"


@dataclass(frozen=True, slots=True)
class PostedJournal:
    """What a posting came to. `repeat` says that the same key had posted the same content before."""

    id: int
    repeat: bool
    recorded_at: datetime


def post(
    *,
    key: str,
    kind: str,
    entity: Entity,
    postings: Sequence[Posting],
    actor: User | None,
    source: tuple[str, str],
    is_fact: bool = False,
    memo: str = "",
) -> PostedJournal:
    """Post one journal, all its entries or none. Make it the last thing its transaction does: others may wait for its locks.

    The same `key` with the same content gives the first answer again. A fact passes every stop: it has happened.
    Raises NoFunds (details: node, window, from, to, cap, held, wanted, left, consumers), ClosedPeriod, Stale
    (idempotency_conflict: the key was used for other content), Missing (no such account) and InvalidInput.
    """
    return _post(key, kind, entity.pk, postings, actor, source, None, is_fact, memo)


def reverse(*, journal_id: int, key: str, actor: User | None, memo: str = "") -> PostedJournal:
    """Post the opposite of every entry of a journal, in the same months. A reversal is a fact: it is not refused for funds.

    Raises WrongState when the journal was reversed before, ClosedPeriod, NotFound and Stale.
    """
    journal = Journal.objects.filter(pk=journal_id).first()
    if journal is None:
        raise NotFound("There is no such journal.", remedy="Look it up in the list of entries.")
    _refuse_second_reversal(journal, key)
    postings = [
        Posting(entry.account_id, entry.month, entry.bucket, -entry.amount, entry.thread, entry.memo)
        for entry in Entry.objects.filter(journal_id=journal_id).order_by("number")
    ]
    source = (journal.source_type, journal.source_id)
    return _post(key, Journal.Kind.REVERSE, journal.entity_id, postings, actor, source, journal.pk, True, memo)


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
    reverses: int | None,
    is_fact: bool,
    memo: str,
) -> PostedJournal:
    check_texts({"key": key, "memo": memo, "source_type": source[0], "source_id": source[1]}, LONGEST)
    if not key:
        raise InvalidInput("A posting needs a key.", remedy="Name what it is for, so that it happens once.")
    _check_kind(kind, reverses)
    entries = json.dumps([as_json(posting) for posting in postings])
    actor_id = actor.pk if actor is not None else None
    values = [
        key,
        kind,
        entity_id,
        actor_id,
        *source,
        reverses,
        is_fact,
        memo,
        correlation.current()[:64],
        entries,
        clock.stated(),
    ]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(CALL, values)
            journal_id, repeated, recorded_at = cursor.fetchone()
    except DatabaseError as error:
        raise _refusal_of(error) from error
    if not repeated:
        doorbell.ring()
    return PostedJournal(journal_id, repeated, recorded_at)


def _check_kind(kind: str, reverses: int | None) -> None:
    if kind not in Journal.Kind.values or (kind == Journal.Kind.REVERSE) != (reverses is not None):
        raise InvalidInput(f"“{kind}” is not a kind of journal.", remedy=f"Use one of {', '.join(Journal.Kind.values)}.")


def _refusal_of(error: DatabaseError) -> Exception:
    """Return the refusal that the posting function's SQLSTATE stands for, or the error itself where it is none."""
    diag = getattr(error.__cause__, "diag", None)
    state = getattr(diag, "sqlstate", None)
    if state == "23505" and diag is not None and "reverses" in (diag.constraint_name or ""):
        return WrongState("This journal was reversed before.", remedy="Look at its reversal.", code="already_reversed")
    make = _REFUSALS.get(state or "")
    if make is None or diag is None:
        return error
    return make(json.loads(diag.message_detail or "{}"))


def _no_funds(details: dict[str, Any]) -> Refusal:
    message, remedy = sentences.no_funds(details)
    return NoFunds(message, remedy=remedy, details=details)


def _closed(details: dict[str, Any]) -> Refusal:
    message, remedy = sentences.closed_period(date.fromisoformat(details["month"]), details["state"])
    return ClosedPeriod(message, remedy=remedy, details=details)


def _missing_account(details: dict[str, Any]) -> Refusal:
    return Missing(
        "An entry names no account of this entity.", remedy="Choose a budget line.", code="missing_account", details=details
    )


def _conflict(details: dict[str, Any]) -> Refusal:
    return Stale(
        "This was posted before with other content.",
        remedy="Look at what was posted, then start anew if it is wrong.",
        code="idempotency_conflict",
        details=details,
    )


def _invalid(details: dict[str, Any]) -> Refusal:
    return InvalidInput(
        "The entries do not say something that can be posted.",
        remedy="Give each an account, an open month, a bucket and an amount to the cent.",
        details=details,
    )


_REFUSALS = {"PU402": _no_funds, "PU404": _missing_account, "PU409": _conflict, "PU422": _invalid, "PU423": _closed}
