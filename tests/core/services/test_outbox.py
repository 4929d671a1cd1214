"""Events are announced with what caused them, handled once, and never hold each other up."""

import gc
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from unittest import mock

import pytest
from django.db import DatabaseError, transaction

from core import clock, events
from core.models import OutboxEvent
from core.services import outbox

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Rang(events.Event):
    topic: ClassVar[str] = "tests.rang"
    number: int


@pytest.fixture
def heard() -> Iterator[list[int]]:
    numbers: list[int] = []

    def hear(event: Rang) -> None:
        if event.number < 0:
            raise RuntimeError("deaf")
        numbers.append(event.number)

    events.on(Rang)(hear)
    yield numbers
    events.handlers_of_topic.pop(Rang.topic)
    events.type_of_topic.pop(Rang.topic)


def test_handled_once_in_order(heard: list[int]) -> None:
    for number in (1, 2, 3):
        outbox.publish(Rang(number=number))
    assert outbox.drain() == 3
    assert outbox.drain() == 0
    assert heard == [1, 2, 3]


def test_what_is_rolled_back_is_never_announced(heard: list[int]) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        outbox.publish(Rang(number=1))
        raise RuntimeError("changed our mind")
    assert outbox.drain() == 0
    assert heard == []


def test_a_failing_handler_is_tried_again_later_and_holds_nobody_up(heard: list[int]) -> None:
    start = datetime(2026, 11, 5, 12, tzinfo=UTC)
    with clock.at(start):
        outbox.publish(Rang(number=-1))
        outbox.publish(Rang(number=2))
        assert outbox.drain() == 1
    failed = OutboxEvent.objects.get(handled_at__isnull=True)
    assert heard == [2]
    assert failed.attempts == 1
    assert "deaf" in failed.last_error
    assert failed.due_at > start
    with clock.at(start + timedelta(hours=1)):
        outbox.drain()
    failed.refresh_from_db()
    assert failed.attempts == 2


@dataclass(frozen=True)
class Leafed(events.Event):
    topic: ClassVar[str] = "tests.leafed"
    breaks_off: bool


@pytest.fixture
def leafing() -> Iterator[list[int]]:
    """A handler that breaks off while a cursor of the server is open; what it leaves is collected before the next one's work."""
    counted: list[int] = []

    def leaf(event: Leafed) -> None:
        gc.collect()
        rows = OutboxEvent.objects.order_by("id").iterator(chunk_size=1)
        for _ in rows:
            if event.breaks_off:
                # As errors do that came of one another: it lives until a collection, not until nobody asks for it any more.
                enough = RuntimeError("enough")
                enough.__dict__["itself"] = enough
                raise enough
        counted.append(OutboxEvent.objects.count())

    events.on(Leafed)(leaf)
    yield counted
    events.handlers_of_topic.pop(Leafed.topic)
    events.type_of_topic.pop(Leafed.topic)


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_handler_that_breaks_off_leaves_no_cursor_for_the_next_one_to_trip_over(leafing: list[int]) -> None:
    """Closed within another's transaction, a cursor that is gone aborts it."""
    outbox.publish(Leafed(breaks_off=True))
    outbox.publish(Leafed(breaks_off=False))

    # What is logged is kept by whoever collects the log, and its error with it.
    logging.disable(logging.CRITICAL)
    try:
        assert outbox.drain() == 1
    finally:
        logging.disable(logging.NOTSET)
    assert leafing == [2]


def test_an_outbox_that_cannot_be_read_says_so(heard: list[int]) -> None:
    outbox.publish(Rang(number=1))

    with mock.patch.object(outbox, "claim_next_event", side_effect=DatabaseError("gone")), pytest.raises(DatabaseError):
        outbox.drain()
    assert OutboxEvent.objects.get().attempts == 0
