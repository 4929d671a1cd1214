"""Rings follow commits: at once, then few for many, and never none."""

from collections.abc import Iterator
from threading import Event, Lock, Thread

import pytest
from django.db import transaction

from core import doorbell


class Rings:
    """Counts rings, and lets a test wait for one."""

    def __init__(self) -> None:
        self.count = 0
        self.rung = Event()
        self.lock = Lock()

    def __call__(self) -> None:
        with self.lock:
            self.count += 1
        self.rung.set()


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rings]:
    heard = Rings()
    monkeypatch.setattr(doorbell, "_send", heard)
    monkeypatch.setattr(doorbell, "_bell", doorbell.Bell())
    yield heard
    if later := doorbell._bell._later:
        later.join()


def test_the_first_press_rings_at_once(rings: Rings) -> None:
    doorbell._bell.press()
    assert rings.count == 1


def test_many_presses_in_the_pause_are_one_ring_after_it(rings: Rings) -> None:
    doorbell._bell.press()
    rings.rung.clear()
    for _ in range(500):
        doorbell._bell.press()
    assert rings.rung.wait(10)
    assert rings.count <= 3


def test_a_press_while_it_rings_gets_a_ring_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, second = Event(), Event(), Event()

    def send() -> None:
        if begun.is_set():
            second.set()
        begun.set()
        assert go_on.wait(10)

    monkeypatch.setattr(doorbell, "_send", send)
    bell = doorbell.Bell()
    first = Thread(target=bell.press)
    first.start()
    assert begun.wait(10)
    bell.press()
    go_on.set()
    assert second.wait(10)
    first.join()


def test_a_forked_process_hangs_a_bell_of_its_own(rings: Rings) -> None:
    doorbell._bell.press()
    doorbell._bell.press()
    waiting = doorbell._bell
    doorbell._hang_anew()
    assert doorbell._bell is not waiting
    doorbell._bell.press()
    assert rings.count == 2
    assert waiting._later is not None
    waiting._later.join()
    assert rings.count == 3


@pytest.mark.django_db(transaction=True)
def test_one_transaction_presses_once_and_only_when_it_commits(rings: Rings) -> None:
    with transaction.atomic():
        doorbell.ring()
        doorbell.ring()
        assert rings.count == 0
    assert rings.count == 1
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        doorbell.ring()
        raise ZeroDivisionError
    assert doorbell._bell._later is None
