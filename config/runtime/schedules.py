"""The periodic work: rows of django-celery-beat, made once from what the rooms declare."""

from django.apps import apps
from django.db import transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from core import clock


@transaction.atomic
def ensure_schedules() -> list[str]:
    """Make the row of each declared schedule that has none, and return their names. A row that is there is an administrator's."""
    return [name for name, task, seconds in declared() if _ensure(name, task, seconds)]


def declared() -> list[tuple[str, str, int]]:
    """Return (name, task, seconds) from each AppConfig's `periodic`."""
    return [entry for room in apps.get_app_configs() for entry in getattr(room, "periodic", ())]


def _ensure(name: str, task: str, seconds: int) -> bool:
    if PeriodicTask.objects.filter(name=name).exists():
        return False
    interval = IntervalSchedule.objects.filter(every=seconds, period=IntervalSchedule.SECONDS).order_by("pk").first()
    if interval is None:
        interval = IntervalSchedule.objects.create(every=seconds, period=IntervalSchedule.SECONDS)
    # Without a start it would first run after one interval of unbroken running: never, for a day's work on a laptop.
    PeriodicTask.objects.create(name=name, task=task, interval=interval, start_time=clock.now())
    return True
