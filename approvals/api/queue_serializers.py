"""What waits for a decision, and decisions, as JSON."""

from typing import Any

from rest_framework import serializers

from approvals.models import Decision, Question, Request, Stage, StageMember
from approvals.services.bulk import MOST_PICKED
from core.api.fields import AmountField, MomentField, MonthField
from core.api.serializers import Given, ProblemSerializer, Taken


class WaitingSerializer(Given):
    """A stage, and the request that it is about."""

    id = serializers.IntegerField(source="stage.id")
    name = serializers.CharField(source="stage.name")
    state = serializers.ChoiceField(Stage.State.choices, source="stage.state")
    round = serializers.IntegerField(source="stage.round")
    request = serializers.CharField(source="stage.request.number")
    title = serializers.CharField(source="stage.request.title")
    kind = serializers.CharField(source="stage.request.kind")
    requester = serializers.CharField(source="stage.request.requester.name")
    vendor = serializers.CharField(source="stage.request.vendor.name", allow_null=True)
    amount = AmountField(source="stage.request.amount")
    currency = serializers.CharField(source="stage.request.currency")
    needed_by = serializers.DateField(source="stage.request.needed_by", allow_null=True)
    about = serializers.CharField(help_text="What it is about in a few words, where its kind says more than its lines.")
    marks = serializers.ListField(child=serializers.CharField(), help_text="What everybody must know of it.")
    tags = serializers.DictField(source="stage.request.tags", child=serializers.CharField())
    is_emergency = serializers.BooleanField(source="stage.request.is_emergency")
    risk_score = serializers.IntegerField(source="stage.request.risk_score", allow_null=True, help_text="0 to 100.")
    owner = serializers.CharField(source="stage.owner.name")
    backup = serializers.CharField(source="stage.backup.name", allow_null=True)
    place = serializers.CharField(source="place.name", allow_null=True, help_text="In whose place the caller would decide.")
    sla = serializers.CharField(source="stage.sla")
    assigned_at = MomentField(source="stage.assigned_at", allow_null=True)
    due_at = MomentField(source="stage.due_at", allow_null=True)
    escalated_at = MomentField(source="stage.escalated_at", allow_null=True)
    paused_at = MomentField(source="stage.paused_at", allow_null=True, help_text="Since when a question stops the clock.")
    digest = serializers.CharField(source="stage.request.digest", help_text="Of what is decided on. A decision names it.")


class PanelLineSerializer(Given):
    """A line of the request."""

    description = serializers.CharField()
    account = serializers.CharField(source="account_words")
    month = MonthField()
    amount = AmountField()


class EffectSerializer(Given):
    """A budget line or a stop above it, with what it holds, this request included."""

    name = serializers.CharField()
    is_stop = serializers.BooleanField(help_text="Whether it is a control above the budget line.")
    mode = serializers.CharField(source="note", help_text="What the control does; empty for a budget line.")
    allotted = AmountField()
    reserved = AmountField()
    committed = AmountField()
    spent = AmountField()
    left = AmountField(source="after", help_text="If it is approved.")


class RoundChangeSerializer(Given):
    """What differs from the round in which the caller decided last, or from the round before."""

    what = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class WaitingWholeSerializer(WaitingSerializer):
    """A stage with all that its decider needs."""

    reason = serializers.CharField(source="stage.request.reason")
    may_decide = serializers.BooleanField(source="panel.may_decide")
    why_not = serializers.CharField(source="panel.why_not", help_text="Why the caller cannot decide now.")
    lines = PanelLineSerializer(source="panel.lines", many=True)
    effects = EffectSerializer(source="panel.effects", many=True)
    risk_reasons = serializers.ListField(
        source="panel.risk.reasons", child=serializers.CharField(), default=list, help_text="What the risk is made of."
    )
    warnings = serializers.ListField(source="panel.warnings", child=serializers.CharField())
    changes = RoundChangeSerializer(source="panel.since.changes", many=True)
    changed_since = serializers.IntegerField(
        source="panel.since.round",
        allow_null=True,
        help_text="The round that `changes` are held against: the one in which the caller decided last, else the one before.",
    )


class ApprovingSerializer(Taken):
    """A yes, to what was seen."""

    digest = serializers.CharField(max_length=200, help_text="Of what was seen. If it is another now, 409 (stale).")
    comment = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class RefusingSerializer(Taken):
    """A no, or what must change first, to what was seen."""

    digest = serializers.CharField(max_length=200, help_text="Of what was seen. If it is another now, 409 (stale).")
    comment = serializers.CharField(max_length=2000, help_text="Its requester reads it.")


class AskingSerializer(Taken):
    """A question to put to somebody before deciding."""

    person = serializers.EmailField(required=False, help_text="Whom to ask, by e-mail address; left out: the requester.")
    text = serializers.CharField(max_length=2000)


class HandsSerializer(Taken):
    """Who comes to a stage, and why."""

    person = serializers.EmailField(help_text="By e-mail address.")
    reason = serializers.CharField(max_length=2000)


class StageMemberSerializer(Given):
    """A person before a stage, and by whom they came."""

    stage = serializers.IntegerField(source="stage_id")
    person = serializers.CharField(source="person.name")
    capacity = serializers.ChoiceField(StageMember.Capacity.choices)
    added_at = MomentField()
    added_by = serializers.CharField(source="added_by.name")
    in_place_of = serializers.CharField(
        source="in_place_of.name", allow_null=True, help_text="In whose place a delegate handed it over, or asked."
    )
    reason = serializers.CharField()
    needed = serializers.IntegerField(source="stage.needed", help_text="How many must approve now.")


class AnsweringSerializer(Taken):
    """The answer to a question."""

    text = serializers.CharField(max_length=2000)


class QuestionSerializer(Given):
    """A question on a stage, and its answer."""

    id = serializers.IntegerField()
    request = serializers.CharField(source="stage.request.number")
    stage = serializers.IntegerField(source="stage_id")
    asked_by = serializers.CharField(source="asked_by.name")
    asked = serializers.CharField(source="asked.name")
    text = serializers.CharField()
    state = serializers.ChoiceField(Question.State.choices)
    pauses = serializers.BooleanField(help_text="Whether the stage's clock stands while it is open.")
    asked_at = MomentField()
    answer = serializers.CharField()
    closed_at = MomentField(allow_null=True)


class DecisionSerializer(Given):
    """What one person said on one stage, and where that leaves the request."""

    id = serializers.IntegerField()
    request = serializers.CharField(source="request.number")
    request_state = serializers.ChoiceField(Request.State.choices, source="request.state")
    stage = serializers.IntegerField(source="stage_id")
    stage_state = serializers.ChoiceField(Stage.State.choices, source="stage.state")
    round = serializers.IntegerField()
    slot = serializers.IntegerField(help_text="Which of the stage's needed decisions it is.")
    person = serializers.CharField(source="person.name")
    on_behalf_of = serializers.CharField(source="on_behalf_of.name", allow_null=True, help_text="In whose place.")
    verdict = serializers.ChoiceField(Decision.Verdict.choices)
    comment = serializers.CharField()
    digest = serializers.CharField()
    decided_at = MomentField()
    stands_from = serializers.IntegerField(
        source="stands_from_id",
        allow_null=True,
        help_text="The decision of the round before that this one is: its person was not asked again.",
    )
    undo_until = MomentField(allow_null=True, help_text="Until when its person may take it back.")
    taken_back_at = MomentField(source="voided_at", allow_null=True)


class PickSerializer(Taken):
    """A stage, and what was seen of it."""

    stage = serializers.IntegerField(min_value=1, max_value=2**53)
    digest = serializers.CharField(max_length=200, help_text="Of what was seen. If it is another now, 409 (stale).")


class BulkSerializer(Taken):
    """One answer to several stages. What cannot be read, or a rejection without its reason, is refused before any is decided."""

    verdict = serializers.ChoiceField((("approve", "approve"), ("reject", "reject")))
    comment = serializers.CharField(
        max_length=2000, required=False, allow_blank=True, help_text="To each of them. A rejection needs one."
    )
    picks = serializers.ListField(child=PickSerializer(), allow_empty=False, max_length=MOST_PICKED)

    def validate_picks(self, picks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Refuse a stage that is named twice: which answer to it would count?"""
        if len({each["stage"] for each in picks}) != len(picks):
            raise serializers.ValidationError("Name each stage once.")
        return picks


class DecidedSerializer(DecisionSerializer):
    """A decision as it was written when it was made: what is said again is the same."""

    def to_representation(self, instance: Any) -> Any:
        """Return it as it is."""
        return instance


class AnsweredSerializer(Given):
    """What became of one of them: 200 and the decision, or the status and the problem that a call of its own would have had."""

    stage = serializers.IntegerField()
    status = serializers.IntegerField(source="outcome.status")
    replayed = serializers.BooleanField(source="outcome.replayed", help_text="Whether it was done under this key before.")
    decision = DecidedSerializer(source="outcome.said", allow_null=True)
    problem = ProblemSerializer(source="outcome.problem", allow_null=True)


class BulkAnswerSerializer(Given):
    """What became of each, in their order."""

    done = serializers.IntegerField(help_text="How many were decided.")
    answers = AnsweredSerializer(many=True)
