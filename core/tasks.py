"""Celery's entry points into core. Each is safe twice: the rows are the truth."""

from celery import shared_task

from core.models import Sign
from core.services import acting, files, idempotency, jobs, outbox, retention, signs


@shared_task
def drain_outbox() -> int:
    """Handle the events that wait."""
    return outbox.drain()


@shared_task
def run_jobs() -> int:
    """Run the jobs that wait."""
    return jobs.run_waiting_jobs()


@shared_task
def sweep() -> int:
    """Find what a lost ring left lying."""
    return outbox.drain() + jobs.run_waiting_jobs() + files.remove_discarded_files()


@shared_task
def worker_alive() -> None:
    """Leave the worker's sign of life: whoever runs this is one."""
    signs.leave_sign(name=Sign.WORKER)


@shared_task
def end_acting() -> int:
    """End what administrators see as others once its time is over."""
    return acting.end_overdue_acting()


@shared_task
def sweep_keys() -> int:
    """Forget the idempotency keys of a day ago."""
    return idempotency.sweep_keys()


@shared_task
def tell_what_is_past_its_years() -> int:
    """Tell finance, once a month, what may be removed."""
    return retention.tell_what_is_past()
