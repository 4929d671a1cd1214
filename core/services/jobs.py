"""Work that takes time: queued as a row, run by a worker, watched on a page."""

import logging
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from core import clock, correlation, doorbell, jobs
from core.errors import Refusal
from core.locks import claim_next_job, lock_job
from core.models import Entity, Job, User

logger = logging.getLogger(__name__)
MOST_ATTEMPTS = 3


@transaction.atomic
def start_job(*, kind: str, title: str, args: Mapping[str, Any], actor: User | None, entity: Entity | None = None) -> Job:
    """Queue a job of a registered kind; a worker takes it after the commit."""
    if kind not in jobs.functions:
        raise ValueError(f"No job kind {kind} is registered.")
    job = Job.objects.create(
        kind=kind,
        title=title[:200],
        args=dict(args),
        actor=actor,
        entity=entity,
        queued_at=clock.now(),
        correlation_id=correlation.current()[:64],
    )
    doorbell.ring()
    return job


def run_waiting_jobs(*, limit: int = 100) -> int:
    """Run the jobs that wait, one after the other; return how many were run."""
    for count in range(limit):
        job = _claim()
        if job is None:
            return count
        _run(job)
    return limit


def run_job(job_id: int) -> Job:
    """Run one queued job here and now, and return it as it ended."""
    with transaction.atomic():
        job = _begin(lock_job(job_id))
    _run(job)
    job.refresh_from_db()
    return job


@transaction.atomic
def _claim() -> Job | None:
    job = claim_next_job(now=clock.now())
    return _begin(job) if job else None


def _begin(job: Job) -> Job:
    now = clock.now()
    job.state = Job.State.RUNNING
    job.started_at = job.heartbeat_at = now
    job.attempts += 1
    job.save(update_fields=["state", "started_at", "heartbeat_at", "attempts"])
    return job


def _run(job: Job) -> None:
    """Do the work under the id of the request that asked for it, and under its own where no request did."""
    with correlation.running(job.correlation_id or f"job-{job.pk}"):
        _do(job)


def _do(job: Job) -> None:
    context = jobs.JobContext(job)
    try:
        if job.attempts > MOST_ATTEMPTS:
            raise Refusal("The work was cut off three times.", remedy="Look at the worker's log, then start it again.")
        result = jobs.functions[job.kind](context, **job.args)
    except Refusal as refusal:
        _end(job, state=Job.State.FAILED, error=str(refusal))
    except Exception as error:  # a job may fail in any way; its page must say so
        logger.exception("Job %s (%s) failed.", job.pk, job.kind)
        _end(
            job,
            state=Job.State.FAILED,
            error=f"It stopped on an error of ours: {type(error).__name__}. The log has it as {correlation.current()}.",
        )
    else:
        _end(job, state=Job.State.DONE, result=result, result_url=context.result_url)


def _end(job: Job, *, state: str, error: str = "", result: dict[str, Any] | None = None, result_url: str = "") -> None:
    job.state = state
    job.error = error
    job.result = result
    job.result_url = result_url
    job.finished_at = clock.now()
    job.save(update_fields=["state", "error", "result", "result_url", "finished_at"])
