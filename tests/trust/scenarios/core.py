"""Scenarios of core."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from core import clock
from core.jobs import JobContext
from core.models import ApiToken, DiscardedFile, Job, Notice, OutboxEvent, Role, RoleAssignment, Sign, User, WorkCalendar
from core.selectors.retention import standing_of
from core.services import (
    assignments,
    audit,
    calendars,
    calls,
    entities,
    files,
    idempotency,
    jobs,
    master_data,
    notices,
    outbox,
    people,
    retention,
    signs,
    tokens,
)
from reconciliation.services.ingest import start_import
from reporting.models import Pack
from tests.factories.core import UserFactory, assign
from tests.trust.scenarios.ground import MONDAY, Ground
from tests.trust.scenarios.registry import only_reads, scenario, steps_of

# A job that failed says so on its page, and a person starts it again.
JOB = {"core_job": ()}
# An event whose handler failed is tried again later.
PUSHED = {"core_outboxevent": ("attempts", "last_error", "due_at")}

only_reads(
    calls.calls_so_far,
    notices.way_by,
    tokens.may_revoke,
    assignments.refuse_unless_theirs_to_give,
    assignments.refuse_last_administrator,
    assignments.said,
)
steps_of(entities.ensure_entity, steps=[audit.record])
steps_of(outbox.drain, steps=[outbox.publish])


@scenario(files.discard_orphans, notes={"core_discardedfile": ()})
def _discard_orphans(ground: Ground) -> dict[str, Any]:
    return {"names": [default_storage.save(f"attachments/left-{number}.bin", ContentFile(b"left")) for number in (1, 2)]}


@scenario(files.remove_discarded_files)
def _remove_discarded_files(ground: Ground) -> dict[str, Any]:
    DiscardedFile.objects.create(name=default_storage.save("attachments/gone.bin", ContentFile(b"gone")), discarded_at=MONDAY)
    return {}


@scenario(entities.system_person)
def _system_person(ground: Ground) -> dict[str, Any]:
    return {}


@scenario(entities.ensure_entity, small=True)
def _ensure_entity(ground: Ground) -> dict[str, Any]:
    return {"code": "elsewhere", "name": "Elsewhere", "currency": "EUR", "actor": ground.finance, "country": "NL"}


@scenario(signs.leave_sign)
def _leave_sign(ground: Ground) -> dict[str, Any]:
    signs.leave_sign(name=Sign.WORKER, is_well=False, said="before")
    return {"name": Sign.WORKER}


@scenario(people.add_person)
def _add_person(ground: Ground) -> dict[str, Any]:
    return {"email": "new@example.org", "name": "New person", "actor": ground.finance}


@scenario(people.ensure_role)
def _ensure_role(ground: Ground) -> dict[str, Any]:
    return {"code": "reader", "name": "Reader", "kind": "auditor", "actor": ground.finance}


def _administrator(ground: Ground) -> User:
    person = UserFactory.create(email="keeper@example.org", name="Keeper")
    assign(person, "keeper", ground.entity, kind="administrator")
    return person


@scenario(assignments.assign_role)
def _assign_role(ground: Ground) -> dict[str, Any]:
    role = Role.objects.get(code="finance")
    centre = ground.centres["ENG"]
    return {
        "person": ground.requester,
        "role": role,
        "entity": ground.entity,
        "actor": _administrator(ground),
        "cost_centre": centre,
        "limit": Decimal("500.00"),
    }


@scenario(assignments.take_role)
def _take_role(ground: Ground) -> dict[str, Any]:
    keeper = _administrator(ground)
    held = RoleAssignment.objects.filter(user=ground.requester).earliest("pk")
    return {"assignment_id": held.pk, "actor": keeper}


@scenario(master_data.save_recorded)
def _save_recorded(ground: Ground) -> dict[str, Any]:
    ground.vendor.name = "Acme Clouds"
    return {"subject": ground.vendor, "actor": ground.finance, "entity": ground.entity}


@scenario(master_data.delete_recorded)
def _delete_recorded(ground: Ground) -> dict[str, Any]:
    return {"subject": ground.vendor, "actor": ground.finance, "entity": ground.entity}


@scenario(retention.state_period)
def _state_period(ground: Ground) -> dict[str, Any]:
    return {"entity": ground.entity, "kind": "reports", "years": 3, "reason": "A law.", "actor": ground.finance}


@scenario(retention.place_hold)
def _place_hold(ground: Ground) -> dict[str, Any]:
    return {"entity": ground.entity, "kind": "", "reason": "An audit.", "actor": ground.finance}


@scenario(retention.lift_hold)
def _lift_hold(ground: Ground) -> dict[str, Any]:
    hold = retention.place_hold(**_place_hold(ground))
    return {"hold_id": hold.pk, "reason": "It is over.", "actor": ground.finance}


def _old_packs(ground: Ground, count: int = 1) -> None:
    """Let there be packs that are long past their years."""
    for month in range(1, count + 1):
        Pack.objects.create(
            budget=ground.budget,
            month=date(2015, month, 1),
            issue=1,
            snapshot="{}",
            snapshot_sha256="ab" * 32,
            figures_sha256="ab" * 32,
            last_journal=1,
            is_final=True,
        )


@scenario(retention.tell_what_is_past)
def _tell_what_is_past(ground: Ground) -> dict[str, Any]:
    _old_packs(ground)
    return {}


@scenario(retention.order_removal)
def _order_removal(ground: Ground) -> dict[str, Any]:
    _old_packs(ground)
    return {"entity": ground.entity, "digest": standing_of(ground.entity).digest, "actor": ground.finance}


@scenario(retention.carry_out_removal, steps="It removes some hundred documents at a time.", notes=JOB)
def _carry_out_removal(ground: Ground) -> dict[str, Any]:
    _old_packs(ground, 2)
    run = retention.order_removal(entity=ground.entity, digest=standing_of(ground.entity).digest, actor=ground.finance)
    assert run.job is not None
    return {"context": JobContext(run.job), "run_id": run.pk}


@scenario(calendars.state_person_calendar)
def _state_person_calendar(ground: Ground) -> dict[str, Any]:
    theirs = {"person": ground.requester, "calendar": WorkCalendar.objects.get(pk=ground.entity.calendar_id)}
    return {**theirs, "valid_from": clock.now().date(), "actor": _administrator(ground)}


@scenario(master_data.change_calendar)
def _change_calendar(ground: Ground) -> dict[str, Any]:
    calendar = WorkCalendar.objects.get(pk=ground.entity.calendar_id)
    calendar.name = "Shorter hours"
    return {"calendar": calendar, "actor": ground.finance}


@scenario(master_data.set_password)
def _set_password(ground: Ground) -> dict[str, Any]:
    return {"person": ground.requester, "password": "a long and quiet evening", "actor": ground.finance}


def _notice(ground: Ground, **more: Any) -> dict[str, Any]:
    told = {"person": ground.requester, "kind": "test", "subject": "Look", "key": "one", "entity": ground.entity}
    return told | {"url": "/requests/1/", "level": "act"} | more


@scenario(notices.notify)
def _notify(ground: Ground) -> dict[str, Any]:
    return _notice(ground)


@scenario(notices.mail_notice)
def _mail_notice(ground: Ground) -> dict[str, Any]:
    notice = notices.notify(**_notice(ground))
    assert notice is not None
    return {"event": notices.NoticeWritten(notice_id=notice.pk)}


@scenario(notices.close_bundle)
def _close_bundle(ground: Ground) -> dict[str, Any]:
    for key in ("one", "two"):
        notices.notify(**_notice(ground, key=key, bundle="reminders"))
    return {"event": notices.BundleBegun(person_id=ground.requester.pk, bundle="reminders")}


@scenario(notices.mail_bundle)
def _mail_bundle(ground: Ground) -> dict[str, Any]:
    told = [notices.notify(**_notice(ground, key=key, bundle="reminders")) for key in ("one", "two")]
    return {"event": notices.BundleClosed(notice_ids=[notice.pk for notice in told if notice is not None])}


@scenario(notices.mark_read)
def _mark_read(ground: Ground) -> dict[str, Any]:
    notices.notify(**_notice(ground))
    return {"actor": ground.requester, "notice_id": Notice.objects.get().pk}


@scenario(notices.settle)
def _settle(ground: Ground) -> dict[str, Any]:
    notices.notify(**_notice(ground))
    return {"people": [ground.requester.pk], "urls": ["/requests/1/"]}


@scenario(jobs.start_job)
def _start_job(ground: Ground) -> dict[str, Any]:
    args = {"budget_id": ground.budget.pk, "month": "2026-03-01"}
    return {"kind": "board-pack", "title": "A pack", "args": args, "actor": ground.finance, "entity": ground.entity}


def _import_job(ground: Ground) -> Job:
    from tests.trust.scenarios.imports import received

    return start_import(import_file_id=received(ground).pk, actor=ground.finance)


# Tokens are drawn at random.
DRAWN = {"core_apitoken": ("prefix", "digest"), "core_auditrecord": ("after", "before")}


@scenario(calls.count_call)
def _count_call(ground: Ground) -> dict[str, Any]:
    return {"caller": "token-1", "kind": "read", "now": MONDAY}


@scenario(tokens.make_token, notes=DRAWN)
def _make_token(ground: Ground) -> dict[str, Any]:
    return {"owner": ground.finance, "name": "Export", "scopes": ["budgets:read"], "networks": ["192.0.2.0/24"]}


def _token(ground: Ground) -> ApiToken:
    return tokens.make_token(owner=ground.finance, name="Export", scopes=["budgets:read"])[0]


@scenario(tokens.revoke_token)
def _revoke_token(ground: Ground) -> dict[str, Any]:
    return {"token_id": _token(ground).pk, "actor": ground.finance}


@scenario(tokens.note_use)
def _note_use(ground: Ground) -> dict[str, Any]:
    return {"token": _token(ground)}


def _call(ground: Ground) -> idempotency.Call:
    return idempotency.Call(ground.finance, None, "k-1", "POST", "/api/v1/periods", b"digest")


def _kept(ground: Ground, days: int) -> None:
    with clock.at(MONDAY - timedelta(days=days)):
        idempotency.keep_answer(call=_call(ground), status=201, headers={}, body="{}")


@scenario(idempotency.claim_key)
def _claim_key(ground: Ground) -> dict[str, Any]:
    _kept(ground, days=2)
    return {"call": _call(ground)}


@scenario(idempotency.keep_answer)
def _keep_answer(ground: Ground) -> dict[str, Any]:
    return {"call": _call(ground), "status": 201, "headers": {}, "body": "{}"}


@scenario(idempotency.sweep_keys)
def _sweep_keys(ground: Ground) -> dict[str, Any]:
    _kept(ground, days=2)
    return {}


ONE_STEP_A_JOB = "a job is claimed in one transaction, works in those of its services, and is ended in another"


def _queue_again(arguments: dict[str, Any]) -> None:
    """Do as a person does who sees that a job failed, or as the sweep does with one that fell silent."""
    Job.objects.update(state=Job.State.QUEUED)
    jobs.run_waiting_jobs()


@scenario(jobs.run_waiting_jobs, steps=ONE_STEP_A_JOB, notes=JOB, again=_queue_again)
def _run_waiting_jobs(ground: Ground) -> dict[str, Any]:
    _import_job(ground)
    return {}


@scenario(jobs.run_job, steps=ONE_STEP_A_JOB, notes=JOB)
def _run_job(ground: Ground) -> dict[str, Any]:
    return {"job_id": _import_job(ground).pk}


def later(arguments: dict[str, Any]) -> None:
    """Drain again when what was pushed forward is due; where it was handled after all, what it announced is another matter."""
    first = OutboxEvent.objects.earliest("id")
    if first.handled_at is None:
        with clock.at(MONDAY + timedelta(hours=2)):
            outbox.drain(**arguments)


@scenario(outbox.drain, steps="each event in a transaction of its own", notes=PUSHED, again=later, small=True)
def _drain(ground: Ground) -> dict[str, Any]:
    ground.submitted()
    return only("approvals.stage_assigned")


def only(topic: str) -> dict[str, Any]:
    """Let one event of this topic wait, and no other: another one may go before it once it is pushed forward."""
    event = OutboxEvent.objects.filter(topic=topic, handled_at__isnull=True).order_by("id").first()
    assert event is not None
    OutboxEvent.objects.exclude(pk=event.pk).delete()
    return {"limit": 1}
