"""Celery's entry points into approvals. Each is safe twice: the rows are the truth."""

from celery import shared_task

from approvals.services import absences, timers


@shared_task
def fire_timers() -> int:
    """Fire the timers that are due."""
    return timers.fire_due()


@shared_task
def attend_absences() -> int:
    """Tell delegates what has begun, and ask the backup wherever nobody is there."""
    return absences.attend()
