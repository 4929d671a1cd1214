from datetime import datetime

import pgtrigger
from django.conf import settings
from django.db import models
from django_fsm import transition

from core import clock
from core.states import StateField, StateModel, guarded


def only_in_drafts(version_of: str) -> pgtrigger.Trigger:
    """Refuse a change to a part of a version that is published: requests were routed by it."""
    return pgtrigger.Trigger(
        name="only_in_drafts",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("part", "RECORD"), ("standing", "TEXT")],
        func=f"""
            IF TG_OP = 'DELETE' THEN part := OLD; ELSE part := NEW; END IF;
            SELECT v.state INTO standing FROM approvals_policyversion v WHERE v.id = {version_of};
            IF standing <> 'draft' THEN
                RAISE EXCEPTION 'A policy version that is % does not change.', standing USING ERRCODE = 'check_violation';
            END IF;
            RETURN part;
        """,  # noqa: S608  the names are ours
    )


# Where the version in force at that moment says that its changes are approved, a draft is published by an approval alone: one
# that was given since the draft was last withdrawn.
PUBLISHES_BY_APPROVAL = """
    SELECT v.document INTO before FROM approvals_policyversion v
    WHERE v.policy_id = NEW.policy_id AND v.id <> NEW.id AND v.effective_from <= NEW.published_at
    ORDER BY v.effective_from DESC, v.number DESC LIMIT 1;
    IF EXISTS (SELECT FROM jsonb_each(before -> 'kinds') k WHERE k.value ->> 'subject' = 'policy_change') AND NOT EXISTS (
        SELECT FROM approvals_policychange c JOIN approvals_request r ON r.id = c.request_id
        WHERE c.draft_id = NEW.id AND r.state = 'approved' AND r.decided_at >= coalesce(NEW.withdrawn_at, '-infinity'))
    THEN
        RAISE EXCEPTION 'This policy changes only by an approval.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""

# A version is unpublished, and the one before put back: before its day, or as the approval is taken back; never once it routed.
GOES_BACK_BY_UNDOING = """
    IF NEW.state = 'draft' AND NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at AND NEW.withdrawn_at < OLD.effective_from
       AND NOT EXISTS (SELECT FROM approvals_round o WHERE o.policy_version_id = NEW.id)
      OR NEW.state = 'published' AND EXISTS (
        SELECT FROM approvals_policyversion v
        WHERE v.id = OLD.followed_by_id AND v.state = 'draft' AND v.withdrawn_at < OLD.effective_to)
    THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT FROM approvals_policychange c
        JOIN approvals_policyversion v ON v.id = c.draft_id
        JOIN approvals_request r ON r.id = c.request_id
        JOIN approvals_decision d ON d.request_id = r.id AND d.voided_in = pg_current_xact_id()::text::bigint
        WHERE v.policy_id = NEW.policy_id AND r.state = 'submitted'
          AND (c.draft_id = NEW.id OR NEW.state = 'published' AND v.state = 'draft'))
      OR NEW.state = 'draft' AND EXISTS (SELECT FROM approvals_round o WHERE o.policy_version_id = NEW.id)
    THEN
        RAISE EXCEPTION 'A policy goes back only before its day, or as its approval is taken back.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class Policy(models.Model):
    """Who decides on what, for an entity or for the subtree of one of its cost centres. Its versions say how."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="policies")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    cost_centre = models.ForeignKey(
        "budgets.CostCentre",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Blank: the whole entity.",
    )

    class Meta:
        verbose_name_plural = "policies"
        ordering = ["entity", "code"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "code"], name="policy_code_once"),
            models.UniqueConstraint(fields=["entity", "cost_centre"], nulls_distinct=False, name="policy_one_per_scope"),
        ]

    def __str__(self) -> str:
        return self.name


@guarded(born="draft")
class PolicyVersion(StateModel):
    """One stand of a policy, as the document that was loaded. A published one is never changed, only followed by the next.

    It holds from `effective_from` on, until `effective_to` where another follows it. Which one is in force is thus a question of
    the moment alone, and no job has to run. `migrations/sql/0032_days_of_policies.sql` keeps one line of them: each begins at the
    moment at which the one before ends, so there is neither a gap nor an overlap.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        PUBLISHED = "published", "published"
        RETIRED = "retired", "followed by another"

    class Standing(models.TextChoices):
        """Where a version stands at a moment."""

        DRAFT = "draft", "a draft"
        SCHEDULED = "scheduled", "scheduled"
        PUBLISHED = "published", "in force"
        RETIRED = "retired", "superseded"

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = StateField(max_length=20, choices=State, default=State.DRAFT, protected=True)
    currency = models.CharField(max_length=3, help_text="The currency of every bound in the document.")
    contact_role_code = models.CharField(max_length=60, help_text="Whom to ask where no rule applies or nobody can decide.")
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    planned_on = models.DateField(null=True, help_text="The day that is named for it, where the organization is.")
    effective_from = models.DateTimeField(null=True, help_text="From which moment on it routes.")
    effective_to = models.DateTimeField(null=True, help_text="Until which moment; none: until another follows.")
    followed_by = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="follows")
    withdrawn_at = models.DateTimeField(null=True, help_text="When it was last withdrawn before its day.")

    class Meta:
        ordering = ["policy", "number"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_number_once"),
            models.UniqueConstraint(
                fields=["policy"], condition=models.Q(state="published"), name="policy_version_one_published"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "published", "retired"]), name="policy_version_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", effective_from__isnull=True, published_at__isnull=True)
                | ~models.Q(state="draft") & models.Q(effective_from__gte=models.F("published_at")),
                name="policy_version_begins_no_earlier",
            ),
            models.CheckConstraint(
                condition=models.Q(state="retired", followed_by__isnull=False, effective_to__gte=models.F("effective_from"))
                | ~models.Q(state="retired") & models.Q(followed_by__isnull=True, effective_to__isnull=True),
                name="policy_version_ends_where_followed",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="publishes_by_approval",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state = 'draft' AND NEW.state = 'published'"),
                declare=[("before", "JSONB")],
                func=PUBLISHES_BY_APPROVAL,
            ),
            pgtrigger.Trigger(
                name="goes_back_by_undoing",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state = 'published' AND NEW.state = 'draft' OR OLD.state = 'retired' AND NEW.state = 'published'"
                ),
                func=GOES_BACK_BY_UNDOING,
            ),
            pgtrigger.Trigger(
                name="dates_stay",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state <> 'draft' AND NEW.state <> 'draft' AND (OLD.published_at, OLD.planned_on, OLD.effective_from) "
                    "IS DISTINCT FROM (NEW.published_at, NEW.planned_on, NEW.effective_from) "
                    "OR OLD.state = 'retired' AND NEW.state = 'retired' AND (OLD.effective_to, OLD.followed_by_id) "
                    "IS DISTINCT FROM (NEW.effective_to, NEW.followed_by_id)"
                ),
                func="RAISE EXCEPTION 'From when to when a policy held does not change.' USING ERRCODE = 'check_violation';",
            ),
            pgtrigger.ReadOnly(
                name="document_stays", fields=["policy", "number", "document", "digest", "currency", "contact_role_code"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy.code} v{self.number}"

    def standing_at(self, moment: datetime) -> "PolicyVersion.Standing":
        """Return where it stands at a moment."""
        if self.effective_from is None:
            return self.Standing.DRAFT
        if moment < self.effective_from:
            return self.Standing.SCHEDULED
        return self.Standing.PUBLISHED if self.effective_to is None or moment < self.effective_to else self.Standing.RETIRED

    @property
    def standing(self) -> str:
        """Where it stands now."""
        return self.standing_at(clock.now()).value

    @property
    def standing_words(self) -> str:
        """The same in words."""
        return str(self.standing_at(clock.now()).label)

    @transition(field=state, source=State.DRAFT, target=State.PUBLISHED)
    def publish(self, *, now: datetime, begins: datetime) -> None:
        """Route what is submitted from a moment on."""
        self.published_at, self.effective_from = now, begins

    @transition(field=state, source=State.PUBLISHED, target=State.DRAFT)
    def unpublish(self) -> None:
        """Be a draft again, before it routed anything: it is withdrawn, or the approval that published it is taken back."""
        self.published_at = self.effective_from = None

    @transition(field=state, source=State.RETIRED, target=State.PUBLISHED)
    def restore(self) -> None:
        """Be the last in line again: what was to follow is a draft."""
        self.effective_to = self.followed_by = None

    @transition(field=state, source=State.PUBLISHED, target=State.RETIRED)
    def retire(self, *, followed_by: "PolicyVersion") -> None:
        """Let another follow, from its first moment on. Requests in flight end under this one."""
        self.followed_by, self.effective_to = followed_by, followed_by.effective_from


class PolicyRule(models.Model):
    """A line of the matrix: which requests it is for. The first rule that matches decides."""

    class Measure(models.TextChoices):
        AMOUNT = "amount", "amount"
        MONTHLY_INCREASE = "monthly_increase", "monthly increase"

    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="rules")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=60)
    measure = models.CharField(max_length=20, choices=Measure, default=Measure.AMOUNT)
    lower = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    lower_included = models.BooleanField(default=False)
    upper = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    upper_included = models.BooleanField(default=False)
    cost_centre_code = models.CharField(max_length=40, blank=True, help_text="Matches lines at it or below it.")
    category_code = models.CharField(max_length=60, blank=True, help_text="Matches lines in it or below it.")
    vendor_code = models.CharField(max_length=60, blank=True)
    tags = models.JSONField(default=list, help_text="Matches requests that bear all of them; each as key=value.")
    risk_from = models.PositiveSmallIntegerField(null=True, blank=True)
    risk_up_to = models.PositiveSmallIntegerField(null=True, blank=True)
    emergency = models.BooleanField(null=True, blank=True, help_text="Yes: emergencies alone. No: none. Blank: either.")
    is_automatic = models.BooleanField(default=False, help_text="The policy itself approves; there are no stages.")
    follow_up = models.CharField(max_length=200, blank=True, help_text="What happens after the decision, such as a board review.")

    class Meta:
        ordering = ["version", "position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "position"], name="policy_rule_position_once"),
            models.CheckConstraint(
                condition=models.Q(lower__isnull=True) | models.Q(upper__isnull=True) | models.Q(upper__gte=models.F("lower")),
                name="policy_rule_bounds_are_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(measure__in=["amount", "monthly_increase"]), name="policy_rule_measure_is_known"
            ),
            models.CheckConstraint(
                condition=(models.Q(risk_from__isnull=True) | models.Q(risk_from__lte=100))
                & (models.Q(risk_up_to__isnull=True) | models.Q(risk_up_to__lte=100))
                & (
                    models.Q(risk_from__isnull=True)
                    | models.Q(risk_up_to__isnull=True)
                    | models.Q(risk_up_to__gte=models.F("risk_from"))
                ),
                name="policy_rule_risks_are_in_order",
            ),
        ]
        triggers = [only_in_drafts("part.version_id")]

    def __str__(self) -> str:
        return self.name


class StageTemplate(models.Model):
    """A stage that a rule asks for. Stages of one group run side by side, groups one after the other."""

    rule = models.ForeignKey(PolicyRule, on_delete=models.PROTECT, related_name="stages")
    number = models.PositiveSmallIntegerField()
    group = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    role_code = models.CharField(max_length=300, help_text="A role's code, or what owns it and which: `committee:budget`.")
    backup_role_code = models.CharField(max_length=60, blank=True)
    quorum = models.CharField(
        max_length=10, default="owner", help_text="owner, any, all, how many of them, or committee: as the committee votes."
    )
    by_meeting = models.BooleanField(default=False, help_text="Due by the committee's next meeting, else by `sla`.")
    sla = models.CharField(max_length=40, help_text="Business time, such as `same day` or `2 business days`.")
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

    class Meta:
        ordering = ["rule", "number"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="stage_template_number_once"),
            models.CheckConstraint(
                condition=models.Q(quorum__regex=r"^(owner|any|all|committee|[1-9][0-9]?)$"),
                name="stage_template_quorum_is_known",
            ),
        ]
        triggers = [only_in_drafts("(SELECT r.version_id FROM approvals_policyrule r WHERE r.id = part.rule_id)")]

    def __str__(self) -> str:
        return self.name
