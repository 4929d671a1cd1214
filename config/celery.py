"""The Celery application: a doorbell for work whose truth lies in the database."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("purser")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
