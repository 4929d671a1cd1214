"""The kinds of jobs, and what a running job may say about itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core import clock
from core.models import Job


@dataclass
class JobContext:
    """Handed to a job's function: its row, and how to tell how far it is."""

    job: Job
    result_url: str = ""

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Say how far the work is. Seen on the job's page once the surrounding transaction, if any, commits."""
        Job.objects.filter(pk=self.job.pk).update(done=done, total=total, note=note[:200], heartbeat_at=clock.now())


functions: dict[str, Callable[..., dict[str, Any]]] = {}


def job_kind(name: str) -> Callable[[Callable[..., dict[str, Any]]], Callable[..., dict[str, Any]]]:
    """Register the function that does jobs of kind `name`. It must be safe to run again from the start."""

    def register(function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        functions[name] = function
        return function

    return register
