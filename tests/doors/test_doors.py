"""Everybody goes to every door. The measure S1 does all of it; here each person goes to each door with the things of one part."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from core import clock
from tests.doors.tables import doors
from tests.doors.walk import Walk
from tests.doors.words import PERSONAS
from tests.doors.world import World, build, quick_pdfs
from tests.factories.approvals import MONDAY

PLAIN = [door for door in doors() if not door.demo]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """The world, in a transaction that is rolled back after the last test of this module."""
    with django_db_blocker.unblock(), quick_pdfs():
        with transaction.atomic():
            yield build()
            transaction.set_rollback(True)
        connection.close()


@pytest.fixture
def walk(world: World, django_db_blocker: Any) -> Iterator[Walk]:
    with django_db_blocker.unblock(), clock.at(MONDAY + timedelta(days=1)):
        yield Walk(world, is_slice=True)


@pytest.mark.parametrize("name", PERSONAS)
def test_each_door_answers_as_declared(walk: Walk, name: str) -> None:
    walk.visit(PLAIN, PERSONAS[name])
    assert walk.faults == []
