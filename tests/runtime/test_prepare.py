"""What `prepare` makes once and then leaves to people: schedules and the first administrator."""

import stat
from pathlib import Path

import pytest
from django_celery_beat.models import PeriodicTask

from config.management.commands.prepare import ensure_administrator
from config.runtime.schedules import declared, ensure_schedules
from core.models import User


@pytest.mark.django_db
def test_each_declared_schedule_gets_one_row() -> None:
    assert ensure_schedules() == [name for name, _, _ in declared()]
    assert ensure_schedules() == []
    for name, task, seconds in declared():
        row = PeriodicTask.objects.get(name=name)
        assert (row.task, row.interval.every, row.interval.period) == (task, seconds, "seconds")


@pytest.mark.django_db
def test_a_schedule_that_an_administrator_changed_stays_changed() -> None:
    ensure_schedules()
    name = declared()[0][0]
    PeriodicTask.objects.filter(name=name).update(enabled=False, task="another.task")
    ensure_schedules()
    row = PeriodicTask.objects.get(name=name)
    assert (row.enabled, row.task) == (False, "another.task")


@pytest.mark.django_db
def test_the_first_administrator_is_made_once_with_a_password_in_a_file_of_ours(tmp_path: Path) -> None:
    kept = tmp_path / "administrator"
    ensure_administrator(kept)
    email, password = kept.read_text().split()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert User.objects.get(email=email).check_password(password)
    ensure_administrator(kept)
    assert kept.read_text().split() == [email, password]
    assert User.objects.filter(is_superuser=True).count() == 1
