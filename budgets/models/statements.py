"""What a receiver is told of a month's chargeback, what its manager says to that, and disputes."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django_fsm import transition

from budgets.models.chargeback import ChargebackRun
from core.states import StateField, StateModel, guarded

IN_REVIEW = """
    IF NOT EXISTS (SELECT FROM budgets_chargebackrun r WHERE r.id = NEW.run_id AND r.state = 'review') THEN
        RAISE EXCEPTION 'A statement is written and answered while its chargeback is with the managers.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
ITS_DISPUTE = """
    IF EXISTS (SELECT FROM budgets_chargebackstatement s WHERE s.id = NEW.id AND s.state = 'disputed') AND NOT EXISTS (
        SELECT FROM budgets_chargebackdispute d WHERE d.statement_id = NEW.id AND d.resolved_at IS NULL)
    THEN
        RAISE EXCEPTION 'A disputed statement has an open dispute.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


@guarded(born="sent")
class ChargebackStatement(StateModel):
    """What a cost centre bears of a run, as its manager is asked about it. What it says follows from the run's rows."""

    class State(models.TextChoices):
        SENT = "sent", "waits for the manager"
        ACCEPTED = "accepted", "accepted"
        DISPUTED = "disputed", "disputed"
        SETTLED = "settled", "stands as it is"

    run = models.ForeignKey(ChargebackRun, on_delete=models.PROTECT, related_name="statements")
    receiver = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, related_name="statements")
    manager = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="statements")
    state = StateField(max_length=20, choices=State, default=State.SENT, protected=True)
    due_at = models.DateTimeField(help_text="Until when an answer is wanted. Without one, finance may post.")
    remind_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["run", "receiver"]
        constraints = [
            models.UniqueConstraint(fields=["run", "receiver"], name="chargeback_statement_once"),
            models.CheckConstraint(
                condition=Q(state="sent", answered_at__isnull=True, answered_by__isnull=True)
                | ~Q(state="sent") & Q(answered_at__isnull=False, answered_by__isnull=False),
                name="chargeback_statement_answered_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["remind_at"], name="statements_to_remind_of", condition=Q(state="sent"))]
        triggers = [
            pgtrigger.Trigger(
                name="answered_in_review",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=IN_REVIEW,
            ),
            pgtrigger.Trigger(
                name="disputed_with_its_dispute",
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Condition("NEW.state = 'disputed' AND OLD.state <> 'disputed'"),
                func=ITS_DISPUTE,
            ),
            pgtrigger.ReadOnly(name="statements_stay_theirs", fields=["run", "receiver"]),
            pgtrigger.Protect(name="statements_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.receiver.name}, {self.run.month:%B %Y}"

    @transition(field=state, source=State.SENT, target=State.ACCEPTED)
    def accept(self) -> None:
        """Say that it is right."""

    @transition(field=state, source=[State.SENT, State.ACCEPTED], target=State.DISPUTED)
    def dispute(self) -> None:
        """Say that it is not."""

    @transition(field=state, source=State.DISPUTED, target=State.SETTLED)
    def settle(self) -> None:
        """Stand as it is: the dispute was refused, with a reason."""

    @transition(field=state, source=[State.ACCEPTED, State.DISPUTED, State.SETTLED], target=State.SENT)
    def ask_again(self) -> None:
        """Wait for an answer anew: it says something else now."""


class ChargebackDispute(models.Model):
    """What a manager says is wrong with a statement, who sees to it, and until when."""

    class Outcome(models.TextChoices):
        ADJUSTED = "adjusted", "adjusted"
        REFUSED = "refused", "refused"

    statement = models.ForeignKey(ChargebackStatement, on_delete=models.PROTECT, related_name="disputes")
    words = models.TextField(help_text="What is wrong.")
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="How much of it, where that is known.")
    raised_at = models.DateTimeField()
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="chargeback_disputes")
    remind_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True, help_text="The deadline that passed.")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["statement"], condition=Q(resolved_at__isnull=True), name="chargeback_dispute_one_open"
            ),
            models.CheckConstraint(condition=~Q(words=""), name="chargeback_dispute_says_what_is_wrong"),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolved_by__isnull=True, outcome="")
                | Q(resolved_at__isnull=False, resolved_by__isnull=False, outcome__in=["adjusted", "refused"]) & ~Q(answer=""),
                name="chargeback_dispute_ends_with_an_answer",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="chargeback_disputes_open", condition=Q(resolved_at__isnull=True)),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="disputes_stay_as_raised", fields=["statement", "words", "amount", "raised_at", "raised_by", "due_at"]
            ),
            pgtrigger.Protect(
                name="disputes_end_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.resolved_at IS NOT NULL"),
            ),
            pgtrigger.Protect(name="disputes_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"Dispute of {self.statement}"
