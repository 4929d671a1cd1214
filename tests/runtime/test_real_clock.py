"""An SLA timer fires in a real worker, rung by a real beat, by the machine's own clock; and not a moment early."""

from datetime import time, timedelta
from pathlib import Path

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from approvals.models import Stage
from config.runtime.schedules import ensure_schedules
from core import clock
from core.models import Notice, WorkCalendar
from tests.factories.approvals import stages_of, submitted
from tests.fixtures.approvals import House
from tests.running import until, words_of, worker_and_beat

AHEAD = timedelta(seconds=12)


def ring_each_second() -> None:
    ensure_schedules()
    second, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.filter(task="approvals.tasks.fire_timers").update(interval=second)


@pytest.mark.realtime
@pytest.mark.django_db(transaction=True)
def test_a_stage_escalates_by_itself_when_its_hour_comes(kafka: House, tmp_path: Path) -> None:
    # A calendar that never rests, so that the test may run on any day: three of its days are 72 hours.
    WorkCalendar.objects.update(opens_at=time(0), closes_at=time(23, 59, 59, 999999), weekdays="0123456", country="")
    ring_each_second()
    with clock.at(clock.now() - timedelta(days=3) + AHEAD):
        request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    stage = stages_of(request)[0]
    due = stage.timers.get(kind="escalate").due_at
    assert clock.now() < due
    assert stage.escalated_at is None

    def has_escalated() -> bool:
        stage.refresh_from_db()
        return stage.escalated_at is not None

    with worker_and_beat(tmp_path):
        assert until(has_escalated), words_of(tmp_path)
        fired = stage.timers.get(kind="escalate")
        assert fired.fired_at is not None
        assert fired.fired_at >= due
        told = {"backup": stage.backup_id, "owner": stage.owner_id}
        assert until(lambda: Notice.objects.filter(person_id=told["backup"]).exists()), words_of(tmp_path)
    assert stage.escalated_at == due
    assert Stage.objects.get(pk=stage.pk).state == Stage.State.ASSIGNED
