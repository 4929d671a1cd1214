"""Celery's entry points into budgets. Each is safe twice: the rows are the truth."""

from celery import shared_task

from budgets.services import anchors, checking, watching


@shared_task
def take_anchor() -> bool:
    """Take the day's anchor, if something was posted since the last."""
    return anchors.take_anchor()[1]


@shared_task
def check_ledger() -> bool:
    """Check the ledger and its anchors, and keep what came of it."""
    return checking.check_and_say()


@shared_task
def watch_chargebacks() -> int:
    """Remind of statements and disputes of chargebacks."""
    return watching.watch_chargebacks()
