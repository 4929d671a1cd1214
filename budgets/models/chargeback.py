"""A month's chargeback: what was collected, what of it goes where, and what was adjusted."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django_fsm import transition

from core import clock
from core.states import StateField, StateModel, guarded

# What a pool's parts come to is what it collected: nothing is lost on the way, and nothing added.
ADDS_UP = """
    IF EXISTS (
        SELECT FROM budgets_chargebackpart p WHERE p.run_id = NEW.id
        GROUP BY p.pool
        HAVING sum(p.amount) <> (
            SELECT coalesce(sum(s.amount), 0) FROM budgets_chargebacksource s WHERE s.run_id = NEW.id AND s.pool = p.pool))
    THEN
        RAISE EXCEPTION 'The parts of a pool do not add up to what it collected.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
NOBODY_DISPUTES = """
    IF EXISTS (
        SELECT FROM budgets_chargebackstatement s WHERE s.run_id = NEW.id AND s.state = 'disputed')
    THEN
        RAISE EXCEPTION 'A chargeback with an open dispute is not posted.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
ITS_JOURNAL = """
    IF NOT EXISTS (SELECT FROM budgets_journal j WHERE j.key = 'chargeback:' || NEW.id) THEN
        RAISE EXCEPTION 'A chargeback is posted with its journal.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""
WHILE_DRAWN_UP = """
    IF NOT EXISTS (SELECT FROM budgets_chargebackrun r WHERE r.id = NEW.run_id AND r.state = 'draft') THEN
        RAISE EXCEPTION 'What was collected and shared out is written as a chargeback is drawn up.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
WHILE_OPEN = """
    IF NOT EXISTS (SELECT FROM budgets_chargebackrun r WHERE r.id = NEW.run_id AND r.state IN ('draft', 'review')) THEN
        RAISE EXCEPTION 'A chargeback is adjusted before it is posted.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
BY_ITS_RULES = """
    IF NOT EXISTS (
        SELECT FROM budgets_ruleset s WHERE s.id = NEW.rules_id AND s.entity_id = NEW.entity_id AND s.code = NEW.rules_code)
    THEN
        RAISE EXCEPTION 'A chargeback bears the code of the rules that it goes by.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
# What a receiver is left with in a pool has the sign of the pool, or is nothing.
NOT_BEYOND = """
    IF EXISTS (
        SELECT FROM (
            SELECT coalesce((SELECT sum(p.amount) FROM budgets_chargebackpart p
                             WHERE p.run_id = NEW.run_id AND p.pool = NEW.pool AND p.receiver_id = NEW.giver_id), 0)
                 + coalesce((SELECT sum(a.amount * CASE WHEN a.taker_id = NEW.giver_id THEN 1 ELSE -1 END)
                             FROM budgets_chargebackadjustment a
                             WHERE a.run_id = NEW.run_id AND a.pool = NEW.pool AND NEW.giver_id IN (a.giver_id, a.taker_id)), 0)
                   AS has,
                   (SELECT sum(s.amount) FROM budgets_chargebacksource s WHERE s.run_id = NEW.run_id AND s.pool = NEW.pool)
                   AS whole
        ) stand WHERE whole IS NULL OR has * sign(whole) < 0 OR NEW.amount * sign(whole) <= 0)
    THEN
        RAISE EXCEPTION 'No more is taken off a receiver than it bears of the pool.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


@guarded(born="draft")
class ChargebackRun(StateModel):
    """A month's chargeback as it was drawn up. Drawn up again it is another run, and the one before stays to be compared.

    Several rule sets may share one month out beside each other; its spend is moved by one of them.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "drawn up"
        REVIEW = "review", "with the managers"
        POSTED = "posted", "posted"
        UNDONE = "undone", "undone"
        REPLACED = "replaced", "replaced by a later one"
        DROPPED = "dropped", "dropped"

    OPEN = (State.DRAFT, State.REVIEW)

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="chargebacks")
    month = models.DateField()
    number = models.PositiveIntegerField(help_text="How often the month was drawn up.")
    rules = models.ForeignKey("budgets.RuleSet", on_delete=models.PROTECT, related_name="chargebacks")
    rules_code = models.CharField(max_length=40, help_text="The code of the rule set, whichever its version.")
    state = StateField(max_length=20, choices=State, default=State.DRAFT, protected=True)
    currency = models.CharField(max_length=3)
    findings = models.JSONField(default=list, help_text="What was left out or stays where it is, in sentences.")
    drawn_at = models.DateTimeField()
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField(null=True)
    posted_at = models.DateTimeField(null=True)
    posted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, help_text="When it was undone, replaced or dropped.")
    ended_because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-month", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "month", "number"], name="chargeback_number_once"),
            models.UniqueConstraint(
                fields=["entity", "month", "rules_code"],
                condition=Q(state__in=["draft", "review"]),
                name="chargeback_one_open",
            ),
            models.UniqueConstraint(fields=["entity", "month"], condition=Q(state="posted"), name="chargeback_one_posted"),
            models.CheckConstraint(condition=Q(month__day=1), name="chargeback_month_begins_on_the_first"),
            models.CheckConstraint(condition=~Q(state="review") | Q(sent_at__isnull=False), name="chargeback_in_review_was_sent"),
            models.CheckConstraint(
                condition=~Q(state__in=["posted", "undone", "replaced"]) | Q(posted_at__isnull=False, posted_by__isnull=False),
                name="chargeback_posted_has_its_moment",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="chargebacks_stay_as_drawn",
                fields=["entity", "month", "number", "rules", "rules_code", "currency", "drawn_at", "drawn_by"],
            ),
            pgtrigger.Trigger(name="goes_by_its_rules", when=pgtrigger.Before, operation=pgtrigger.Insert, func=BY_ITS_RULES),
            pgtrigger.Protect(name="chargebacks_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="parts_add_up",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.state IN ('review', 'posted') AND NEW.state <> OLD.state"),
                func=ADDS_UP,
            ),
            pgtrigger.Trigger(
                name="posts_without_dispute",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.state = 'posted' AND OLD.state <> 'posted'"),
                func=NOBODY_DISPUTES,
            ),
            pgtrigger.Trigger(
                name="posts_with_its_journal",
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Condition("NEW.state = 'posted'"),
                func=ITS_JOURNAL,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%B %Y}, run {self.number}"

    @property
    def key(self) -> str:
        """The key of the journal that it is posted by."""
        return f"chargeback:{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be changed."""
        return self.state in self.OPEN

    @transition(field=state, source=State.DRAFT, target=State.REVIEW)
    def send(self) -> None:
        """Ask the managers of those who bear it."""

    @transition(field=state, source=State.REVIEW, target=State.POSTED)
    def post(self) -> None:
        """Move the spend."""

    @transition(field=state, source=State.POSTED, target=State.UNDONE)
    def undo(self) -> None:
        """Move it back."""

    @transition(field=state, source=State.POSTED, target=State.REPLACED)
    def replace(self) -> None:
        """Move it back, for another run takes its place."""

    @transition(field=state, source=[State.DRAFT, State.REVIEW], target=State.DROPPED)
    def drop(self) -> None:
        """Leave it, unposted."""


class ChargebackSource(models.Model):
    """What a pool collected from one account, frozen with the journals that it stood on."""

    run = models.ForeignKey(ChargebackRun, on_delete=models.PROTECT, related_name="sources")
    pool = models.CharField(max_length=40)
    account = models.ForeignKey("budgets.FundsAccount", on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    journal_ids = ArrayField(models.BigIntegerField(), help_text="The journals whose entries add up to the amount.")

    class Meta:
        ordering = ["run", "pool", "account"]
        constraints = [
            models.UniqueConstraint(fields=["run", "account"], name="chargeback_collects_an_account_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="chargeback_source_is_something"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="sources_are_written_with_the_run", when=pgtrigger.Before, operation=pgtrigger.Insert, func=WHILE_DRAWN_UP
            ),
            pgtrigger.ReadOnly(name="sources_stay_as_collected"),
            pgtrigger.Protect(name="sources_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.pool}: {self.amount}"


class ChargebackPart(models.Model):
    """What of a pool goes to a cost centre by the rules, and why so much."""

    class Basis(models.TextChoices):
        SHARES = "shares", "stated shares"
        USAGE = "usage", "measured use"
        OVERHEAD = "overhead", "what each got otherwise"
        DIRECT = "direct", "all to one"

    run = models.ForeignKey(ChargebackRun, on_delete=models.PROTECT, related_name="parts")
    pool = models.CharField(max_length=40)
    receiver = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    why = models.CharField(max_length=200, help_text="In words, for people.")
    basis = models.CharField(max_length=10, choices=Basis, help_text="How its pool is shared out, for reckoning.")

    class Meta:
        ordering = ["run", "id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "pool", "receiver"], name="chargeback_part_once"),
            models.CheckConstraint(
                condition=Q(basis__in=["shares", "usage", "overhead", "direct"]), name="chargeback_part_basis_is_known"
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="chargeback_part_is_something"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="parts_are_written_with_the_run", when=pgtrigger.Before, operation=pgtrigger.Insert, func=WHILE_DRAWN_UP
            ),
            pgtrigger.ReadOnly(name="parts_stay_as_shared_out"),
            pgtrigger.Protect(name="parts_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.pool} to {self.receiver}: {self.amount}"


class ChargebackAdjustment(models.Model):
    """An amount of a pool that goes from one receiver to another, and why. The sum stays."""

    class Reason(models.TextChoices):
        SCOPE_CHANGE = "scope_change", "scope change"
        RESOURCE_SHIFT = "resource_shift", "resource shift"
        BENEFIT = "benefit_realization", "benefit realization"
        RISK = "risk_materialization", "risk materialization"

    run = models.ForeignKey(ChargebackRun, on_delete=models.PROTECT, related_name="adjustments")
    pool = models.CharField(max_length=40)
    giver = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, related_name="+", help_text="Who bears less.")
    taker = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, related_name="+", help_text="Who bears more.")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    reason = models.CharField(max_length=30, choices=Reason)
    words = models.CharField(max_length=400)
    dispute = models.ForeignKey(
        "budgets.ChargebackDispute",
        on_delete=models.PROTECT,
        null=True,
        related_name="adjustments",
        help_text="Which it resolves.",
    )
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["run", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="chargeback_adjustment_moves_something"),
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="chargeback_adjustment_is_between_two"),
            models.CheckConstraint(condition=~Q(words=""), name="chargeback_adjustment_says_why"),
            models.CheckConstraint(
                condition=Q(reason__in=["scope_change", "resource_shift", "benefit_realization", "risk_materialization"]),
                name="chargeback_adjustment_reason_is_known",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(name="adjusted_before_posting", when=pgtrigger.Before, operation=pgtrigger.Insert, func=WHILE_OPEN),
            pgtrigger.Trigger(name="not_beyond_what_is_borne", when=pgtrigger.After, operation=pgtrigger.Insert, func=NOT_BEYOND),
            pgtrigger.ReadOnly(name="adjustments_stay_as_made"),
            pgtrigger.Protect(name="adjustments_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.pool}: {self.amount} from {self.giver} to {self.taker}"
