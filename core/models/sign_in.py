from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from core import clock


class SignInTally(models.Model):
    """Failures to sign in for one account or from one address, and until when it is let in no more.

    What was typed is not kept: it may be no account of ours, or a password in the wrong field. `key` is a hash.
    """

    class Kind(models.TextChoices):
        ACCOUNT = "account", "an account"
        ADDRESS = "address", "an address of the network"

    kind = models.CharField(max_length=10, choices=Kind)
    key = models.CharField(max_length=64, help_text="SHA-256 of the e-mail address or of the network address.")
    failures = models.PositiveIntegerField(default=0, help_text="Since the last success, pause or lock.")
    rounds = models.PositiveIntegerField(default=0, help_text="Locks in a row; each is longer than the one before.")
    last_failed_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="sign_in_tally_once"),
            models.CheckConstraint(condition=models.Q(kind__in=["account", "address"]), name="sign_in_tally_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key[:8]}"


class Invitation(models.Model):
    """An e-mail address that was asked to join. Its link is single-use; only the link's hash is kept."""

    email = models.EmailField()
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=200, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    sendings = models.PositiveIntegerField(default=1, help_text="Each sending has a link of its own; the one before is void.")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="invitation")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="invitation_open_once_per_address",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True) | models.Q(withdrawn_at__isnull=True),
                name="invitation_ends_once",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True, person__isnull=True)
                | models.Q(accepted_at__isnull=False, person__isnull=False),
                name="invitation_accepted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"Invitation of {self.email}"


class InvitedRole(models.Model):
    """A role that the person will hold once they accept."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="roles")
    role = models.ForeignKey("core.Role", on_delete=models.PROTECT, related_name="+")
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="+")
    cost_centre = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["invitation", "role", "entity", "cost_centre"], nulls_distinct=False, name="invited_role_once"
            ),
        ]

    def __str__(self) -> str:
        where = self.cost_centre or self.entity
        return f"{self.role} of {where}"


class FirstAdministratorLink(models.Model):
    """The one-time link by which an empty Purser gets its first administrator. Only its hash is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Link made {self.made_at:%Y-%m-%d}"


class ActingSession(models.Model):
    """A while in which an administrator sees Purser as somebody else does, to help them. Nothing is changed meanwhile."""

    administrator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    began_at = models.DateTimeField(default=clock.now, editable=False)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("began_at")), name="acting_ends_after_it_begins"),
            models.CheckConstraint(condition=~models.Q(administrator=models.F("person")), name="acting_is_as_somebody_else"),
            models.UniqueConstraint(
                fields=["administrator"], condition=models.Q(ended_at__isnull=True), name="acting_as_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.administrator} as {self.person}"
