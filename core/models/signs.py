from django.db import models

from core import clock


class Sign(models.Model):
    """A sign of life: when something that runs by itself last did, and what it came to. One row for each."""

    BEAT, WORKER, LEDGER_CHECK, BACKUP = "beat", "worker", "ledger check", "backup"

    name = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField(default=clock.now)
    is_well = models.BooleanField(default=True)
    said = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name}: {self.at:%Y-%m-%d %H:%M}"
