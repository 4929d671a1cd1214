"""Reserves: money that is kept for a purpose, who approves its use, what was drawn, and the report that each draw owes.

That nobody spends from one but by a draw is held by `migrations/sql/0037_reserves.sql`.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from approvals.models.changes import stays_with_its_request
from approvals.models.requests import Request
from approvals.rules.reserves import MOST_REPORT_DAYS
from core import clock

# What is said of a reserve holds until the next statement begins: what held in a month that has gone by stays.
FOLLOWS = """
    IF EXISTS (SELECT FROM approvals_reserve r WHERE r.id = NEW.reserve_id AND r.closed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'A reserve that was given up is not stated again.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.number <> 1 + coalesce(
        (SELECT max(t.number) FROM approvals_reserveterms t WHERE t.reserve_id = NEW.reserve_id), 0)
    THEN
        RAISE EXCEPTION 'Statements are numbered one after another.' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM approvals_reserveterms t WHERE t.reserve_id = NEW.reserve_id AND t.starts_on > NEW.starts_on)
    THEN
        RAISE EXCEPTION 'A statement begins no earlier than the one before it.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
REPORTED = """
    IF TG_OP = 'DELETE' THEN
        IF OLD.written_at IS NOT NULL THEN
            RAISE EXCEPTION 'A report that was written stays.' USING ERRCODE = 'check_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (
            SELECT FROM approvals_reservedraw d JOIN approvals_request r ON r.id = d.request_id
            WHERE d.id = NEW.draw_id AND r.subject_kind = 'reserve_draw' AND r.state = 'approved')
        THEN
            RAISE EXCEPTION 'A report is owed for a draw that was approved.' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.confirmed_at IS NOT NULL OR NEW.draw_id <> OLD.draw_id OR NEW.due_at <> OLD.due_at THEN
        RAISE EXCEPTION 'A report that was confirmed does not change, nor does by when it is due.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class Reserve(models.Model):
    """Money on a budget line that is kept for a purpose, until it is given up. Its line takes no other booking meanwhile."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="reserves")
    code = models.SlugField(max_length=40, help_text="By which programs name it.")
    name = models.CharField(max_length=100)
    account = models.ForeignKey(
        "budgets.FundsAccount", on_delete=models.PROTECT, related_name="reserves", help_text="The budget line that holds it."
    )
    made_at = models.DateTimeField(default=clock.now, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["entity", "id"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "code"], name="reserve_code_once"),
            models.UniqueConstraint(fields=["account"], condition=Q(closed_at__isnull=True), name="reserve_one_on_a_line"),
            models.CheckConstraint(condition=~Q(name=""), name="reserve_has_its_name"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, closed_because="")
                | Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(closed_because=""),
                name="reserve_closed_has_its_reason",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="reserves_stay_as_made", exclude=["closed_at", "closed_by", "closed_because"]),
            pgtrigger.Protect(name="reserves_stay", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="reserves_are_closed_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__closed_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ReserveTerms(models.Model):
    """What is stated of a reserve from a month on: what for, its target, who approves its use, what each use needs and owes."""

    class Basis(models.TextChoices):
        BUDGET = "budget", "a share of what a month of a budget is planned at"
        SAVINGS = "savings", "a share of what a projection saves in a month"
        GROWTH = "growth", "a share of what a projection grows by in a month"
        FIXED = "fixed", "a fixed amount"

    reserve = models.ForeignKey(Reserve, on_delete=models.PROTECT, related_name="terms")
    number = models.PositiveIntegerField(help_text="How many were stated for the reserve, this one included.")
    starts_on = models.DateField(help_text="The first day of the first month in which it holds.")
    purpose = models.CharField(max_length=300)
    basis = models.CharField(max_length=10, choices=Basis)
    share_pct = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="In the currency of the reserve's line.")
    budget = models.ForeignKey("budgets.Budget", on_delete=models.PROTECT, null=True, related_name="+")
    cost_centre = models.ForeignKey(
        "budgets.CostCentre", on_delete=models.PROTECT, null=True, related_name="+", help_text="Blank: all of the budget."
    )
    projection = models.CharField(
        max_length=100, blank=True, help_text="The name of the projection whose latest statement counts."
    )
    horizon_months = models.PositiveSmallIntegerField(null=True)
    approver = models.CharField(max_length=300, help_text="A role's code, or what owns it and which: `committee:budget`.")
    decides_within = models.CharField(max_length=40, default="2 business days")
    document = models.CharField(max_length=100, help_text="What each use needs in writing.")
    report_days = models.PositiveSmallIntegerField(help_text="In how many business days the report of a use is due.")
    note = models.CharField(max_length=300, blank=True)
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name_plural = "reserve terms"
        ordering = ["reserve", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["reserve", "number"], name="reserve_terms_number_once"),
            models.CheckConstraint(condition=Q(starts_on__day=1), name="reserve_terms_start_on_the_first"),
            models.CheckConstraint(
                condition=~Q(purpose="") & ~Q(approver="") & ~Q(document="") & ~Q(decides_within=""),
                name="reserve_terms_say_what_for_and_who",
            ),
            models.CheckConstraint(
                condition=Q(report_days__gte=1, report_days__lte=MOST_REPORT_DAYS), name="reserve_terms_report_is_due"
            ),
            models.CheckConstraint(
                condition=Q(basis="fixed", amount__isnull=False, amount__gt=0, share_pct__isnull=True)
                | Q(basis__in=["budget", "savings", "growth"], amount__isnull=True, share_pct__gt=0, share_pct__lte=1000),
                name="reserve_terms_share_or_amount",
            ),
            models.CheckConstraint(
                condition=Q(basis="budget", budget__isnull=False)
                | ~Q(basis="budget") & Q(budget__isnull=True, cost_centre__isnull=True),
                name="reserve_terms_name_the_budget",
            ),
            models.CheckConstraint(
                condition=Q(basis__in=["savings", "growth"], horizon_months__isnull=False) & ~Q(projection="")
                | ~Q(basis__in=["savings", "growth"]) & Q(horizon_months__isnull=True, projection=""),
                name="reserve_terms_name_the_projection",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="reserve_terms_stay_as_stated"),
            pgtrigger.Protect(name="reserve_terms_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(name="reserve_terms_follow", operation=pgtrigger.Insert, when=pgtrigger.Before, func=FOLLOWS),
        ]

    def __str__(self) -> str:
        return f"{self.reserve_id} {self.number}"


class ReserveDraw(models.Model):
    """Where a request moves a reserve's money to, and the document that it needs. Its lines say from which month and how much."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="draw")
    reserve = models.ForeignKey(Reserve, on_delete=models.PROTECT, related_name="draws")
    terms = models.ForeignKey(ReserveTerms, on_delete=models.PROTECT, related_name="draws")
    taker = models.ForeignKey(
        "budgets.FundsAccount", on_delete=models.PROTECT, related_name="+", help_text="The budget line that is given to."
    )
    document = models.TextField(blank=True, help_text="The document in writing; blank where it is attached.")

    class Meta:
        ordering = ["request"]
        triggers = [stays_with_its_request("draws_stay")]

    def __str__(self) -> str:
        return f"to {self.taker}"


class DrawReport(models.Model):
    """What is owed for a draw: what it was spent on, in its requester's words and the ledger's figures, confirmed by another."""

    draw = models.OneToOneField(ReserveDraw, on_delete=models.PROTECT, primary_key=True, related_name="report")
    due_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, help_text="The deadline that passed without a report, once people were told.")
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, help_text="When to try again to tell of it.")
    outcome = models.TextField(blank=True)
    figures = models.JSONField(default=dict, help_text="The ledger's figures as they stood when it was written.")
    written_at = models.DateTimeField(null=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    returned_because = models.CharField(max_length=1000, blank=True, help_text="What whoever confirms it still misses.")

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(written_at__isnull=True, written_by__isnull=True)
                | Q(written_at__isnull=False, written_by__isnull=False) & ~Q(outcome=""),
                name="draw_report_is_written_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, written_at__isnull=False),
                name="draw_report_is_written_before_it_is_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("written_by")),
                name="draw_report_is_confirmed_by_another",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="draw_reports_owed", condition=Q(written_at__isnull=True, told_at__isnull=True))
        ]
        triggers = [
            pgtrigger.Trigger(
                name="draw_reports_are_owed_and_stay",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=REPORTED,
            )
        ]

    def __str__(self) -> str:
        return f"report of {self.draw_id}"
