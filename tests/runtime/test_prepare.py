"""What `prepare` makes once and then leaves to people: schedules and the first administrator's link."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from django_celery_beat.models import PeriodicTask

from config.management.commands.prepare import ensure_first_link
from config.runtime.schedules import declared, ensure_schedules
from core import clock
from core.models import FirstAdministratorLink, User
from core.services.first_administrator import use_first_link


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
def test_the_first_administrators_link_is_kept_in_a_file_of_ours_until_it_is_used(tmp_path: Path) -> None:
    kept = tmp_path / "first_administrator"
    ensure_first_link(kept)
    token = kept.read_text().strip()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not FirstAdministratorLink.objects.filter(token_hash=token).exists()
    ensure_first_link(kept)
    assert kept.read_text().strip() == token
    person = use_first_link(token=token, name="Administrator", email="first@example.org", password="quite a long one")
    assert person.is_superuser
    User.objects.filter(pk=person.pk).update(last_login=clock.now())
    ensure_first_link(kept)
    assert not kept.exists()


@pytest.mark.django_db
def test_a_link_that_lapsed_gives_way_to_a_new_one(tmp_path: Path) -> None:
    kept = tmp_path / "first_administrator"
    ensure_first_link(kept)
    token = kept.read_text()
    with clock.at(clock.now() + timedelta(hours=73)):
        ensure_first_link(kept)
    assert kept.read_text() != token
