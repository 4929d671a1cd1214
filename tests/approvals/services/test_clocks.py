"""Timers: business time, the backup at three business days, and calendars that change meanwhile."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db.models import F

from approvals.models import Request, Stage, Timer
from approvals.services import timers
from approvals.services.decisions import approve_stage
from approvals.services.timers import fire_due
from core import clock
from core.models import AuditRecord, CalendarDay, Notice, OutboxEvent, WorkCalendar
from core.services import outbox
from tests.factories.approvals import MONDAY, at, everything, stages_of, submitted
from tests.fixtures.approvals import House


def _kinds(stage: Stage) -> dict[str, Timer]:
    return {timer.kind: timer for timer in stage.timers.all()}


def _only_stage(house: House, *, kind: str = "scope_change") -> Stage:
    return stages_of(submitted(house.engineer, house.account, kind=kind))[0]


def _close(house: House, day: date) -> None:
    """Add a day off, as the people who keep the calendar do."""
    calendar = house.entity.calendar
    CalendarDay.objects.create(calendar=calendar, day=day, name="Company day")
    WorkCalendar.objects.filter(pk=calendar.pk).update(version=calendar.version + 1)


def _zone(house: House, zone: str) -> None:
    WorkCalendar.objects.filter(pk=house.entity.calendar_id).update(time_zone=zone)
    house.entity.calendar.refresh_from_db()


def _topics() -> list[str]:
    return list(OutboxEvent.objects.filter(topic__startswith="approvals.stage").order_by("id").values_list("topic", flat=True))


def test_three_business_days_skip_the_weekend(kafka: House) -> None:
    with at(2026, 3, 5, 14, 20):  # a Thursday
        stage = _only_stage(kafka)

    found = _kinds(stage)
    assert found["escalate"].due_at == datetime(2026, 3, 10, 14, 20, tzinfo=UTC)
    assert found["breach"].due_at == stage.due_at == datetime(2026, 3, 12, 14, 20, tzinfo=UTC)
    assert found["warn"].due_at < found["escalate"].due_at
    assert "Sat 7 Mar, Sun 8 Mar" in found["escalate"].explanation
    assert "3 business days" in found["escalate"].explanation


def test_a_day_is_a_day_across_a_change_of_clocks(kafka: House) -> None:
    _zone(kafka, "Europe/Amsterdam")
    with at(2026, 3, 26, 13, 0):  # Thursday, two o'clock in winter; on Sunday summer time begins
        stage = _only_stage(kafka)

    assert _kinds(stage)["escalate"].due_at == datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def test_a_shorter_sla_escalates_when_it_is_breached(kafka: House) -> None:
    with clock.at(MONDAY):
        stage = _only_stage(kafka, kind="vendor_payment")

    found = _kinds(stage)
    assert found["escalate"].due_at == found["breach"].due_at == datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def test_what_arrives_after_hours_is_counted_from_the_next_opening(kafka: House) -> None:
    with at(2026, 3, 6, 18, 0):  # a Friday evening
        stage = _only_stage(kafka)

    assert _kinds(stage)["escalate"].due_at == datetime(2026, 3, 12, 9, 0, tzinfo=UTC)


def test_same_day_ends_when_the_day_closes(kafka: House) -> None:
    with clock.at(MONDAY):
        request = submitted(kafka.engineer, kafka.account, "100", kind="team_expense")

    assert stages_of(request)[0].due_at == datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


def test_nothing_fires_before_its_time(kafka: House) -> None:
    with clock.at(MONDAY):
        _only_stage(kafka)
    before = everything()

    with at(2026, 3, 2, 12, 0):
        assert fire_due() == 0

    assert everything() == before


def test_the_backup_joins_at_the_deadline_once_and_the_owner_stays(kafka: House) -> None:
    with clock.at(MONDAY):
        stage = _only_stage(kafka)
    deadline = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)

    with at(2026, 3, 5, 10, 7):
        fired = fire_due()
        again = fire_due()

    stage.refresh_from_db()
    assert (fired, again) == (2, 0)
    assert stage.escalated_at == deadline
    assert stage.owner == kafka.people["change_control_board"]
    assert set(stage.members.values_list("person__name", "capacity")) == {
        ("Change control board", "owner"),
        ("Program director", "backup"),
    }
    event = OutboxEvent.objects.get(topic="approvals.stage_escalated")
    assert event.payload == {"stage_id": stage.pk, "at": deadline.isoformat(), "backup_id": kafka.people["program_director"].pk}
    assert _topics() == ["approvals.stage_assigned", "approvals.stage_warned", "approvals.stage_escalated"]


def test_owner_and_backup_are_told_and_either_may_decide(kafka: House) -> None:
    with clock.at(MONDAY):
        stage = _only_stage(kafka)
    with at(2026, 3, 5, 10, 7):
        fire_due()
        outbox.drain()
        told = set(Notice.objects.filter(kind="approvals.escalated").values_list("person__name", flat=True))
        approve_stage(stage_id=stage.pk, actor=kafka.people["program_director"], digest=stage.request.digest)

    assert told == {"Change control board", "Program director"}
    stage.request.refresh_from_db()
    assert stage.request.state == Request.State.APPROVED


def test_a_deadline_that_passes_is_kept_and_told(kafka: House) -> None:
    with clock.at(MONDAY):
        stage = _only_stage(kafka)
    with at(2026, 3, 20, 9, 0):
        assert fire_due() == 3

    stage.refresh_from_db()
    assert stage.breached_at == datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
    assert stage.state == Stage.State.ASSIGNED
    assert _topics()[-1] == "approvals.stage_breached"


def test_a_timer_whose_stage_is_done_never_fires(kafka: House) -> None:
    with clock.at(MONDAY):
        stage = _only_stage(kafka)
        approve_stage(stage_id=stage.pk, actor=stage.owner, digest=stage.request.digest)
    before = everything()

    with at(2026, 6, 1, 9, 0):
        assert fire_due() == 0

    assert everything() == before
    assert set(stage.timers.values_list("state", flat=True)) == {Timer.State.CANCELLED}


def test_a_holiday_added_meanwhile_moves_the_deadline_and_says_why(kafka: House) -> None:
    with clock.at(MONDAY):
        stage = _only_stage(kafka)
        _close(kafka, date(2026, 3, 4))

    with at(2026, 3, 5, 10, 7):
        fire_due()
        stage.refresh_from_db()
        assert stage.escalated_at is None
    timer = _kinds(stage)["escalate"]
    assert timer.due_at == datetime(2026, 3, 6, 10, 0, tzinfo=UTC)
    assert timer.calendar_version == 2
    assert "Moved later" in timer.explanation
    assert "Company day on Wed 04 Mar 2026" in timer.explanation
    assert stage.due_at == datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
    assert AuditRecord.objects.filter(verb="timer.moved", subject_id=str(stage.pk)).count() == 2

    with at(2026, 3, 6, 10, 7):
        fire_due()
    stage.refresh_from_db()
    assert stage.escalated_at == datetime(2026, 3, 6, 10, 0, tzinfo=UTC)


def test_a_day_that_is_worked_after_all_moves_it_forward(kafka: House) -> None:
    _close(kafka, date(2026, 3, 4))
    kafka.entity.calendar.refresh_from_db()
    with clock.at(MONDAY):
        stage = _only_stage(kafka)
    assert _kinds(stage)["escalate"].due_at == datetime(2026, 3, 6, 10, 0, tzinfo=UTC)
    CalendarDay.objects.all().delete()
    WorkCalendar.objects.update(version=3)

    with at(2026, 3, 5, 10, 7):
        fire_due()

    stage.refresh_from_db()
    assert stage.escalated_at == datetime(2026, 3, 5, 10, 0, tzinfo=UTC)


def _fails(stage: Stage) -> None:
    raise RuntimeError("poison")


def _leaves_what_no_wall_lets_stand(stage: Stage) -> None:
    """What a wall refuses that looks at the transaction's end only: a stage that is due when no deadline says so."""
    Stage.objects.filter(pk=stage.pk).update(due_at=F("due_at") + timedelta(days=1))


@pytest.mark.parametrize("poison", [_fails, _leaves_what_no_wall_lets_stand])
def test_a_timer_that_fails_is_pushed_forward_and_holds_up_no_other(
    kafka: House, monkeypatch: pytest.MonkeyPatch, poison: Callable[[Stage], None]
) -> None:
    with clock.at(MONDAY):
        poisoned, sound = _only_stage(kafka), _only_stage(kafka)
    escalate = timers.EFFECTS[Timer.Kind.ESCALATE]

    def fail_once(batch: Sequence[Timer], now: datetime) -> timers.Told:
        if any(timer.stage_id == poisoned.pk for timer in batch):
            poison(poisoned)
        return escalate(batch, now)

    monkeypatch.setitem(timers.EFFECTS, Timer.Kind.ESCALATE, fail_once)
    with at(2026, 3, 5, 10, 7):
        assert fire_due() == 3
    monkeypatch.undo()

    sound.refresh_from_db()
    assert sound.escalated_at is not None
    kept = _kinds(poisoned)["escalate"]
    assert (kept.state, kept.attempts) == (Timer.State.PENDING, 1)
    with at(2026, 3, 5, 10, 9):
        assert fire_due() == 1


def test_a_sweep_takes_all_that_is_due_however_small_its_batches(kafka: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "BATCH", 2)
    with clock.at(MONDAY):
        stages = [_only_stage(kafka) for _ in range(3)]

    with at(2026, 3, 20, 9, 0):
        assert fire_due() == 9

    assert not Timer.objects.filter(state=Timer.State.PENDING).exists()
    assert Stage.objects.filter(pk__in=[stage.pk for stage in stages], escalated_at__isnull=False).count() == 3


def test_a_backup_who_left_is_replaced_at_escalation(kafka: House) -> None:
    with clock.at(MONDAY):
        stage = _only_stage(kafka, kind="vendor_payment")
    sponsor = kafka.people["executive_sponsor"]
    assert stage.backup == sponsor
    sponsor.is_active = False
    sponsor.save()

    with at(2026, 3, 5, 10, 7):
        fire_due()

    stage.refresh_from_db()
    assert stage.backup != sponsor
    assert stage.escalated_at is not None


def test_those_whom_the_policy_names_hear_of_a_stage_that_has_no_backup(kafka: House) -> None:
    with clock.at(MONDAY):
        stage = _only_stage(kafka)
    for code in ("program_director", "executive_sponsor"):
        kafka.people[code].is_active = False
        kafka.people[code].save()
    with at(2026, 3, 5, 10, 7):
        fire_due()
        stage.refresh_from_db()
        assert (stage.backup, stage.escalated_at is not None) == (None, True)
        kafka.people["program_director"].is_active = True
        kafka.people["program_director"].save()
        outbox.drain()

    assert Notice.objects.filter(kind="approvals.stuck").values_list("person__name", flat=True).get() == "Program director"


@pytest.mark.usefixtures("monday")
def test_people_hear_of_what_concerns_them(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    stage = stages_of(request)[0]
    outbox.drain()
    approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Good price.")
    with clock.at(clock.now() + timedelta(minutes=2)):
        outbox.drain()

    found: list[tuple[Any, ...]] = list(Notice.objects.order_by("id").values_list("person__name", "kind", "url"))
    assert found == [
        ("Program director", "approvals.assigned", f"/queue/{stage.pk}/"),
        ("Engineer", "approvals.approved", f"/requests/{request.number}/"),
    ]
    assert "Good price." in Notice.objects.get(kind="approvals.approved").body


def test_what_the_clocks_say_to_a_person_at_once_comes_in_one_mail(kafka: House) -> None:
    with at(2026, 3, 2, 9, 0):
        stages = [_only_stage(kafka), _only_stage(kafka), _only_stage(kafka)]
        outbox.drain()
    mail.outbox.clear()
    owner, warned = stages[0].owner, _kinds(stages[0])["warn"].due_at

    with clock.at(warned):
        fire_due()
        outbox.drain()
        assert Notice.objects.filter(person=owner, kind="approvals.warned").count() == 3
        approve_stage(stage_id=stages[1].pk, actor=owner, digest=stages[1].request.digest)
        outbox.drain()
    mail.outbox.clear()
    with clock.at(warned + timedelta(minutes=15)):
        outbox.drain()

    [message] = [each for each in mail.outbox if each.to == [owner.email]]
    assert message.subject == "2 reminders of what waits for your decision"
    numbers = [stage.request.number for stage in stages]
    assert [number in message.body for number in numbers] == [True, False, True]
    assert [f"/queue/{stage.pk}/" in message.body for stage in stages] == [True, False, True]
