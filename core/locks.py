"""The one place in core that locks."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from core.models import Job, OutboxEvent

SILENCE = timedelta(minutes=10)


def claim_next_event(*, now: datetime) -> OutboxEvent | None:
    """Lock the oldest event that is due and that nobody else holds."""
    waiting = OutboxEvent.objects.filter(handled_at__isnull=True, due_at__lte=now).order_by("due_at", "id")
    return waiting.select_for_update(skip_locked=True, no_key=True).first()


def claim_next_job(*, now: datetime) -> Job | None:
    """Lock the oldest job that waits, or whose runner fell silent, and that nobody else holds."""
    abandoned = Q(state=Job.State.RUNNING, heartbeat_at__lt=now - SILENCE)
    open_jobs = Job.objects.filter(Q(state=Job.State.QUEUED) | abandoned).order_by("id")
    return open_jobs.select_for_update(skip_locked=True, no_key=True).first()


def lock_job(job_id: int) -> Job:
    """Lock one job."""
    rows: QuerySet[Job] = Job.objects.select_for_update(no_key=True)
    return rows.get(pk=job_id)
