"""Retention: stating periods, withholding records from removal, and removing what is past its years."""

from typing import Any

from django.db import transaction
from django.urls import reverse

from core import clock
from core.access import WHOLE, people_with
from core.errors import InvalidInput, Stale, WrongState
from core.jobs import JobContext
from core.locks import lock_retention, lock_retention_hold, lock_retention_run
from core.models import Entity, Job, RecordKinds, RemovedDocument, RetentionHold, RetentionPeriod, RetentionRun, User
from core.rules.retention import MOST_YEARS
from core.selectors.retention import REMOVING, Document, standing_of
from core.services import audit
from core.services.files import remove_discarded_files
from core.services.jobs import start_job
from core.services.notices import notify

JOB_KIND = "retention"
AT_A_TIME = 100
LONGEST = 300


@transaction.atomic
def state_period(*, entity: Entity, kind: str, years: int, reason: str, actor: User) -> RetentionPeriod:
    """Keep a kind of an organization's records for a number of whole fiscal years from now on.

    What was removed by the period before stays removed. Raises InvalidInput naming the fields.
    """
    lock_retention(entity.pk)
    wrong = {}
    if kind not in RecordKinds.values:
        wrong["kind"] = f"Name one of {', '.join(RecordKinds.values)}."
    if not 1 <= years <= MOST_YEARS:
        wrong["years"] = f"A period is 1 to {MOST_YEARS} years."
    wrong |= _wrong_reason(reason)
    _refuse(wrong)
    last = RetentionPeriod.objects.filter(entity=entity, kind=kind).order_by("-number").first()
    stated = RetentionPeriod.objects.create(
        entity=entity,
        kind=kind,
        number=last.number + 1 if last else 1,
        years=years,
        reason=reason.strip(),
        stated_at=clock.now(),
        stated_by=actor,
    )
    before = {"kind": kind, "years": last.years} if last else None
    after = {"kind": kind, "years": years, "reason": stated.reason}
    audit.record(actor=actor, verb="retention.period_stated", subject=stated, entity=entity, before=before, after=after)
    return stated


@transaction.atomic
def place_hold(*, entity: Entity, kind: str, reason: str, actor: User) -> RetentionHold:
    """Withhold a kind of records from removal, or all where `kind` is blank, until the hold is lifted. Raises InvalidInput."""
    lock_retention(entity.pk)
    wrong = (
        {"kind": f"Name one of {', '.join(RecordKinds.values)}, or none for all."}
        if kind not in {"", *RecordKinds.values}
        else {}
    )
    _refuse(wrong | _wrong_reason(reason))
    hold = RetentionHold.objects.create(entity=entity, kind=kind, reason=reason.strip(), placed_at=clock.now(), placed_by=actor)
    after = {"kind": kind, "reason": hold.reason}
    audit.record(actor=actor, verb="retention.hold_placed", subject=hold, entity=entity, after=after)
    return hold


@transaction.atomic
def lift_hold(*, hold_id: int, reason: str, actor: User) -> RetentionHold:
    """Let the records that a hold withholds be removed again. Raises InvalidInput, WrongState for one lifted already."""
    hold = lock_retention_hold(hold_id)
    if hold.lifted_at is not None:
        raise WrongState("This hold is lifted already.", remedy="Nothing is left to do.")
    _refuse(_wrong_reason(reason))
    hold.lifted_at, hold.lifted_by, hold.lifted_because = clock.now(), actor, reason.strip()
    hold.save(update_fields=["lifted_at", "lifted_by", "lifted_because"])
    after = {"kind": hold.kind, "because": hold.lifted_because}
    audit.record(actor=actor, verb="retention.hold_lifted", subject=hold, entity=hold.entity, after=after)
    return hold


@transaction.atomic
def order_removal(*, entity: Entity, digest: str, actor: User) -> RetentionRun:
    """Order that what is past its years is removed, as a job. `digest` stands for the list that was looked at.

    A removal whose job stopped on an error is ended first, with what it did. Raises WrongState where nothing is past its years or
    a removal is under way, Stale where the list is another one by now.
    """
    lock_retention(entity.pk)
    under_way = RetentionRun.objects.filter(entity=entity, finished_at__isnull=True).select_related("job").first()
    if under_way is not None and under_way.job is not None and under_way.job.state == Job.State.FAILED:
        _end(under_way.pk)
    elif under_way is not None:
        raise WrongState("A removal is under way.", remedy="Wait until it is done, then look again.")
    standing = standing_of(entity)
    going = standing.may_go
    if not going:
        raise WrongState("Nothing may be removed now.", remedy="See what is withheld, or what waits, on the page of retention.")
    if digest != standing.digest:
        raise Stale("What is past its years has changed since you looked.", remedy="Look at the list again, then order it.")
    run = RetentionRun.objects.create(
        entity=entity,
        digest=digest,
        listed=[[each.records, each.subject_id] for each in going],
        documents=len(going),
        ordered_at=clock.now(),
        ordered_by=actor,
    )
    title = f"Remove {_counted(len(going))} past {'its' if len(going) == 1 else 'their'} years"
    run.job = start_job(kind=JOB_KIND, title=title, args={"run_id": run.pk}, actor=actor, entity=entity)
    run.save(update_fields=["job"])
    after = {"documents": len(going), "bytes": standing.size, "digest": digest}
    audit.record(actor=actor, verb="retention.removal_ordered", subject=run, entity=entity, after=after)
    return run


def carry_out_removal(context: JobContext, *, run_id: int) -> dict[str, Any]:
    """Remove what a removal was ordered for, some hundred documents at a time, and end it.

    What is withheld or waits by now is left; what an interrupted job removed is not there any more. Safe to run again.
    """
    context.result_url = reverse("core:retention-run", args=[run_id])
    while _remove_some(run_id):
        run = RetentionRun.objects.get(pk=run_id)
        context.progress(run.removed.count(), run.documents, "documents removed")
    return {"documents": _end(run_id).removed.count()}


@transaction.atomic
def tell_what_is_past() -> int:
    """Tell finance of each organization, once a month, how much is past its years and may go; return how many were told."""
    told = 0
    for entity in Entity.objects.order_by("code"):
        standing = standing_of(entity)
        if not standing.may_go:
            continue
        for person in people_with(REMOVING, entity=entity, path=WHOLE):
            notice = notify(
                person=person,
                kind="retention",
                subject=f"Past the retention period at {entity.name}: {_counted(len(standing.may_go))}",
                body="Look at them, and order their removal; or withhold what an audit or a dispute needs.",
                key=f"retention:{entity.pk}:{standing.today:%Y-%m}:{person.pk}",
                entity=entity,
                url=reverse("core:retention-past", args=[entity.code]),
            )
            told += notice is not None
    return told


@transaction.atomic
def _remove_some(run_id: int) -> int:
    run = lock_retention_run(run_id)
    if run.finished_at is not None:
        return 0
    lock_retention(run.entity_id)
    listed = {(records, number) for records, number in run.listed}
    some = [each for each in standing_of(run.entity).may_go if (each.records, each.subject_id) in listed][:AT_A_TIME]
    now = clock.now()
    for each in some:
        RemovedDocument.objects.create(run=run, removed_at=now, **_said(each))
    transaction.on_commit(remove_discarded_files, robust=True)
    return len(some)


@transaction.atomic
def _end(run_id: int) -> RetentionRun:
    run = lock_retention_run(run_id)
    if run.finished_at is None:
        run.finished_at = clock.now()
        run.save(update_fields=["finished_at"])
        after = {"documents": run.removed.count(), "ordered": run.documents}
        audit.record(actor=run.ordered_by, verb="retention.removed", subject=run, entity=run.entity, after=after)
    return run


def _counted(number: int) -> str:
    return "1 document" if number == 1 else f"{number:,} documents"


def _said(each: Document) -> dict[str, Any]:
    names = ("records", "kind", "subject_id", "name", "size", "sha256", "dated_on", "kept_until")
    return {name: getattr(each, name) for name in names}


def _wrong_reason(reason: str) -> dict[str, str]:
    said = reason.strip()
    if not said:
        return {"reason": "Say why."}
    return {"reason": f"Say it in {LONGEST} characters."} if len(said) > LONGEST else {}


def _refuse(wrong: dict[str, str]) -> None:
    if wrong:
        raise InvalidInput(next(iter(wrong.values())), details=wrong)
