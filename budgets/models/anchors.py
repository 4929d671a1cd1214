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


class AcceptedRestore(models.Model):
    """That the ledger came back from a backup, and that this was accepted. What it says is in its file, signed like an anchor."""

    number = models.PositiveIntegerField(unique=True)
    accepted_at = models.DateTimeField()
    by = models.CharField(max_length=200, help_text="Who said so, on the command line of the machine.")
    reason = models.TextField(blank=True)
    backup = models.CharField(max_length=200)
    anchor = models.PositiveIntegerField(help_text="The last anchor that the backup knew; later ones are given up beyond it.")
    given_up = models.JSONField(default=list, help_text="[number, digest] of the later anchors that were known.")
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return self.name
