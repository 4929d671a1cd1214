from datetime import timedelta

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from approvals.models.delegations import Delegation
from approvals.models.grounds import DECISION_STANDS
from approvals.models.policies import PolicyRule
from approvals.models.requests import Request
from approvals.models.stages import Stage
from core.models import User

COUNTS_ONCE = """
    NEW.recorded_at := clock_timestamp();
    IF NEW.voided_at IS NOT NULL OR NEW.voided_in IS NOT NULL THEN
        RAISE EXCEPTION 'A decision is made before it is taken back.' USING ERRCODE = 'check_violation';
    END IF;
    named := ARRAY[NEW.person_id, NEW.on_behalf_of_id];
    PERFORM 1 FROM approvals_request r WHERE r.id = NEW.request_id FOR NO KEY UPDATE;
    IF NEW.rule_id IS NOT NULL AND (
        NOT EXISTS (
            SELECT FROM approvals_policyrule p JOIN approvals_request r ON r.policy_version_id = p.version_id
            WHERE p.id = NEW.rule_id AND p.is_automatic AND r.id = NEW.request_id AND r.round = NEW.round
              AND r.state = 'submitted' AND r.digest = NEW.digest)
        OR EXISTS (SELECT FROM approvals_stage s WHERE s.request_id = NEW.request_id AND s.round = NEW.round))
    THEN
        RAISE EXCEPTION 'A policy approves by an automatic rule of its own, and where nobody is asked.'
            USING ERRCODE = 'check_violation';
    END IF;
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

# After the constraints, so that two answers at once are told of the one that came first.
FITS = """
    IF NOT EXISTS (
        SELECT FROM approvals_stage s JOIN approvals_request r ON r.id = s.request_id
        WHERE s.id = NEW.stage_id AND r.id = NEW.request_id AND r.state = 'submitted' AND s.state = 'assigned'
          AND s.round = r.round AND NEW.round = r.round AND NEW.digest = r.digest)
    THEN
        RAISE EXCEPTION 'A decision is on a stage that is asked, and on what it is asked about now.'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (
        SELECT FROM approvals_stagemember m
        WHERE m.stage_id = NEW.stage_id AND m.left_at IS NULL AND m.person_id = COALESCE(NEW.on_behalf_of_id, NEW.person_id))
    THEN
        RAISE EXCEPTION 'A decision is made in the place of somebody whom its stage asks.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""

# The database's own clock is asked too, so that no moment that is stated makes the window longer. `beside` is the stage's group
# while that still waits: what was approved on another of its stages meanwhile rests on nothing else.
TAKEN_BACK = """
    PERFORM 1 FROM approvals_request r WHERE r.id = NEW.request_id FOR NO KEY UPDATE;
    IF NEW.voided_by_id IS DISTINCT FROM OLD.person_id THEN
        RAISE EXCEPTION 'A decision is taken back by whoever made it.' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.undo_until IS NULL OR NEW.voided_at IS NULL OR NEW.voided_at < OLD.decided_at OR NEW.voided_at >= OLD.undo_until
        OR clock_timestamp() >= OLD.recorded_at + (OLD.undo_until - OLD.decided_at)
    THEN
        RAISE EXCEPTION 'A decision is taken back within its window.' USING ERRCODE = 'check_violation';
    END IF;
    SELECT s."group" INTO beside FROM approvals_stage s
    WHERE s.id = OLD.stage_id AND EXISTS (
        SELECT FROM approvals_stage o JOIN approvals_request r ON r.id = o.request_id
        WHERE o.request_id = s.request_id AND o.round = s.round AND o."group" = s."group" AND o.state = 'assigned'
          AND r.state = 'submitted' AND r.round = s.round);
    IF EXISTS (
        SELECT FROM approvals_decision d LEFT JOIN approvals_stage s ON s.id = d.stage_id
        WHERE d.request_id = OLD.request_id AND d.id > OLD.id AND d.voided_at IS NULL
          AND (d.round <> OLD.round OR d.stage_id = OLD.stage_id OR d.verdict <> 'approve' OR s."group" IS DISTINCT FROM beside))
    THEN
        RAISE EXCEPTION 'A decision is not taken back once another followed that rests on it.' USING ERRCODE = 'check_violation';
    END IF;
    NEW.voided_in := pg_current_xact_id()::text::bigint;
    RETURN NEW;
"""


class Decision(models.Model):
    """What one person said on one stage, bound to what it was said on. Written once; a voided one stays to be read.

    Where a rule of the policy approves by itself, it stands in the place of person and stage.
    """

    class Verdict(models.TextChoices):
        APPROVE = "approve", "approved"
        REJECT = "reject", "rejected"
        SEND_BACK = "send_back", "sent back"

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="decisions")
    round = models.PositiveIntegerField()
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, null=True, related_name="decisions")
    slot = models.PositiveSmallIntegerField(help_text="Which of the stage's needed decisions it is.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="decisions")
    rule = models.ForeignKey(
        PolicyRule,
        on_delete=models.PROTECT,
        null=True,
        related_name="decisions",
        help_text="By which the policy itself approved; then there is no person and no stage.",
    )
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
    stands_from = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="stands_in",
        help_text="The approval of the round before that this one is: its person was not asked again.",
    )
    verdict = models.CharField(max_length=20, choices=Verdict)
    comment = models.TextField(blank=True)
    digest = models.CharField(max_length=64)
    decided_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False, help_text="By the database's own clock.")
    undo_until = models.DateTimeField(null=True, help_text="Until when its person may take it back.")
    voided_at = models.DateTimeField(null=True)
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    voided_in = models.BigIntegerField(
        null=True, editable=False, help_text="The transaction that took it back: stages go back in it and in no other."
    )

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
            models.UniqueConstraint(
                fields=["request", "round"],
                condition=Q(rule__isnull=False, voided_at__isnull=True),
                name="decision_by_policy_once_per_round",
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False, stage__isnull=False, rule__isnull=True)
                | Q(
                    person__isnull=True,
                    stage__isnull=True,
                    rule__isnull=False,
                    on_behalf_of__isnull=True,
                    verdict="approve",
                    undo_until__isnull=True,
                ),
                name="decision_by_a_person_on_a_stage_or_by_a_rule",
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
            models.CheckConstraint(
                condition=Q(voided_in__isnull=True) | Q(voided_at__isnull=False), name="decision_voided_in_a_transaction"
            ),
            models.CheckConstraint(
                condition=Q(undo_until__isnull=True)
                | Q(undo_until__gt=F("decided_at"), undo_until__lte=F("decided_at") + timedelta(days=1)),
                name="decision_undo_window_is_short",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "undo_until"], name="decisions_to_undo", condition=Q(undo_until__isnull=False)),
            models.Index(fields=["person", "-decided_at"], name="decisions_of_person"),
            models.Index(fields=["person"], name="decisions_sent_back", condition=Q(verdict="send_back")),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="decides_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("named", "BIGINT[]")],
                func=COUNTS_ONCE,
            ),
            pgtrigger.Trigger(
                name="fits_its_stage",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.rule_id IS NULL AND NEW.stands_from_id IS NULL"),
                func=FITS,
            ),
            pgtrigger.Trigger(
                name="stands_as_it_was_made",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.stands_from_id IS NOT NULL"),
                func=DECISION_STANDS,
            ),
            pgtrigger.ReadOnly(name="decisions_are_written_once", exclude=["voided_at", "voided_by", "voided_in"]),
            pgtrigger.Protect(
                name="voiding_is_final", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.voided_at IS NOT NULL")
            ),
            pgtrigger.Trigger(
                name="voided_in_time",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL"),
                declare=[("beside", "SMALLINT")],
                func=TAKEN_BACK,
            ),
            pgtrigger.Protect(name="decisions_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.who} {self.get_verdict_display()}"

    @property
    def who(self) -> str:
        """Who decided, and in whose place; the policy where nobody did."""
        if self.rule is not None:
            return f"the policy {self.rule.version.policy}"
        return f"{self.person} for {self.on_behalf_of}" if self.on_behalf_of_id else str(self.person)

    @property
    def is_one_vote(self) -> bool:
        """Whether it is a no that a committee counts among its votes, and that did not end the stage as rejected."""
        return self.stage is not None and self.verdict == self.Verdict.REJECT and self.stage.state != Stage.State.REJECTED

    @property
    def decider(self) -> User:
        """The person who decided. The policy's own decisions have none."""
        assert self.person is not None
        return self.person
