from django.conf import settings
from django.db import models

from approvals.models.stages import Stage


class OpenPlace(models.Model):
    """That a stage waits, and a person stands before it: what a queue begins with, however long the past is.

    Kept by the database as stages and their people change (`migrations/sql/0031_open_places.sql`); nobody writes it.
    """

    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="open_places")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "stage"], name="open_place_once")]

    def __str__(self) -> str:
        return f"{self.person}: {self.stage}"
