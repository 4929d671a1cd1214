"""How many calls of the API were made in the running minute."""

from django.db import models


class CallCount(models.Model):
    """A caller's calls of one class in the last minute that they called in. Its table is unlogged: it may be lost."""

    caller = models.CharField(max_length=40, help_text="token-… or person-…")
    kind = models.CharField(max_length=10)
    minute = models.BigIntegerField(help_text="Minutes since 1970.")
    calls = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["caller", "kind"], name="call_count_once")]

    def __str__(self) -> str:
        return f"{self.caller} {self.kind}"
