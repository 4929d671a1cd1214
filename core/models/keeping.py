"""What is kept outside the database, and how that is looked after."""

from django.db import models

from core import clock


class DiscardedFile(models.Model):
    """A kept file whose row is gone. The file itself goes when no backup is reading: until then it waits here."""

    name = models.CharField(max_length=300)
    discarded_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
