from datetime import date, timedelta

import pgtrigger
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from approvals.models.requests import Request
from approvals.rules.particulars import MOST_DAYS, MOST_HEADS


def stays_with_its_request() -> pgtrigger.Trigger:
    """Refuse a change to what a request states, once it was submitted: it was decided on."""
    return pgtrigger.Trigger(
        name="particulars_stay",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("holder", "BIGINT"), ("standing", "TEXT")],
        func="""
            IF TG_OP = 'DELETE' THEN holder := OLD.request_id; ELSE holder := NEW.request_id; END IF;
            SELECT state INTO standing FROM approvals_request WHERE id = holder;
            IF standing NOT IN ('draft', 'returned') THEN
                RAISE EXCEPTION 'What a request states does not change once it is %.', standing USING ERRCODE = 'check_violation';
            END IF;
            IF TG_OP = 'UPDATE' AND NEW.request_id <> OLD.request_id THEN
                RAISE EXCEPTION 'It stays with its request.' USING ERRCODE = 'check_violation';
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF;
        """,
    )


class Contract(models.Model):
    """What a request for a contract states. Once the request is approved, the contract is in force until its end."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="contract")
    from_on = models.DateField()
    until_on = models.DateField()
    notice_days = models.PositiveIntegerField(validators=[MaxValueValidator(MOST_DAYS)])
    total_value = models.DecimalField(
        max_digits=18, decimal_places=2, help_text="Without VAT, over the whole term, in the request's currency."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(until_on__gte=F("from_on")), name="contract_ends_after_it_begins"),
            models.CheckConstraint(condition=Q(notice_days__lte=MOST_DAYS), name="contract_notice_is_bounded"),
            models.CheckConstraint(condition=Q(total_value__gt=0), name="contract_value_is_positive"),
        ]
        indexes = [models.Index(fields=["until_on"], name="contracts_by_end")]
        triggers = [stays_with_its_request()]

    def __str__(self) -> str:
        return str(self.request)

    @property
    def notice_on(self) -> date:
        """The last day on which notice can be given."""
        return self.until_on - timedelta(days=self.notice_days)


class ResourceChange(models.Model):
    """What a request for people states: which role, how many, from when, and what one costs each month."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="resource_change")
    role = models.CharField(max_length=200)
    heads = models.PositiveIntegerField()
    from_on = models.DateField()
    until_on = models.DateField(null=True)
    monthly_cost = models.DecimalField(max_digits=18, decimal_places=2, help_text="Of one, in the request's currency.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")), name="resource_change_ends_after_it_begins"
            ),
            models.CheckConstraint(condition=Q(heads__gte=1, heads__lte=MOST_HEADS), name="resource_change_heads_are_bounded"),
            models.CheckConstraint(condition=Q(monthly_cost__gt=0), name="resource_change_cost_is_positive"),
            models.CheckConstraint(condition=~Q(role=""), name="resource_change_has_a_role"),
        ]
        triggers = [stays_with_its_request()]

    def __str__(self) -> str:
        return str(self.request)


class PolicyChange(models.Model):
    """What a request for a change of a policy is about: the draft that its last approval publishes."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="policy_change")
    draft = models.ForeignKey("approvals.PolicyVersion", on_delete=models.PROTECT, related_name="changes")

    class Meta:
        ordering = ["-id"]
        triggers = [stays_with_its_request()]

    def __str__(self) -> str:
        return str(self.request)

    @property
    def policy(self) -> str:
        """The code of the policy that changes."""
        return self.draft.policy.code

    @property
    def version(self) -> int:
        """The number of the version that is asked for."""
        return self.draft.number

    @property
    def digest(self) -> str:
        """The digest of its document."""
        return self.draft.digest

    @property
    def effective_from(self) -> date | None:
        """From which day on it is to hold; None: with the last yes."""
        return self.draft.planned_on


class Trip(models.Model):
    """What a request for travel states: who, where to, when, and whether it is asked for only now that it has begun."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="travel")
    traveller = models.CharField(max_length=200)
    destination = models.CharField(max_length=200)
    from_on = models.DateField()
    until_on = models.DateField()
    after_the_fact = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(until_on__gte=F("from_on")), name="trip_ends_after_it_begins"),
            models.CheckConstraint(condition=~Q(traveller="") & ~Q(destination=""), name="trip_says_who_and_where"),
        ]
        triggers = [stays_with_its_request()]

    def __str__(self) -> str:
        return str(self.request)
