"""Celery's entry points into approvals. Each is safe twice: the rows are the truth."""

from celery import shared_task

from approvals.services import absences, amendments, debts, draw_reports, meetings, promises, timers


@shared_task
def fire_timers() -> int:
    """Fire the timers that are due, of stages and of what is owed for emergencies."""
    return timers.fire_due() + debts.fire_debts()


@shared_task
def put_amendments_in_force() -> int:
    """Put in force the amendments whose day has come."""
    return amendments.put_due_in_force()


@shared_task
def attend_absences() -> int:
    """Tell delegates what has begun, and ask the backup wherever nobody is there."""
    return absences.attend()


@shared_task
def tend_meetings() -> int:
    """Plan committees' next meetings, let pass those that nobody opened, and remind of those that are near."""
    return meetings.tend_meetings()


@shared_task
def reckon_paces() -> int:
    """Add up how long the decisions of each stage took lately."""
    return promises.reckon_paces()


@shared_task
def remind_of_draw_reports() -> int:
    """Tell of reports about draws on reserves that are overdue."""
    return draw_reports.remind_of_reports()
