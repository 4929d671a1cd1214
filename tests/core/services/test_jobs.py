"""Jobs: rows with a state, a progress and an outcome."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import clock, jobs
from core.errors import Refusal
from core.models import Job, User
from core.services.jobs import run_job, run_waiting_jobs, start_job

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def count() -> Iterator[None]:
    @jobs.job_kind("tests.count")
    def run(context: jobs.JobContext, *, to: int) -> dict[str, Any]:
        if to < 0:
            raise Refusal("Cannot count below zero.", remedy="Give a number above it.")
        if to == 0:
            raise ZeroDivisionError
        context.progress(to, to, "counted")
        context.result_url = "/there/"
        return {"counted": to}

    yield
    jobs.functions.pop("tests.count")


def start(to: int, actor: User | None = None) -> Job:
    return start_job(kind="tests.count", title="Count", args={"to": to}, actor=actor)


def test_a_job_says_how_it_ended(requester: User) -> None:
    start(3, requester)
    assert run_waiting_jobs() == 1
    job = Job.objects.get()
    assert (job.state, job.percent, job.result, job.result_url) == (Job.State.DONE, 100, {"counted": 3}, "/there/")
    assert run_waiting_jobs() == 0


def test_a_refusal_is_told_in_its_own_words_and_an_error_with_its_trace_id() -> None:
    refused, broken = run_job(start(-1).pk), run_job(start(0).pk)
    assert refused.error == "Cannot count below zero. Give a number above it."
    assert f"job-{broken.pk}" in broken.error
    assert {refused.state, broken.state} == {Job.State.FAILED}


def test_work_cut_off_is_taken_up_again_but_not_for_ever() -> None:
    job = start(3)
    began = datetime(2026, 11, 5, 12, tzinfo=UTC)
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, heartbeat_at=began, attempts=1)
    with clock.at(began + timedelta(minutes=5)):
        assert run_waiting_jobs() == 0
    with clock.at(began + timedelta(minutes=11)):
        assert run_waiting_jobs() == 1
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, attempts=3)
    assert run_job(job.pk).state == Job.State.FAILED


def test_an_unknown_kind_is_never_queued() -> None:
    with pytest.raises(ValueError, match="No job kind"):
        start_job(kind="tests.unknown", title="?", args={}, actor=None)
    assert not Job.objects.exists()
