import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from approvals.models.delegations import Delegation
from approvals.models.requests import Request
from approvals.models.states import StateModel, guarded
from core import clock

COUNTS_ONCE = """
    named := ARRAY[NEW.person_id, NEW.on_behalf_of_id];
    PERFORM 1 FROM approvals_request r WHERE r.id = NEW.request_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM approvals_request r WHERE r.id = NEW.request_id AND r.requester_id = ANY (named)) THEN
        RAISE EXCEPTION 'Nobody decides on their own request, nor in its requester''s place.' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM approvals_decision d
        WHERE d.request_id = NEW.request_id AND d.round = NEW.round AND d.voided_at IS NULL
          AND (d.person_id = NEW.on_behalf_of_id OR d.on_behalf_of_id = NEW.person_id))
    THEN
        RAISE EXCEPTION 'Nobody decides twice in one round, nor has somebody decide again.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.delegation_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM approvals_delegation g
        WHERE g.id = NEW.delegation_id AND g.delegate_id = NEW.person_id
          AND g.starts_at <= NEW.decided_at AND NEW.decided_at < g.ends_at)
    THEN
        RAISE EXCEPTION 'Nobody decides for another but by a delegation in force.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


@guarded(born="waiting")
class Stage(StateModel):
    """A step of a round: who must decide, by when. It has an owner from its first moment."""

    class State(models.TextChoices):
        WAITING = "waiting", "not yet its turn"
        ASSIGNED = "assigned", "waiting for a decision"
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "rejected"
        RETURNED = "returned", "sent back"
        SKIPPED = "skipped", "no longer needed"

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="stages")
    round = models.PositiveIntegerField()
    number = models.PositiveSmallIntegerField()
    group = models.PositiveSmallIntegerField(help_text="Stages of one group run side by side.")
    name = models.CharField(max_length=200)
    role_code = models.CharField(max_length=60)
    backup_role_code = models.CharField(max_length=60, blank=True)
    state = FSMField(max_length=20, choices=State, default=State.WAITING, protected=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="owned_stages")
    backup = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="backed_stages")
    quorum = models.CharField(max_length=10, default="owner")
    needed = models.PositiveSmallIntegerField(default=1, help_text="How many must approve.")
    sla = models.CharField(max_length=40)
    escalate_after = models.CharField(max_length=40)
    warn_after = models.CharField(max_length=60)
    question_pause = models.CharField(
        max_length=60,
        blank=True,
        default="5 business days",
        help_text="For how long a question may stop the clock; blank: the clock runs on.",
    )
    assigned_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True, help_text="Since when a question stops the clock.")
    escalated_at = models.DateTimeField(null=True, help_text="The deadline at which the backup was added.")
    covered_at = models.DateTimeField(null=True, help_text="When the backup was asked because too few of the others were there.")
    covered_why = models.CharField(max_length=300, blank=True)
    breached_at = models.DateTimeField(null=True, help_text="The deadline that passed without a decision.")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["request", "round", "number"]
        constraints = [
            models.UniqueConstraint(fields=["request", "round", "number"], name="stage_number_once"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "assigned", "approved", "rejected", "returned", "skipped"]),
                name="stage_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="assigned") | Q(assigned_at__isnull=False, due_at__isnull=False),
                name="stage_assigned_has_a_clock",
            ),
            models.CheckConstraint(condition=Q(needed__gte=1), name="stage_needs_somebody"),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True) | Q(state="assigned"), name="stage_paused_only_while_asked"
            ),
            models.CheckConstraint(condition=Q(covered_at__isnull=True) | ~Q(covered_why=""), name="stage_covered_says_why"),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="stages_waiting", condition=Q(state="assigned")),
            models.Index(fields=["owner", "state"], name="stages_of_owner"),
        ]

    def __str__(self) -> str:
        return self.name

    @transition(field=state, source=State.WAITING, target=State.ASSIGNED)
    def assign(self) -> None:
        """Put it before its owner and start its clock."""

    @transition(field=state, source=State.ASSIGNED, target=State.APPROVED)
    def approve(self) -> None:
        """End with as many approvals as it needs."""

    @transition(field=state, source=State.ASSIGNED, target=State.REJECTED)
    def reject(self) -> None:
        """End with a no."""

    @transition(field=state, source=State.ASSIGNED, target=State.RETURNED)
    def send_back(self) -> None:
        """End with the request back at its requester."""

    @transition(field=state, source=[State.WAITING, State.ASSIGNED], target=State.SKIPPED)
    def skip(self) -> None:
        """End because the round ended without it."""


class PresentMembers(models.Manager["StageMember"]):
    """Finds those who stand before a stage now. Whoever handed it over stands there no more."""

    def get_queryset(self) -> models.QuerySet["StageMember"]:
        """Return the rows of those who have not left."""
        return super().get_queryset().filter(left_at__isnull=True)


class StageMember(models.Model):
    """A person who may decide on a stage, from when and until when. The backup joins at escalation; who leaves hands it over."""

    class Capacity(models.TextChoices):
        OWNER = "owner", "owner"
        MEMBER = "member", "holds the role"
        BACKUP = "backup", "backup"
        ADDED = "added", "asked besides"

    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="members")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="stage_memberships")
    capacity = models.CharField(max_length=10, choices=Capacity)
    added_at = models.DateTimeField(default=clock.now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who handed the stage over, or asked for one more decision.",
    )
    reason = models.TextField(blank=True)
    left_at = models.DateTimeField(null=True, help_text="When they handed it over.")

    objects = PresentMembers()
    ever = models.Manager["StageMember"]()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["stage", "person"], condition=Q(left_at__isnull=True), name="stage_member_once"),
            models.UniqueConstraint(
                fields=["stage"], condition=Q(capacity="owner", left_at__isnull=True), name="stage_one_owner_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(capacity__in=["owner", "member", "backup", "added"]), name="stage_member_capacity_is_known"
            ),
            models.CheckConstraint(
                condition=Q(added_by__isnull=True) & ~Q(capacity="added") | Q(added_by__isnull=False) & ~Q(reason=""),
                name="stage_member_by_somebody_has_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["person", "stage"], name="stages_of_member")]
        triggers = [
            pgtrigger.ReadOnly(name="members_stay_as_added", exclude=["left_at"]),
            pgtrigger.Protect(
                name="leaving_is_final", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.left_at IS NOT NULL")
            ),
            pgtrigger.Protect(name="members_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.person} ({self.capacity})"


class Decision(models.Model):
    """What one person said on one stage, bound to what it was said on. Written once; a voided one stays to be read."""

    class Verdict(models.TextChoices):
        APPROVE = "approve", "approved"
        REJECT = "reject", "rejected"
        SEND_BACK = "send_back", "sent back"

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="decisions")
    round = models.PositiveIntegerField()
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="decisions")
    slot = models.PositiveSmallIntegerField(help_text="Which of the stage's needed decisions it is.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="decisions_by_delegates",
        help_text="In whose place the person decided.",
    )
    delegation = models.ForeignKey(
        Delegation,
        on_delete=models.PROTECT,
        null=True,
        related_name="decisions",
        help_text="By which the person was the delegate.",
    )
    verdict = models.CharField(max_length=20, choices=Verdict)
    comment = models.TextField(blank=True)
    digest = models.CharField(max_length=64)
    decided_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["request", "round", "decided_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "round", "stage", "slot"], condition=Q(voided_at__isnull=True), name="decision_once_per_slot"
            ),
            models.UniqueConstraint(
                fields=["request", "round", "person"],
                condition=Q(voided_at__isnull=True),
                name="decision_once_per_person_and_round",
            ),
            models.UniqueConstraint(
                fields=["request", "round", "on_behalf_of"],
                condition=Q(voided_at__isnull=True),
                name="decision_once_on_behalf_of_a_person",
            ),
            models.CheckConstraint(condition=~Q(on_behalf_of=F("person")), name="decision_is_on_behalf_of_another"),
            models.CheckConstraint(
                condition=Q(on_behalf_of__isnull=True, delegation__isnull=True)
                | Q(on_behalf_of__isnull=False, delegation__isnull=False),
                name="decision_for_another_has_its_delegation",
            ),
            models.CheckConstraint(condition=Q(verdict__in=["approve", "reject", "send_back"]), name="decision_verdict_is_known"),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True, voided_by__isnull=True) | Q(voided_at__isnull=False, voided_by__isnull=False),
                name="decision_voided_by_somebody",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="decides_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("named", "BIGINT[]")],
                func=COUNTS_ONCE,
            ),
            pgtrigger.ReadOnly(name="decisions_are_written_once", exclude=["voided_at", "voided_by"]),
            pgtrigger.Protect(
                name="voiding_is_final", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.voided_at IS NOT NULL")
            ),
            pgtrigger.Protect(name="decisions_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.who} {self.get_verdict_display()}"

    @property
    def who(self) -> str:
        """Who decided, and in whose place."""
        return f"{self.person} for {self.on_behalf_of}" if self.on_behalf_of_id else str(self.person)
