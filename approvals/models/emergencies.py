import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from approvals.models.requests import Request
from core import clock

SLEEPS = """
    PERFORM pg_advisory_xact_lock(hashtextextended('emergencies:' || NEW.requester_id, 0));
    IF EXISTS (
        SELECT FROM approvals_debt d JOIN approvals_emergency e ON e.id = d.emergency_id
        WHERE d.closed_at IS NULL AND d.due_at <= NEW.declared_at
          AND (e.requester_id = NEW.requester_id OR d.owner_id = NEW.requester_id))
    THEN
        RAISE EXCEPTION 'Who has an overdue debt of an emergency declares no other.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class EmergencyTerms(models.Model):
    """What an organization takes for an emergency, and how soon its debts are paid. Never changed: the latest is in force."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="emergency_terms")
    number = models.PositiveIntegerField()
    criteria = ArrayField(models.CharField(max_length=200), help_text="What counts as an emergency.")
    written_within = models.CharField(max_length=40, default="24 hours")
    review_within = models.CharField(max_length=40, default="168 hours")
    impact_within = models.CharField(max_length=40, default="336 hours")
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    stated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["entity", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "number"], name="emergency_terms_number_once"),
            models.CheckConstraint(condition=~Q(criteria=[]), name="emergency_terms_have_a_criterion"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="emergency_terms_stay_as_stated"),
            pgtrigger.Protect(name="emergency_terms_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"Emergency terms {self.number}"


class EmergencyLimit(models.Model):
    """Up to what amount the holders of a role commit at once: for each emergency, or for all of a person's in a month."""

    class Per(models.TextChoices):
        EACH = "each", "for each emergency"
        MONTH = "month", "in a month"

    terms = models.ForeignKey(EmergencyTerms, on_delete=models.PROTECT, related_name="limits")
    role = models.ForeignKey("core.Role", on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="In the entity's currency.")
    per = models.CharField(max_length=10, choices=Per, default=Per.EACH)

    class Meta:
        ordering = ["terms", "amount", "id"]
        constraints = [
            models.UniqueConstraint(fields=["terms", "role"], name="emergency_limit_once_per_role"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="emergency_limit_is_positive"),
            models.CheckConstraint(condition=Q(per__in=["each", "month"]), name="emergency_limit_per_is_known"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="emergency_limits_stay_as_stated"),
            pgtrigger.Protect(name="emergency_limits_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.amount}"


class Emergency(models.Model):
    """A request whose money was committed at once, on somebody's word, and what is owed for that."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="emergency")
    terms = models.ForeignKey(EmergencyTerms, on_delete=models.PROTECT, related_name="emergencies")
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="emergencies")
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="emergencies_approved", help_text="Who said yes by word."
    )
    criterion = models.CharField(max_length=200)
    spoken_at = models.DateTimeField(help_text="When the approver said yes.")
    words = models.TextField(help_text="What was said, and how: a call, in person.")
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="In the entity's currency.")
    declared_at = models.DateTimeField()
    denied_at = models.DateTimeField(null=True, help_text="When the approver said that they had not said yes.")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "emergencies"
        constraints = [
            models.CheckConstraint(condition=~Q(approver=F("requester")), name="emergency_is_approved_by_another"),
            models.CheckConstraint(condition=Q(spoken_at__lte=F("declared_at")), name="emergency_is_approved_before"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="emergency_amount_is_positive"),
        ]
        indexes = [models.Index(fields=["requester", "declared_at"], name="emergencies_of_person")]
        triggers = [
            pgtrigger.ReadOnly(name="emergencies_stay_as_declared", exclude=["denied_at"]),
            pgtrigger.Protect(name="emergencies_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="privilege_sleeps",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=SLEEPS,
            ),
        ]

    def __str__(self) -> str:
        return self.request.number

    @property
    def owed(self) -> list["Debt"]:
        """What is owed for it, and was, in the order in which it is due."""
        return list(self.debts.all())


class Debt(models.Model):
    """What is owed for an emergency, by whom, until when."""

    class Kind(models.TextChoices):
        WRITTEN = "written", "written approval"
        REVIEW = "review", "review"
        IMPACT = "impact", "impact and ongoing approval"

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", "confirmed"
        DENIED = "denied", "denied"
        REVIEWED = "reviewed", "reviewed"
        GOES_ON = "goes_on", "goes on"
        ENDS = "ends", "ends here"

    emergency = models.ForeignKey(Emergency, on_delete=models.PROTECT, related_name="debts")
    kind = models.CharField(max_length=10, choices=Kind)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="debts")
    due_at = models.DateTimeField()
    explanation = models.TextField(help_text="How the due time was reckoned.")
    text = models.TextField(blank=True, help_text="The review, or the impact as its requester states it.")
    text_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True, help_text="The deadline that passed.")
    escalated_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    remark = models.TextField(blank=True, help_text="What was said at its end.")

    class Meta:
        ordering = ["emergency", "due_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["emergency", "kind"], name="debt_kind_once_per_emergency"),
            models.CheckConstraint(condition=Q(kind__in=["written", "review", "impact"]), name="debt_kind_is_known"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, outcome="")
                | Q(kind="written", closed_at__isnull=False, closed_by__isnull=False, outcome__in=["confirmed", "denied"])
                | Q(kind="review", closed_at__isnull=False, closed_by__isnull=False, outcome="reviewed") & ~Q(text="")
                | Q(kind="impact", closed_at__isnull=False, closed_by__isnull=False, outcome__in=["goes_on", "ends"])
                & ~Q(text=""),
                name="debt_ends_as_its_kind_does",
            ),
        ]
        indexes = [models.Index(fields=["owner", "due_at"], name="debts_open", condition=Q(closed_at__isnull=True))]
        triggers = [
            pgtrigger.ReadOnly(name="debts_stay_as_owed", fields=["emergency", "kind", "due_at", "explanation"]),
            pgtrigger.Protect(
                name="debts_end_once", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.closed_at IS NOT NULL")
            ),
            pgtrigger.Protect(name="debts_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.emergency}"


class DebtTimer(models.Model):
    """A clock on a debt: its reminder, its deadline, and the day after."""

    class Kind(models.TextChoices):
        WARN = "warn", "reminder"
        BREACH = "breach", "deadline"
        ESCALATE = "escalate", "escalation"

    debt = models.ForeignKey(Debt, on_delete=models.PROTECT, related_name="timers")
    kind = models.CharField(max_length=10, choices=Kind)
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True, help_text="After a failure: when to try again.")

    class Meta:
        ordering = ["debt", "due_at"]
        constraints = [
            models.UniqueConstraint(fields=["debt", "kind"], name="debt_timer_kind_once"),
            models.CheckConstraint(condition=Q(kind__in=["warn", "breach", "escalate"]), name="debt_timer_kind_is_known"),
            models.CheckConstraint(
                condition=Q(fired_at__isnull=True) | Q(fired_at__gte=F("due_at")), name="debt_timer_fires_when_due"
            ),
        ]
        indexes = [models.Index(fields=["due_at", "id"], name="debt_timers_running", condition=Q(fired_at__isnull=True))]
        triggers = [
            pgtrigger.ReadOnly(name="debt_timers_stay", fields=["debt", "kind", "due_at"]),
            pgtrigger.Protect(
                name="debt_timers_fire_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.fired_at IS NOT NULL"),
            ),
            pgtrigger.Protect(name="debt_timers_are_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.due_at:%Y-%m-%d %H:%M}"
