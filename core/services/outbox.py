"""The outbox: events are rows in the transaction that causes them, and are handled after it, each once."""

import logging
from collections.abc import Iterable
from datetime import datetime
from traceback import clear_frames

from django.db import transaction

from core import clock, correlation, doorbell
from core.events import Event, handlers_of_topic, type_of_topic
from core.locks import claim_next_event
from core.models import OutboxEvent
from core.rules.retrying import wait_after

logger = logging.getLogger(__name__)


def publish(event: Event, *, not_before: datetime | None = None) -> OutboxEvent:
    """Announce `event` in the caller's transaction. Its handlers run after the commit, never before `not_before`."""
    row = _row(event, clock.now(), not_before)
    row.save(force_insert=True)
    doorbell.ring()
    return row


def publish_all(events: Iterable[Event]) -> None:
    """Announce many events in the caller's transaction, in one statement and in their order."""
    now = clock.now()
    if OutboxEvent.objects.bulk_create([_row(event, now, None) for event in events]):
        doorbell.ring()


def _row(event: Event, now: datetime, not_before: datetime | None) -> OutboxEvent:
    return OutboxEvent(
        topic=event.topic,
        payload=event.to_payload(),
        recorded_at=now,
        due_at=max(now, not_before or now),
        correlation_id=correlation.current()[:64],
    )


def drain(*, limit: int = 1000) -> int:
    """Hand waiting events to their handlers, one transaction each; return how many were handled.

    An event whose handler fails is pushed forward with its error and does not hold up the others.
    """
    handled = 0
    for _ in range(limit):
        outcome = _handle_next()
        if outcome is None:
            break
        handled += outcome
    return handled


def _handle_next() -> int | None:
    """Handle one event: 1 when it went well, 0 when it failed and was pushed forward, None when none waits."""
    row: OutboxEvent | None = None
    try:
        with transaction.atomic():
            row = claim_next_event(now=clock.now())
            if row is None:
                return None
            _run_handlers(row)
            row.handled_at = clock.now()
            row.attempts += 1
            row.save(update_fields=["handled_at", "attempts"])
    except Exception as error:
        if row is None:
            raise
        # A handler may fail in any way; its event is kept and tried again.
        logger.exception("Event %s (%s) failed.", row.pk, row.topic)
        _close_what_it_left(error)
        _push_forward(row, error)
        return 0
    return 1


def _run_handlers(row: OutboxEvent) -> None:
    event_type = type_of_topic.get(row.topic)
    if event_type is None:
        return
    event = event_type.from_payload(row.payload)
    with correlation.running(row.correlation_id or f"event-{row.pk}"):
        for handler in handlers_of_topic[row.topic]:
            handler(event)


def _close_what_it_left(error: BaseException | None) -> None:
    """Let go of what the failed handler held. Cursors that were open then are closed now, outside of any transaction.

    Errors that came of one another hold each other, and live until some later collection: within another event's transaction,
    which a cursor that is gone would abort.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _push_forward(row: OutboxEvent, failure: Exception) -> None:
    wait = wait_after(row.attempts + 1)
    OutboxEvent.objects.filter(pk=row.pk, handled_at__isnull=True).update(
        attempts=row.attempts + 1, last_error=f"{type(failure).__name__}: {failure}"[:2000], due_at=clock.now() + wait
    )
