"""Periodic work really runs: a real beat rings, a real worker acts, over each transport."""

import os
import socket
from pathlib import Path

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config.runtime.schedules import ensure_schedules
from core.models import OutboxEvent, Sign
from tests.running import until, words_of, worker_and_beat

REDIS = "redis://127.0.0.1:6379/9"
RABBITMQ = "amqp://guest:guest@127.0.0.1:5672//"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def sweep_each_second() -> None:
    ensure_schedules()
    second, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.filter(task="core.tasks.sweep").update(interval=second)


def is_swept(var: Path, broker: str) -> bool:
    """Leave an event lying as after a lost ring, and say whether the beat's sweep finds it, and both sign."""
    sweep_each_second()
    event = OutboxEvent.objects.create(topic="tests.left_lying", payload={})
    with worker_and_beat(var, broker=broker):
        handled = until(lambda: OutboxEvent.objects.filter(pk=event.pk, handled_at__isnull=False).exists())
        return handled and until(lambda: set(Sign.objects.values_list("name", flat=True)) >= {Sign.BEAT, Sign.WORKER})


@pytest.mark.realtime
@pytest.mark.django_db(transaction=True)
def test_the_sweep_runs_without_a_broker(tmp_path: Path) -> None:
    assert is_swept(tmp_path, "filesystem://localhost"), words_of(tmp_path)


@pytest.mark.broker
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("broker", "port"), [(REDIS, 6379), (RABBITMQ, 5672)])
def test_the_sweep_runs_over_a_real_broker(tmp_path: Path, broker: str, port: int) -> None:
    if not listens(port):
        assert "CI" not in os.environ, f"Nothing listens on port {port}; CI never goes without it."
        pytest.skip(f"Nothing listens on port {port}.")
    assert is_swept(tmp_path, broker), words_of(tmp_path)
