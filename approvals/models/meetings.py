import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django_fsm import transition

from approvals.models.committees import Committee, CommitteeVersion
from approvals.models.requests import Request
from approvals.models.stages import Stage
from core import clock
from core.states import StateField, StateModel, guarded

# What its minutes say is hashed by the database itself, so that page, file and hash are of one text.
MINUTES_ARE_HASHED = """
    IF NEW.minutes = '' OR NEW.minutes_sha256 <> encode(sha256(convert_to(NEW.minutes, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'A meeting is closed with its minutes and their hash.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
FROZEN_AT_OPENING = """
    IF NOT EXISTS (SELECT FROM approvals_meeting m WHERE m.id = NEW.meeting_id AND m.state = 'planned') THEN
        RAISE EXCEPTION 'The agenda of a meeting is frozen as it is opened.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
WHILE_OPEN = """
    IF TG_OP = 'DELETE' THEN part := OLD; ELSE part := NEW; END IF;
    IF NOT EXISTS (SELECT FROM approvals_meeting m WHERE m.id = part.meeting_id AND m.state = 'open') THEN
        RAISE EXCEPTION 'Who attends is recorded while the meeting is open.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN part;
"""


@guarded(born="planned")
class Meeting(StateModel):
    """A committee's meeting: planned by its cadence or called, opened with the agenda as it stands, closed with its minutes."""

    class State(models.TextChoices):
        PLANNED = "planned", "planned"
        OPEN = "open", "open"
        CLOSED = "closed", "closed"
        LAPSED = "lapsed", "not held"

    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="meetings")
    number = models.PositiveIntegerField()
    version = models.ForeignKey(
        CommitteeVersion, on_delete=models.PROTECT, null=True, related_name="meetings", help_text="Who sat as it was opened."
    )
    state = StateField(max_length=10, choices=State, default=State.PLANNED, protected=True)
    starts_at = models.DateTimeField()
    purposes = ArrayField(models.CharField(max_length=200), help_text="What it is for.")
    called_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="Blank: by the cadence."
    )
    reminds_at = models.DateTimeField(help_text="When its people are told of it, with the agenda.")
    reminded_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    is_quorate = models.BooleanField(null=True, help_text="Whether as many attended as its quorum says.")
    minutes = models.TextField(blank=True, help_text="The decisions, as one line of JSON.")
    minutes_sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["committee", "-starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["committee", "number"], name="meeting_number_once"),
            models.UniqueConstraint(fields=["committee", "starts_at"], name="meeting_once_at_a_moment"),
            models.UniqueConstraint(fields=["committee"], condition=Q(state="open"), name="meeting_one_open"),
            models.CheckConstraint(condition=Q(state__in=["planned", "open", "closed", "lapsed"]), name="meeting_state_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "lapsed"], opened_at__isnull=True)
                | Q(state__in=["open", "closed"], opened_at__isnull=False, opened_by__isnull=False, version__isnull=False),
                name="meeting_opened_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(closed_at__isnull=False, closed_by__isnull=False, is_quorate__isnull=False),
                name="meeting_closed_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reminds_at"], name="meetings_to_remind_of", condition=Q(state="planned", reminded_at__isnull=True)
            )
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="meetings_stay_as_called", fields=["committee", "number", "starts_at", "purposes", "called_by"]
            ),
            pgtrigger.Protect(
                name="closed_meetings_stay",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state IN ('closed', 'lapsed')"),
            ),
            pgtrigger.Trigger(
                name="minutes_are_hashed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state = 'open' AND NEW.state = 'closed'"),
                func=MINUTES_ARE_HASHED,
            ),
            pgtrigger.Protect(name="meetings_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"Meeting {self.number}"

    @transition(field=state, source=State.PLANNED, target=State.OPEN)
    def open(self) -> None:
        """Begin: the agenda is frozen."""

    @transition(field=state, source=State.OPEN, target=State.CLOSED)
    def close(self) -> None:
        """End: the minutes are frozen."""

    @transition(field=state, source=State.PLANNED, target=State.LAPSED)
    def lapse(self) -> None:
        """Pass by: nobody opened it."""


class MeetingItem(models.Model):
    """What stood on a meeting's agenda, as it was when the meeting was opened."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField()
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="meeting_items")
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="meeting_items")
    content = models.JSONField(encoder=DjangoJSONEncoder, help_text="What is asked, and what it does to the budget.")
    carried = models.PositiveSmallIntegerField(default=0, help_text="On how many agendas it stood before.")

    class Meta:
        ordering = ["meeting", "position"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "position"], name="meeting_item_position_once"),
            models.UniqueConstraint(fields=["meeting", "stage"], name="meeting_item_once"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="agendas_are_frozen", when=pgtrigger.Before, operation=pgtrigger.Insert, func=FROZEN_AT_OPENING
            ),
            pgtrigger.ReadOnly(name="meeting_items_stay_as_frozen"),
            pgtrigger.Protect(name="meeting_items_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.request}"


class Attendance(models.Model):
    """A person with a seat who is at a meeting."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="attendances")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["meeting", "id"]
        constraints = [models.UniqueConstraint(fields=["meeting", "person"], name="attendance_once")]
        triggers = [
            pgtrigger.Trigger(
                name="attendance_while_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("part", "RECORD")],
                func=WHILE_OPEN,
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} at {self.meeting}"
