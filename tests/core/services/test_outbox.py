"""Events are announced with what caused them, handled once, and never hold each other up."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from django.db import transaction

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
