"""Celery's entry points into what keeps Purser up."""

import subprocess
import sys
from pathlib import Path

from celery import shared_task
from django.conf import settings


@shared_task
def take_backup() -> bool:
    """Take the day's backup where PURSER_BACKUP_DIR names a folder, in a process of its own. Says whether one was taken."""
    if not settings.BACKUP_DIR:
        return False
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "backup", "--json", f"--keep={settings.BACKUPS_KEPT}"]
    done = subprocess.run(command, env=settings.ENVIRONMENT_PASSED_ON, check=False, stdout=subprocess.DEVNULL)
    return done.returncode == 0
