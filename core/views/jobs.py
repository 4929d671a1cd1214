"""The page of a job: how far it is, what came of it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import clock
from core.models import Job
from core.selectors.jobs import access_job_by_id, time_left


@require_safe
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show a job; the part that changes asks for itself again while the job runs."""
    return render(request, "core/job.html", _context(access_job_by_id(request.user, job_id)))


@require_safe
def job_progress(request: HttpRequest, job_id: int) -> HttpResponse:
    """The part of a job's page that changes."""
    return render(request, "core/job_progress.html", _context(access_job_by_id(request.user, job_id)))


def _context(found: Job) -> dict[str, Any]:
    return {
        "job": found,
        "open": found.state in {Job.State.QUEUED, Job.State.RUNNING},
        "left": time_left(found, now=clock.now()),
    }
