from datetime import UTC, datetime

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django_fsm import transition

from approvals.models.questions import Question
from approvals.models.stages import Stage
from core import clock
from core.states import StateField, StateModel, guarded

# Later than any clock is due; whoever writes an infinite one is refused.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@guarded(born="pending")
class Timer(StateModel):
    """A clock on a stage: when it is due, by how much business time, and by which stand of which calendar."""

    class Kind(models.TextChoices):
        WARN = "warn", "reminder"
        ESCALATE = "escalate", "escalation to the backup"
        BREACH = "breach", "deadline"
        RESUME = "resume", "end of a question's pause"

    class State(models.TextChoices):
        PENDING = "pending", "running"
        FIRED = "fired", "fired"
        CANCELLED = "cancelled", "no longer needed"
        PAUSED = "paused", "stopped by a question"

    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="timers")
    kind = models.CharField(max_length=10, choices=Kind)
    question = models.OneToOneField(Question, on_delete=models.PROTECT, null=True, related_name="patience")
    state = StateField(max_length=10, choices=State, default=State.PENDING, protected=True)
    starts_at = models.DateTimeField()
    budget = models.CharField(max_length=60, help_text="Business time from start to due, such as `3 business days`.")
    due_at = models.DateTimeField()
    calendar = models.ForeignKey("core.WorkCalendar", on_delete=models.PROTECT, related_name="+")
    calendar_version = models.PositiveIntegerField()
    whose = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Whose calendar it is; none: the organization's.",
    )
    runs_from = models.DateTimeField(null=True, help_text="Since when this calendar counts, where another did before.")
    share = models.DecimalField(
        max_digits=13,
        decimal_places=12,
        default=1,
        db_default=1,
        help_text="Which share of the budget was still to come then; 1 where no other calendar counted.",
    )
    explanation = models.TextField(help_text="How the due time was reckoned, and each time it moved.")
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True, help_text="After a failure: when to try again.")
    fired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["stage", "due_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["stage", "kind"],
                condition=~Q(kind="resume") & Q(state__in=["pending", "paused"]),
                name="timer_kind_once_per_stage",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "fired", "cancelled", "paused"]), name="timer_state_is_known"
            ),
            models.CheckConstraint(condition=Q(kind__in=["warn", "escalate", "breach", "resume"]), name="timer_kind_is_known"),
            models.CheckConstraint(
                condition=Q(kind="resume", question__isnull=False) | ~Q(kind="resume") & Q(question__isnull=True),
                name="timer_of_a_question_has_it",
            ),
            models.CheckConstraint(condition=Q(fired_at__isnull=False) | ~Q(state="fired"), name="timer_fired_has_its_moment"),
            models.CheckConstraint(condition=~Q(state="fired") | Q(fired_at__gte=F("due_at")), name="timer_fires_when_due"),
            models.CheckConstraint(
                condition=Q(share__gte=0, share__lte=1) & (Q(share=1) | Q(runs_from__isnull=False)), name="timer_share_is_one"
            ),
            models.CheckConstraint(condition=Q(due_at__gte=F("starts_at"), due_at__lt=NEVER), name="timer_has_an_end"),
        ]
        indexes = [models.Index(fields=["due_at", "id"], name="timers_running", condition=Q(state="pending"))]
        # What the rest of a stage's rows must say meanwhile is held by `migrations/sql/0024_walls.sql`, by whose calendar it
        # goes by `0034_clocks_of_owners.sql`.
        triggers = [
            pgtrigger.ReadOnly(
                name="timers_keep_their_terms",
                fields=["stage", "kind", "question", "starts_at", "budget", "created_at"],
            ),
            pgtrigger.Protect(name="timers_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.due_at:%Y-%m-%d %H:%M}"

    @property
    def since(self) -> datetime:
        """Since when its calendar counts."""
        return self.runs_from or self.starts_at

    @transition(field=state, source=State.PENDING, target=State.FIRED)
    def fire(self) -> None:
        """Have its effect, once."""
        self.fired_at = clock.now()

    @transition(field=state, source=State.PENDING, target=State.PAUSED)
    def pause(self) -> None:
        """Stand still while a question waits for its answer."""

    @transition(field=state, source=State.PAUSED, target=State.PENDING)
    def resume(self) -> None:
        """Go on with what was left."""

    @transition(field=state, source=[State.PENDING, State.PAUSED], target=State.CANCELLED)
    def cancel(self) -> None:
        """Stand still because its stage ended."""

    @transition(field=state, source=State.CANCELLED, target=State.PENDING)
    def run_again(self) -> None:
        """Run on as if it had never stopped: the decision that ended its stage was taken back."""
