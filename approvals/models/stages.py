import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django_fsm import transition

from approvals.models.committees import CommitteeVersion
from approvals.models.delegations import Delegation
from approvals.models.grounds import STAGE_ENDS_STANDING, STAGE_STANDS
from approvals.models.requests import Request
from core import clock
from core.states import StateField, StateModel, guarded

ONLY_BY_UNDOING = """
    IF NOT EXISTS (
        SELECT FROM approvals_decision d JOIN approvals_request r ON r.id = d.request_id
        WHERE d.request_id = NEW.request_id AND d.round = NEW.round AND d.voided_at = r.updated_at
          AND d.voided_in = pg_current_xact_id()::text::bigint)
    THEN
        RAISE EXCEPTION 'A stage goes back only as a decision is taken back.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
# Whoever hands on another's place does so by a delegation to them that is in force.
BY_DELEGATION = """
    IF NOT EXISTS (
        SELECT FROM approvals_delegation g
        WHERE g.id = NEW.delegation_id AND g.delegate_id = NEW.added_by_id
          AND g.starts_at <= NEW.added_at AND NEW.added_at < g.ends_at)
    THEN
        RAISE EXCEPTION 'Nobody hands on another''s place but by a delegation in force.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


# `%s` is what is said to whoever tries with fewer.
BY_AS_MANY = """
    IF NEW.needed > (
        SELECT count(*) FROM approvals_decision d
        WHERE d.stage_id = NEW.id AND d.verdict = 'approve' AND d.voided_at IS NULL)
    THEN
        RAISE EXCEPTION '%s' USING ERRCODE = 'check_violation';
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
    stands_from = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="stands_in",
        help_text="The stage of the round before whose approval stands, so that nobody is asked again.",
    )
    role_code = models.CharField(max_length=300, help_text="A role's code, or what owns it and which: `committee:budget`.")
    backup_role_code = models.CharField(max_length=60, blank=True)
    committee_version = models.ForeignKey(
        CommitteeVersion,
        on_delete=models.PROTECT,
        null=True,
        related_name="stages",
        help_text="The committee that decides it, as it was when the stage was put before it.",
    )
    chair = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who must have voted before a committee approves it.",
    )
    state = StateField(max_length=20, choices=State, default=State.WAITING, protected=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="owned_stages")
    backup = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="backed_stages")
    quorum = models.CharField(max_length=10, default="owner")
    needed = models.PositiveSmallIntegerField(default=1, help_text="How many must approve.")
    by_meeting = models.BooleanField(default=False, help_text="Due by the committee's next meeting, else by `sla`.")
    sla = models.CharField(max_length=40)
    escalate_after = models.CharField(max_length=40)
    warn_after = models.CharField(max_length=60)
    question_pause = models.CharField(
        max_length=60,
        blank=True,
        default="5 business days",
        help_text="For how long a question may stop the clock; blank: the clock runs on.",
    )
    undo_window = models.PositiveIntegerField(
        default=60, help_text="For how many seconds whoever decided may take it back; 0: never."
    )
    by_limit = models.BooleanField(default=False, db_default=False, help_text="A limit added it; no rule asks for it.")
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
        # That it has an owner and clocks while it is asked is held by `migrations/sql/0024_walls.sql`.
        triggers = [
            pgtrigger.ReadOnly(
                name="stages_stay_as_laid_out",
                fields=[
                    *("request", "round", "number", "group", "role_code", "quorum", "by_meeting", "by_limit"),
                    *("sla", "escalate_after", "warn_after", "question_pause", "undo_window"),
                ],
            ),
            pgtrigger.Protect(
                name="needs_no_fewer_once_asked",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state <> 'waiting' AND NEW.needed < OLD.needed"),
            ),
            pgtrigger.Protect(name="stages_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="stands_on_covered_ground",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.stands_from_id IS NOT NULL"),
                func=STAGE_STANDS,
            ),
            pgtrigger.Trigger(
                name="ends_standing",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state = 'waiting' AND NEW.state = 'approved'"),
                func=STAGE_ENDS_STANDING,
            ),
            pgtrigger.ReadOnly(name="stands_from_stays", fields=["stands_from"]),
            pgtrigger.Protect(
                name="what_stands_is_not_asked",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.stands_from_id IS NOT NULL AND NEW.state = 'assigned'"),
            ),
            pgtrigger.Trigger(
                name="goes_back_by_undoing",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state IN ('approved', 'rejected', 'returned', 'skipped') AND NEW.state = 'assigned'"
                    " OR OLD.state IN ('assigned', 'skipped') AND NEW.state = 'waiting'"
                ),
                func=ONLY_BY_UNDOING,
            ),
            pgtrigger.Protect(
                name="committee_stays_once_asked",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state <> 'waiting' AND OLD.committee_version_id IS DISTINCT FROM NEW.committee_version_id"
                ),
            ),
            pgtrigger.Trigger(
                name="committee_approves_by_quorum",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.committee_version_id IS NOT NULL AND OLD.state = 'assigned' AND NEW.state = 'approved'"
                ),
                func=BY_AS_MANY % "A committee approves by its quorum.",
            ),
            pgtrigger.Trigger(
                name="approved_by_as_many_as_it_needs",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.committee_version_id IS NULL AND OLD.state = 'assigned' AND NEW.state = 'approved'"
                ),
                func=BY_AS_MANY % "A stage is approved by as many as it needs.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @transition(field=state, source=State.WAITING, target=State.ASSIGNED)
    def assign(self) -> None:
        """Put it before its owner and start its clock."""

    @transition(field=state, source=State.ASSIGNED, target=State.APPROVED)
    def approve(self) -> None:
        """End with as many approvals as it needs."""

    @transition(field=state, source=State.WAITING, target=State.APPROVED)
    def stand(self) -> None:
        """End without being asked: what was approved in the round before stands."""

    @transition(field=state, source=State.ASSIGNED, target=State.REJECTED)
    def reject(self) -> None:
        """End with a no."""

    @transition(field=state, source=State.ASSIGNED, target=State.RETURNED)
    def send_back(self) -> None:
        """End with the request back at its requester."""

    @transition(field=state, source=[State.WAITING, State.ASSIGNED], target=State.SKIPPED)
    def skip(self) -> None:
        """End because the round ended without it."""

    @transition(field=state, source=[State.APPROVED, State.REJECTED, State.RETURNED, State.SKIPPED], target=State.ASSIGNED)
    def reopen(self) -> None:
        """Wait for a decision again: the one that ended it was taken back."""

    @transition(field=state, source=[State.ASSIGNED, State.SKIPPED], target=State.WAITING)
    def recall(self) -> None:
        """Wait for its turn again: the decision that opened it, or ended it unasked, was taken back."""


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
    in_place_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="For whom it was handed over, or asked, by their delegate.",
    )
    delegation = models.ForeignKey(
        Delegation, on_delete=models.PROTECT, null=True, related_name="+", help_text="By which they were the delegate."
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
            models.CheckConstraint(
                condition=Q(in_place_of__isnull=True, delegation__isnull=True)
                | Q(in_place_of__isnull=False, delegation__isnull=False, added_by__isnull=False)
                & ~Q(in_place_of=F("added_by"))
                & ~Q(person=F("added_by"))
                & ~Q(person=F("in_place_of")),
                name="stage_member_for_another_has_its_delegation",
            ),
        ]
        indexes = [models.Index(fields=["person", "stage"], name="stages_of_member")]
        triggers = [
            pgtrigger.ReadOnly(name="members_stay_as_added", exclude=["left_at"]),
            pgtrigger.Protect(
                name="leaving_is_final", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.left_at IS NOT NULL")
            ),
            pgtrigger.Protect(name="members_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="handed_on_by_delegation",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.delegation_id IS NOT NULL"),
                func=BY_DELEGATION,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} ({self.capacity})"

    @property
    def by(self) -> str:
        """Who put them there, and in whose place."""
        return f"{self.added_by} for {self.in_place_of}" if self.in_place_of_id else str(self.added_by)
