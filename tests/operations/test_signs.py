"""Signs of life: one row each, left by the beat itself, by whoever runs the worker's task, and by the ledger's check."""

from datetime import timedelta

import pytest
from celery import current_app
from django.db import OperationalError

from budgets.tasks import check_ledger
from config.beat import SigningScheduler
from core import clock
from core.models import Sign
from core.services.signs import leave_sign
from core.tasks import worker_alive
from tests.fixtures.budgets import SmallBudget
from tests.owner import as_owner

pytestmark = pytest.mark.django_db


def test_the_last_sign_is_the_one_that_is_kept() -> None:
    with clock.at(clock.now() - timedelta(hours=1)):
        leave_sign(name=Sign.BACKUP, is_well=False, said="no room")
    leave_sign(name=Sign.BACKUP)
    sign = Sign.objects.get()
    assert (sign.is_well, sign.said) == (True, "")
    assert clock.now() - sign.at < timedelta(minutes=1)


def test_the_beat_signs_from_its_own_loop_and_outlives_a_dead_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.beat.close_old_connections", lambda: None)
    beat = SigningScheduler(app=current_app, lazy=True)
    monkeypatch.setattr("config.beat.DatabaseScheduler.tick", lambda *_: 60.0)

    def away(**_: object) -> None:
        raise OperationalError("away")

    with monkeypatch.context() as broken:
        broken.setattr("config.beat.leave_sign", away)
        assert beat.tick() == 15.0
    assert not Sign.objects.exists()
    beat.tick()
    first = Sign.objects.get(name=Sign.BEAT).at
    beat.tick()
    assert Sign.objects.get(name=Sign.BEAT).at == first


def test_the_worker_signs() -> None:
    worker_alive()
    assert Sign.objects.get().name == Sign.WORKER


def test_the_ledgers_check_keeps_its_outcome(small_budget: SmallBudget) -> None:
    assert check_ledger() is True
    assert Sign.objects.get().said.endswith("all agree")
    with as_owner() as owner:
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        owner.execute("ALTER TABLE budgets_balance DISABLE TRIGGER USER")
        owner.execute("UPDATE budgets_balance SET paid = paid + 1")
        owner.execute("ALTER TABLE budgets_balance ENABLE TRIGGER USER")
    assert check_ledger() is False
    sign = Sign.objects.get()
    assert not sign.is_well
    assert "balance of account" in sign.said
