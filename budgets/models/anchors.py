"""Anchors: the heads of all chains at a moment, written to a file outside the database and signed."""

from django.db import models


class Anchor(models.Model):
    """That an anchor was taken. What it says is in its file; `digest` is the SHA-256 of that file."""

    number = models.PositiveIntegerField(unique=True)
    taken_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    accounts = models.PositiveIntegerField()
    journals = models.BigIntegerField()
    entries = models.BigIntegerField()

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return self.name
