"""What programs sign in with. Only a hash is kept: the secret is shown once, to who made the token."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from core import clock


class ApiToken(models.Model):
    """A token of a person. It may do what its owner may do, as far as its scopes reach."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=100, help_text="What it is for.")
    prefix = models.CharField(max_length=8, unique=True, help_text="Its first letters, to recognize it by.")
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the whole token.")
    scopes = ArrayField(models.CharField(max_length=40), help_text="Such as budgets:read.")
    networks = ArrayField(models.CharField(max_length=50), default=list, help_text="From where it works; empty: from anywhere.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True, help_text="To the minute.")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(scopes=[]), name="token_has_a_scope"),
            models.CheckConstraint(
                condition=models.Q(revoked_at__isnull=False) | models.Q(revoked_by__isnull=True),
                name="token_revoked_has_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.name
