from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django_fsm import transition

from approvals.models.grounds import SENDER_ASKED_AGAIN
from core import clock
from core.models.retention import content_kept_but_for_retention
from core.states import StateField, StateModel, guarded

# What a decision is bound to changes only while its requester may change it.
CHANGED_AFTER_ASKING = """
    OLD.state NOT IN ('draft', 'returned')
    AND (OLD.kind, OLD.vendor_id, OLD.currency, OLD.amount, OLD.monthly_increase, OLD.digest, OLD.policy_version_id,
         OLD.tags, OLD.is_emergency, OLD.card_id, OLD.under_contract_id, OLD.risk_score, OLD.risk_reasons, OLD.subject_kind,
         OLD.submitted_at)
    IS DISTINCT FROM
    (NEW.kind, NEW.vendor_id, NEW.currency, NEW.amount, NEW.monthly_increase, NEW.digest, NEW.policy_version_id,
     NEW.tags, NEW.is_emergency, NEW.card_id, NEW.under_contract_id, NEW.risk_score, NEW.risk_reasons, NEW.subject_kind,
     NEW.submitted_at)
"""


class RequestCounter(models.Model):
    """The last number given out in a year. Its row is the lock."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


# What a kind must have stated before its request goes anywhere, whoever writes the row.
HAS_ITS_PARTICULARS = """
    IF NEW.subject_kind = 'contract' AND NOT (
        NEW.vendor_id IS NOT NULL
        AND EXISTS (SELECT FROM approvals_contract c WHERE c.request_id = NEW.id)
        AND EXISTS (SELECT FROM approvals_attachment a WHERE a.request_id = NEW.id))
    THEN
        RAISE EXCEPTION 'A contract is submitted with its vendor, its term and its document.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.subject_kind = 'resource_change'
        AND NOT EXISTS (SELECT FROM approvals_resourcechange c WHERE c.request_id = NEW.id)
    THEN
        RAISE EXCEPTION 'A change of people is submitted with its role.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.subject_kind = 'policy_change'
        AND NOT EXISTS (SELECT FROM approvals_policychange c WHERE c.request_id = NEW.id)
    THEN
        RAISE EXCEPTION 'A change of a policy is submitted with its draft.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.subject_kind = 'travel' AND NOT EXISTS (
        SELECT FROM approvals_trip t, core_entity e
        WHERE t.request_id = NEW.id AND e.id = NEW.entity_id
          AND t.after_the_fact = (t.from_on <= (NEW.submitted_at AT TIME ZONE e.time_zone)::date))
    THEN
        RAISE EXCEPTION 'A trip that has begun is submitted only after the fact.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.subject_kind = 'reserve_draw' AND NOT EXISTS (
        SELECT FROM approvals_reservedraw d WHERE d.request_id = NEW.id
          AND (d.document <> '' OR EXISTS (SELECT FROM approvals_attachment a WHERE a.request_id = NEW.id)))
    THEN
        RAISE EXCEPTION 'A draw on a reserve is submitted with its document.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


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
    tags = models.JSONField(default=dict, blank=True, help_text="Words of the form key=value, by which rules and people find it.")
    is_emergency = models.BooleanField(default=False, db_default=False, help_text="It cannot wait for the usual way.")
    state = StateField(max_length=20, choices=State, default=State.DRAFT, protected=True)
    round = models.PositiveIntegerField(default=0, help_text="How often it was submitted.")
    reopened = models.PositiveIntegerField(default=0, help_text="How often a decision that had ended a round was taken back.")
    digest = models.CharField(max_length=64, blank=True, help_text="Of what is decided on, as submitted last.")
    policy_version = models.ForeignKey("approvals.PolicyVersion", on_delete=models.PROTECT, null=True, related_name="requests")
    trace = models.JSONField(default=list, encoder=DjangoJSONEncoder, help_text="Why each rule did or did not match.")
    card = models.ForeignKey("approvals.Card", on_delete=models.PROTECT, null=True, blank=True, related_name="requests")
    under_contract = models.ForeignKey(
        "approvals.Contract",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="call_offs",
        help_text="The contract that it is called off from. What the database holds of it: `migrations/sql/0027_call_offs.sql`.",
    )
    risk_score = models.PositiveSmallIntegerField(null=True, help_text="0 to 100, as submitted last.")
    risk_reasons = models.JSONField(default=list, encoder=DjangoJSONEncoder, help_text="What the score is made of.")
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
            models.CheckConstraint(
                condition=Q(state="draft") | Q(amount__gt=0) | Q(round=0) | Q(amount=0, subject_kind="policy_change"),
                name="request_amount_is_positive",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"])
                | Q(round__gt=0, policy_version__isnull=False, submitted_at__isnull=False),
                name="request_submitted_has_its_route",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "rejected"]) | Q(decided_at__isnull=False),
                name="request_decided_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(risk_score__isnull=True) | Q(risk_score__lte=100), name="request_risk_is_up_to_a_hundred"
            ),
        ]
        indexes = [
            models.Index(fields=["requester", "-id"], name="requests_of_person"),
            models.Index(fields=["entity", "state", "-id"], name="requests_by_state"),
            # What somebody asked for on a day is added up at each submission.
            models.Index(
                fields=["requester", "submitted_at"],
                name="requests_of_a_day",
                condition=Q(state__in=["submitted", "approved"]),
            ),
            models.Index(fields=["vendor", "-id"], name="requests_of_vendor", condition=Q(vendor__isnull=False)),
            GinIndex(fields=["tags"], name="requests_by_tag", opclasses=["jsonb_path_ops"]),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="asker_stays", fields=["requester", "entity"]),
            pgtrigger.Protect(
                name="what_is_asked_stays", operation=pgtrigger.Update, condition=pgtrigger.Condition(CHANGED_AFTER_ASKING)
            ),
            pgtrigger.Trigger(
                name="approved_by_its_stages",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state = 'submitted' AND NEW.state = 'approved'"),
                func="""
                    IF EXISTS (
                        SELECT FROM approvals_stage s
                        WHERE s.request_id = NEW.id AND s.round = NEW.round AND s.state <> 'approved')
                    THEN
                        RAISE EXCEPTION 'A request is approved once each of its stages is.' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="sender_is_asked_again",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state = 'submitted' AND NEW.state = 'approved'"),
                func=SENDER_ASKED_AGAIN,
            ),
            pgtrigger.Trigger(
                name="has_its_particulars",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state IN ('draft', 'returned') AND NEW.state = 'submitted'"),
                func=HAS_ITS_PARTICULARS,
            ),
            pgtrigger.Trigger(
                name="card_is_its_requesters",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.card_id IS NOT NULL"),
                func="""
                    IF NOT EXISTS (
                        SELECT FROM approvals_card c
                        WHERE c.id = NEW.card_id AND c.holder_id = NEW.requester_id AND c.entity_id = NEW.entity_id)
                    THEN
                        RAISE EXCEPTION 'A request names a card of whoever asks, of its organization.'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="overturned_by_denial",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state = 'approved' AND NEW.state = 'rejected'"),
                func="""
                    IF NOT EXISTS (
                        SELECT FROM approvals_emergency e WHERE e.request_id = NEW.id AND e.denied_at IS NOT NULL)
                        AND NOT EXISTS (
                        SELECT FROM approvals_lookback b
                        WHERE b.request_id = NEW.id AND b.round = NEW.round AND b.outcome = 'withdrawn')
                    THEN
                        RAISE EXCEPTION 'What was approved is rejected only as an emergency that was denied, or by looking back.'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="reopens_by_undoing",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.state = 'submitted' AND NEW.round = OLD.round AND OLD.state IN ('approved', 'rejected', 'returned')"
                ),
                func="""
                    IF NEW.reopened <> OLD.reopened + 1 OR NOT EXISTS (
                        SELECT FROM approvals_decision d
                        WHERE d.request_id = NEW.id AND d.round = NEW.round AND d.voided_at = NEW.updated_at
                          AND d.voided_in = pg_current_xact_id()::text::bigint)
                    THEN
                        RAISE EXCEPTION 'A request reopens only as a decision is taken back.' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
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

    @transition(field=state, source=State.APPROVED, target=State.REJECTED)
    def overturn(self) -> None:
        """End because the word by which an emergency was approved is denied, or what a policy approved is withdrawn."""

    @transition(field=state, source=State.SUBMITTED, target=State.RETURNED)
    def send_back(self) -> None:
        """Give it to the requester to change and submit again."""

    @transition(field=state, source=[State.DRAFT, State.SUBMITTED, State.RETURNED], target=State.WITHDRAWN)
    def withdraw(self) -> None:
        """Take it back."""

    @transition(field=state, source=[State.APPROVED, State.REJECTED, State.RETURNED], target=State.SUBMITTED)
    def reopen(self) -> None:
        """Wait for a decision again: the one that ended the round was taken back."""


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
        triggers = [content_kept_but_for_retention("its_bytes_stay", records="attachments", column="file")]

    def __str__(self) -> str:
        return self.name
