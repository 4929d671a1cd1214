import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django_fsm import transition

from approvals.models.stages import Stage
from core.states import StateField, StateModel, guarded


@guarded(born="open")
class Question(StateModel):
    """What somebody who decides on a stage asks before deciding. It may stop the stage's clock, for a bounded time."""

    class State(models.TextChoices):
        OPEN = "open", "waiting for an answer"
        LAPSED = "lapsed", "unanswered for so long that the clock runs again"
        ANSWERED = "answered", "answered"
        WITHDRAWN = "withdrawn", "withdrawn"
        ENDED = "ended", "ended with the stage"

    LIVE = (State.OPEN, State.LAPSED)

    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="questions")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="questions_asked")
    asked = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="questions_to_answer")
    text = models.TextField()
    pauses = models.BooleanField(help_text="Whether the stage's clock stands while it is open.")
    state = StateField(max_length=10, choices=State, default=State.OPEN, protected=True)
    asked_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "lapsed", "answered", "withdrawn", "ended"]), name="question_state_is_known"
            ),
            models.UniqueConstraint(
                fields=["stage", "asked"], condition=Q(state__in=["open", "lapsed"]), name="question_one_open_per_person"
            ),
            models.CheckConstraint(
                condition=Q(state="answered") & ~Q(answer="") | ~Q(state="answered") & Q(answer=""),
                name="question_answered_has_its_answer",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "lapsed"], closed_at__isnull=True)
                | Q(state__in=["answered", "withdrawn", "ended"], closed_at__isnull=False),
                name="question_closed_has_its_moment",
            ),
            models.CheckConstraint(condition=~Q(asked=models.F("asked_by")), name="question_goes_to_somebody_else"),
        ]
        indexes = [models.Index(fields=["asked", "stage"], name="questions_of_person")]
        triggers = [
            pgtrigger.ReadOnly(
                name="questions_stay_as_asked", fields=["stage", "asked_by", "asked", "text", "pauses", "asked_at"]
            ),
            pgtrigger.Protect(name="questions_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_live(self) -> bool:
        """Whether it may still be answered."""
        return self.state in self.LIVE

    @transition(field=state, source=[State.OPEN, State.LAPSED], target=State.ANSWERED)
    def close_with_answer(self) -> None:
        """End with an answer."""

    @transition(field=state, source=[State.OPEN, State.LAPSED], target=State.WITHDRAWN)
    def withdraw(self) -> None:
        """End because whoever asked no longer asks."""

    @transition(field=state, source=State.OPEN, target=State.LAPSED)
    def lapse(self) -> None:
        """Let the clock run again; an answer is still welcome."""

    @transition(field=state, source=[State.OPEN, State.LAPSED], target=State.ENDED)
    def end(self) -> None:
        """End because the stage was decided or its round ended."""


class Pause(models.Model):
    """A time in which a stage's clock stood. One at a time, however many questions are open."""

    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="pauses")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["began_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["stage"], condition=Q(ended_at__isnull=True), name="pause_one_open_per_stage"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=models.F("began_at")), name="pause_ends_after_it_began"
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="pauses_begin_once", fields=["stage", "began_at"]),
            pgtrigger.Protect(
                name="pauses_end_once", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.ended_at IS NOT NULL")
            ),
            pgtrigger.Protect(name="pauses_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.began_at:%Y-%m-%d %H:%M}"
