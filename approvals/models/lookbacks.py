import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from approvals.models.requests import Request


class LookBack(models.Model):
    """What a person found who looked back at what a policy had approved by itself: in order, or withdrawn."""

    class Outcome(models.TextChoices):
        IN_ORDER = "in_order", "in order"
        WITHDRAWN = "withdrawn", "withdrawn"

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="look_backs")
    round = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome)
    remark = models.TextField(blank=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["request", "round"], name="look_back_once_per_round"),
            models.CheckConstraint(condition=Q(outcome__in=["in_order", "withdrawn"]), name="look_back_outcome_is_known"),
            models.CheckConstraint(condition=~Q(outcome="withdrawn") | ~Q(remark=""), name="look_back_withdrawn_says_why"),
        ]
        triggers = [
            pgtrigger.Protect(name="look_backs_stay", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="looks_back_at_what_a_policy_approved",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM 1 FROM approvals_request r WHERE r.id = NEW.request_id FOR NO KEY UPDATE;
                    IF NOT EXISTS (
                        SELECT FROM approvals_decision d JOIN approvals_request r ON r.id = d.request_id
                        WHERE d.request_id = NEW.request_id AND d.round = NEW.round AND d.rule_id IS NOT NULL
                          AND r.round = NEW.round AND r.state = 'approved')
                    THEN
                        RAISE EXCEPTION 'Only what a policy approved by itself is looked back at.'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF EXISTS (SELECT FROM approvals_request r WHERE r.id = NEW.request_id AND r.requester_id = NEW.person_id)
                    THEN
                        RAISE EXCEPTION 'Nobody looks back at their own request.' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request}: {self.outcome}"
