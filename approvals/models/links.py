import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from approvals.models.decisions import Decision
from approvals.models.stages import Stage, StageMember
from core import clock


class DecisionLink(models.Model):
    """The way from a mail to a decision: one person's, for one place before one stage, bound to what was asked then.

    Only the hash of its secret is kept. The secret is made anew from `nonce` and the signing key when the mail is sent.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decision_links")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="links")
    member = models.ForeignKey(
        StageMember,
        on_delete=models.PROTECT,
        related_name="links",
        help_text="In whose place the person was asked; their own mostly.",
    )
    notice = models.OneToOneField("core.Notice", on_delete=models.PROTECT, related_name="decision_link")
    round = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="Of what was asked when the mail was written.")
    nonce = models.CharField(max_length=64)
    token_hash = models.CharField(max_length=64, unique=True)
    credential = models.CharField(max_length=64, help_text="Changes with the person's password.")
    made_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    signed_in = models.BooleanField(null=True, help_text="Whether the person had signed in when they decided by it.")
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, null=True, related_name="link")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="link_ends_after_it_is_made"),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True, decision__isnull=True, signed_in__isnull=True)
                | Q(used_at__isnull=False, decision__isnull=False, signed_in__isnull=False),
                name="link_used_has_its_decision",
            ),
            models.CheckConstraint(condition=Q(used_at__isnull=True) | Q(revoked_at__isnull=True), name="link_ends_once"),
        ]
        indexes = [models.Index(fields=["person"], name="links_open", condition=Q(used_at__isnull=True, revoked_at__isnull=True))]
        triggers = [
            pgtrigger.ReadOnly(name="links_stay_as_made", exclude=["revoked_at", "used_at", "signed_in", "decision"]),
            pgtrigger.Protect(
                name="links_end_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.used_at IS NOT NULL OR OLD.revoked_at IS NOT NULL"),
            ),
            pgtrigger.Protect(name="links_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.stage}"
