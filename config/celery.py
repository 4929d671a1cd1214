"""The Celery application: a doorbell for work whose truth lies in the database."""

import os
from typing import Any

from celery import Celery, Task
from celery.signals import setup_logging

from core import walls

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class SystemTask(Task):  # type: ignore[misc]  # celery has no types
    """A task sees all rows: it works for everybody, and its services decide what is whose."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with walls.system():
            return super().__call__(*args, **kwargs)


app = Celery("purser", task_cls=SystemTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logs(**_: Any) -> None:
    """Keep Celery from setting up logs of its own: Django has set up ours."""
