import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from approvals.models.requests import Request


class Round(models.Model):
    """One submission of a request: what was asked, by which policy it was routed, and what came of it."""

    class Outcome(models.TextChoices):
        OPEN = "open", "open"
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "rejected"
        RETURNED = "returned", "sent back"
        WITHDRAWN = "withdrawn", "withdrawn"

    class Promised(models.TextChoices):
        PAST = "past", "past decisions of the same stages"
        TIMES = "times", "the times that the policy gives"

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.JSONField(encoder=DjangoJSONEncoder, help_text="What was asked, as it stood.")
    policy_version = models.ForeignKey("approvals.PolicyVersion", on_delete=models.PROTECT, related_name="rounds")
    rule_position = models.PositiveIntegerField(null=True, help_text="Which rule of the version routed it.")
    trace = models.JSONField(encoder=DjangoJSONEncoder)
    risk_score = models.PositiveSmallIntegerField(null=True)
    risk_reasons = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    above_role = models.CharField(
        max_length=300,
        blank=True,
        db_default="",
        editable=False,
        help_text="Whom the limit of a day asks for. The database writes it, see `migrations/sql/0024_walls.sql`.",
    )
    beyond_contract_role = models.CharField(
        max_length=300,
        blank=True,
        db_default="",
        editable=False,
        help_text="Who is asked beyond a contract. The database writes it, see `migrations/sql/0027_call_offs.sql`.",
    )
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.OPEN)
    promised_at = models.DateTimeField(null=True, help_text="By when its requester was told that it is decided.")
    promised_by = models.CharField(
        max_length=10, choices=Promised, blank=True, db_default="", help_text="What the promise was reckoned by."
    )
    submitted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["request", "number"]
        constraints = [
            models.UniqueConstraint(fields=["request", "number"], name="round_number_once"),
            models.UniqueConstraint(fields=["request"], condition=Q(outcome="open"), name="round_one_open_per_request"),
            models.CheckConstraint(
                condition=Q(outcome="open", ended_at__isnull=True)
                | Q(outcome__in=["approved", "rejected", "returned", "withdrawn"], ended_at__isnull=False),
                name="round_ended_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(promised_at__isnull=True, promised_by="")
                | Q(promised_at__isnull=False, promised_by__in=["past", "times"]),
                name="round_promise_says_by_what",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="content_stays",
                fields=[
                    "request",
                    "number",
                    "digest",
                    "content",
                    "policy_version",
                    "rule_position",
                    "trace",
                    "risk_score",
                    "risk_reasons",
                    "above_role",
                    "beyond_contract_role",
                    "submitted_at",
                ],
            ),
            pgtrigger.Protect(name="rounds_stay", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="promise_is_given_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.promised_at IS NOT NULL"
                    " AND (OLD.promised_at, OLD.promised_by) IS DISTINCT FROM (NEW.promised_at, NEW.promised_by)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)
