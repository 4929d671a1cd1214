"""What requests about budgets say beyond their lines. Fixed with the request: it changes only while that may be changed."""

import pgtrigger
from django.db import models

from approvals.models.requests import Request


def stays_with_its_request(name: str) -> pgtrigger.Trigger:
    """Refuse a change to what a request that is submitted asks for: people decide on it."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("holder", "BIGINT"), ("standing", "TEXT")],
        func="""
            IF TG_OP = 'DELETE' THEN holder := OLD.request_id; ELSE holder := NEW.request_id; END IF;
            SELECT state INTO standing FROM approvals_request WHERE id = holder;
            IF standing NOT IN ('draft', 'returned') THEN
                RAISE EXCEPTION 'What a request that is % asks for does not change.', standing USING ERRCODE = 'check_violation';
            END IF;
            IF TG_OP = 'UPDATE' AND NEW.request_id <> OLD.request_id THEN
                RAISE EXCEPTION 'What is asked for stays with its request.' USING ERRCODE = 'check_violation';
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF;
        """,
    )


class Amendment(models.Model):
    """The version of a budget that a request asks to put in force, and how large a change it is by the policy's shares."""

    class Size(models.TextChoices):
        MINOR = "minor", "minor"
        MAJOR = "major", "major"

    request = models.OneToOneField(Request, on_delete=models.PROTECT, primary_key=True, related_name="amendment")
    version = models.OneToOneField("budgets.BudgetVersion", on_delete=models.PROTECT, related_name="+")
    size = models.CharField(max_length=10, choices=Size)
    share = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        null=True,
        help_text="The largest change of a category, in per cent of what it was, cut off; none where it was nothing.",
    )
    why = models.CharField(max_length=400, help_text="Why it is of that size, in words.")
    is_forced = models.BooleanField(default=False, help_text="It may lower lines below what they hold.")

    class Meta:
        ordering = ["request"]
        constraints = [
            models.CheckConstraint(condition=models.Q(size__in=["minor", "major"]), name="amendment_size_is_known"),
            models.CheckConstraint(
                condition=models.Q(share__isnull=True) | models.Q(share__gte=0), name="amendment_share_is_not_negative"
            ),
        ]
        triggers = [stays_with_its_request("amendments_stay")]

    def __str__(self) -> str:
        return f"{self.size} amendment, {self.version}"


class Override(models.Model):
    """A request that may pass the limits that refuse it, as it stood when that was asked."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, primary_key=True, related_name="override")
    covers = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="overrides")
    covered_digest = models.CharField(max_length=64, help_text="Of what may pass: anything else may not.")

    class Meta:
        ordering = ["request"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(covers=models.F("request")), name="override_covers_another_request")
        ]
        triggers = [stays_with_its_request("overrides_stay")]

    def __str__(self) -> str:
        return f"for {self.covers}"


class Virement(models.Model):
    """Where a request moves budget to. Its lines say from where, in which months and how much."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, primary_key=True, related_name="virement")
    taker = models.ForeignKey(
        "budgets.FundsAccount", on_delete=models.PROTECT, related_name="+", help_text="The budget line that is given to."
    )

    class Meta:
        ordering = ["request"]
        triggers = [stays_with_its_request("virements_stay")]

    def __str__(self) -> str:
        return f"to {self.taker}"


class Advance(models.Model):
    """The month that a request takes budget to. Its lines say of which budget line, from which later month and how much."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, primary_key=True, related_name="advance")
    into = models.DateField(help_text="The first day of the month that is given to.")

    class Meta:
        ordering = ["request"]
        constraints = [models.CheckConstraint(condition=models.Q(into__day=1), name="advance_goes_into_a_month")]
        triggers = [stays_with_its_request("advances_stay")]

    def __str__(self) -> str:
        return f"into {self.into:%Y-%m}"
