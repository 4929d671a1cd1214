from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import Q
from django_fsm import transition

from approvals.models.requests import Request
from approvals.rules.overruns import Answer
from core import clock
from core.states import StateField, StateModel, guarded


@guarded(born="unasked")
class Overrun(StateModel):
    """By how much a window of a stop stands over its limit through facts or an override, and who is asked about it.

    One stands for an amount at a line until the window is within its limit again. At most one of a window is open.
    """

    class State(models.TextChoices):
        UNASKED = "unasked", "nobody is asked"
        ASKED = "asked", "waits for a decision"
        APPROVED = "approved", "approved"
        REFUSED = "refused", "not approved"
        ENDED = "ended", "within the limit again"

    OPEN = ("unasked", "asked")
    LIVE = ("unasked", "asked", "approved", "refused")

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="overruns")
    # A control may be taken away; what was asked about it stays.
    control_id = models.BigIntegerField(help_text="The stop whose window it is.")
    name = models.CharField(max_length=200, help_text="What the stop is on.")
    first = models.DateField(help_text="The window's first month.")
    last = models.DateField(help_text="Its last month.")
    account = models.ForeignKey(
        "budgets.FundsAccount", on_delete=models.PROTECT, related_name="overruns", help_text="The line that went over."
    )
    month = models.DateField(help_text="The month in which it did.")
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="What it stands for, in the limit's currency.")
    currency = models.CharField(max_length=3)
    rate = models.DecimalField(
        max_digits=20, decimal_places=10, help_text="One unit of the line's currency in the organization's, as it was posted."
    )
    journal = models.ForeignKey("budgets.Journal", on_delete=models.PROTECT, related_name="+", help_text="What went over.")
    by_override = models.BooleanField(default=False, help_text="An approval let it pass; nobody is asked again.")
    state = StateField(max_length=10, choices=State, default=State.UNASKED, protected=True)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, null=True, related_name="overruns")
    why = models.CharField(max_length=400, blank=True, help_text="Why nobody is asked.")
    opened_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["control_id", "first", "last"],
                condition=Q(state__in=["unasked", "asked"], by_override=False),
                name="overrun_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["unasked", "asked", "approved", "refused", "ended"]), name="overrun_state_is_known"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0) | Q(state="ended"), name="overrun_is_something"),
            models.CheckConstraint(
                condition=Q(state__in=["unasked", "ended"]) | Q(request__isnull=False), name="overrun_is_asked_by_a_request"
            ),
            models.CheckConstraint(condition=Q(state="ended") | Q(ended_at__isnull=True), name="overrun_ends_once"),
        ]
        indexes = [
            models.Index(
                fields=["account", "month"],
                name="overruns_live",
                condition=Q(state__in=["unasked", "asked", "approved", "refused"]),
            )
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="overruns_stay_where_they_are",
                fields=[
                    "entity",
                    "control_id",
                    "first",
                    "last",
                    "account",
                    "month",
                    "currency",
                    "rate",
                    "journal",
                    "by_override",
                ],
            ),
            pgtrigger.Protect(name="overruns_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.name} over its limit"

    @property
    def answer(self) -> Answer:
        """What it stands for, as the rules count it."""
        return Answer(self.pk, Decimal(self.amount), self.currency, self.account.currency, self.rate)

    @transition(field=state, source=[State.UNASKED, State.REFUSED], target=State.ASKED)
    def ask(self) -> None:
        """Put it before those who decide."""

    @transition(field=state, source=[State.UNASKED, State.ASKED], target=State.APPROVED)
    def approve(self) -> None:
        """Let it stand."""

    @transition(field=state, source=State.ASKED, target=State.REFUSED)
    def refuse(self) -> None:
        """Leave it unapproved."""

    @transition(field=state, source=[State.APPROVED, State.REFUSED], target=State.ASKED)
    def reopen(self) -> None:
        """Wait for a decision again: the last one was taken back."""

    @transition(field=state, source=list(LIVE), target=State.ENDED)
    def end(self) -> None:
        """Be over: the window is within its limit again."""
