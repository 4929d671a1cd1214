from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from approvals.models.states import StateModel, guarded
from core import clock


class RequestCounter(models.Model):
    """The last number given out in a year. Its row is the lock."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


@guarded(born="draft")
class Request(StateModel):
    """Something that somebody asks for. Submitted it holds the money, approved it is a commitment."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        SUBMITTED = "submitted", "waiting for a decision"
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "rejected"
        RETURNED = "returned", "sent back"
        WITHDRAWN = "withdrawn", "withdrawn"

    EDITABLE: ClassVar[tuple[str, ...]] = (State.DRAFT, State.RETURNED)

    number = models.CharField(max_length=20, unique=True)
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="requests")
    kind = models.CharField(max_length=60, help_text="A kind that the policy names.")
    subject_kind = models.CharField(max_length=40, default="spend", help_text="What approving it does.")
    title = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    vendor = models.ForeignKey("budgets.Vendor", on_delete=models.PROTECT, null=True, blank=True, related_name="requests")
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="requests")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(
        max_digits=18, decimal_places=2, default=Decimal(0), help_text="What its lines take from the budget."
    )
    monthly_increase = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    needed_by = models.DateField(null=True, blank=True)
    state = FSMField(max_length=20, choices=State, default=State.DRAFT, protected=True)
    round = models.PositiveIntegerField(default=0, help_text="How often it was submitted.")
    digest = models.CharField(max_length=64, blank=True, help_text="Of what is decided on, as submitted last.")
    policy_version = models.ForeignKey("approvals.PolicyVersion", on_delete=models.PROTECT, null=True, related_name="requests")
    trace = models.JSONField(default=list, encoder=DjangoJSONEncoder, help_text="Why each rule did or did not match.")
    follow_up = models.CharField(max_length=200, blank=True)
    copied_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="copies")
    form_key = models.UUIDField(
        null=True,
        unique=True,
        editable=False,
        help_text="Of the form it was first kept from, so that one form makes one request.",
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "submitted", "approved", "rejected", "returned", "withdrawn"]),
                name="request_state_is_known",
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="request_currency_is_iso"),
            models.CheckConstraint(condition=Q(state="draft") | Q(amount__gt=0) | Q(round=0), name="request_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"])
                | Q(round__gt=0, policy_version__isnull=False, submitted_at__isnull=False),
                name="request_submitted_has_its_route",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "rejected"]) | Q(decided_at__isnull=False),
                name="request_decided_has_its_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["requester", "-id"], name="requests_of_person"),
            models.Index(fields=["entity", "state", "-id"], name="requests_by_state"),
            models.Index(fields=["vendor", "-id"], name="requests_of_vendor", condition=Q(vendor__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_editable(self) -> bool:
        """Whether its requester may still change it."""
        return self.state in self.EDITABLE

    @transition(field=state, source=[State.DRAFT, State.RETURNED], target=State.SUBMITTED)
    def submit(self) -> None:
        """Begin a round of decisions."""

    @transition(field=state, source=State.SUBMITTED, target=State.APPROVED)
    def approve(self) -> None:
        """End with the last stage approved."""

    @transition(field=state, source=State.SUBMITTED, target=State.REJECTED)
    def reject(self) -> None:
        """End for good; it can be copied into a new request."""

    @transition(field=state, source=State.SUBMITTED, target=State.RETURNED)
    def send_back(self) -> None:
        """Give it to the requester to change and submit again."""

    @transition(field=state, source=[State.DRAFT, State.SUBMITTED, State.RETURNED], target=State.WITHDRAWN)
    def withdraw(self) -> None:
        """Take it back."""


class RequestLine(models.Model):
    """A part of a request: account, month, net amount, VAT and how much of it comes back. In the request's currency."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()
    description = models.CharField(max_length=300)
    account = models.ForeignKey("budgets.FundsAccount", on_delete=models.PROTECT, related_name="request_lines")
    month = models.DateField(help_text="The first day of the posting month.")
    net = models.DecimalField(max_digits=18, decimal_places=2)
    vat = models.DecimalField(max_digits=18, decimal_places=2, default=Decimal(0))
    recoverable = models.DecimalField("recoverable VAT", max_digits=18, decimal_places=2, default=Decimal(0))
    funds = models.GeneratedField(
        expression=F("net") + F("vat") - F("recoverable"),
        output_field=models.DecimalField(max_digits=18, decimal_places=2),
        db_persist=True,
        help_text="What the line takes from the budget.",
    )

    class Meta:
        ordering = ["request", "number"]
        constraints = [
            models.UniqueConstraint(fields=["request", "number"], name="request_line_number_once"),
            models.CheckConstraint(condition=Q(net__gt=0), name="request_line_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(vat__gte=0, recoverable__gte=0, recoverable__lte=F("vat")), name="request_line_vat_is_in_order"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="request_line_month_begins_on_the_first"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="lines_stay",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("holder", "BIGINT"), ("standing", "TEXT")],
                func="""
                    IF TG_OP = 'DELETE' THEN holder := OLD.request_id; ELSE holder := NEW.request_id; END IF;
                    SELECT state INTO standing FROM approvals_request WHERE id = holder;
                    IF standing NOT IN ('draft', 'returned') THEN
                        RAISE EXCEPTION 'The lines of a request that is % do not change.', standing
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'UPDATE' AND NEW.request_id <> OLD.request_id THEN
                        RAISE EXCEPTION 'A line stays with its request.' USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def thread(self) -> str:
        """The ledger thread that ties the line's reservation, commitment and spend."""
        return f"request-line:{self.pk}"


class Round(models.Model):
    """One submission of a request: what was asked, by which policy it was routed, and what came of it."""

    class Outcome(models.TextChoices):
        OPEN = "open", "open"
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "rejected"
        RETURNED = "returned", "sent back"
        WITHDRAWN = "withdrawn", "withdrawn"

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.JSONField(encoder=DjangoJSONEncoder, help_text="What was asked, as it stood.")
    policy_version = models.ForeignKey("approvals.PolicyVersion", on_delete=models.PROTECT, related_name="rounds")
    trace = models.JSONField(encoder=DjangoJSONEncoder)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.OPEN)
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
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="content_stays", fields=["request", "number", "digest", "content", "policy_version", "trace", "submitted_at"]
            ),
            pgtrigger.Protect(name="rounds_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return str(self.number)


class Attachment(models.Model):
    """A file kept with a request, outside the web root, under the type that its content shows."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=120)
    file = models.FileField(upload_to="attachments/%Y/%m", max_length=300)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["request", "sha256"], name="attachment_once_per_request")]

    def __str__(self) -> str:
        return self.name
