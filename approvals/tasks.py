"""Celery's entry points into approvals. Each is safe twice: the rows are the truth."""

from celery import shared_task

from approvals.services import timers


@shared_task
def fire_timers() -> int:
    """Fire the timers that are due."""
    return timers.fire_due()
