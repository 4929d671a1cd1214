"""Celery's entry points into budgets. Each is safe twice: the rows are the truth."""

from celery import shared_task

from budgets.services import anchors


@shared_task
def take_anchor() -> bool:
    """Take the day's anchor, if something was posted since the last."""
    return anchors.take_anchor()[1]
