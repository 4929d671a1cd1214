"""Somebody joins a stage at the moment at which it ends: first the damage without the wait, then the cure."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from approvals.models import OpenPlace, StageMember
from approvals.services.requests import withdraw_request
from core.models import User
from tests.factories.approvals import stages_of, submitted
from tests.fixtures.approvals import House
from tests.owner import as_owner

pytestmark = pytest.mark.django_db(transaction=True)
WAIT = " FOR SHARE"


@pytest.mark.parametrize("waits", [False, True])
def test_whoever_joins_as_a_stage_ends_is_left_in_no_queue(kafka: House, outsider: User, waits: bool) -> None:
    request = submitted(kafka.engineer, kafka.account)
    [stage] = stages_of(request)
    ended = threading.Barrier(2)

    def join() -> None:
        connection.ensure_connection()
        ended.wait(timeout=20)
        StageMember.objects.create(stage_id=stage.pk, person=outsider, capacity="member")
        connection.close()

    with as_it_is() if waits else without_the_wait():
        other = started(join)
        with transaction.atomic():
            withdraw_request(request_id=request.pk, actor=kafka.engineer)
            ended.wait(timeout=20)
            other.join(timeout=2)
            assert other.is_alive() is waits
        other.join(timeout=20)

    assert StageMember.objects.filter(stage=stage, person=outsider).exists()
    assert OpenPlace.objects.exists() is not waits


def started(run: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=run)
    thread.start()
    return thread


@contextmanager
def as_it_is() -> Iterator[None]:
    yield


@contextmanager
def without_the_wait() -> Iterator[None]:
    """Let a place be taken without waiting for whoever ends the stage."""
    with as_owner() as cursor:
        cursor.execute("SELECT pg_get_functiondef('approvals_keep_open_place'::regproc)")
        [kept] = cursor.fetchone()
        assert WAIT in kept
        cursor.execute(kept.replace(WAIT, ""))
    try:
        yield
    finally:
        with as_owner() as cursor:
            cursor.execute(kept)
