"""Requests, their lines, stages and files, as JSON."""

from typing import Any

from rest_framework import serializers

from approvals.models import Decision, LookBack, Request, Stage
from approvals.rules.particulars import MOST_DAYS, MOST_HEADS
from budgets.api.attribute_fields import AttributesField
from core.api.fields import AmountField, MomentField, MonthField, UploadField
from core.api.serializers import Given, Taken

MOST_LINES = 50
NAMED_CONTRACT = "The number of the approved contract that money is called off from. Its vendor is taken where none is named."


class RequestRowSerializer(Given):
    """A request in short: its state, who holds it now, and since when."""

    number = serializers.CharField(source="request.number")
    entity = serializers.CharField(source="request.entity.code")
    kind = serializers.CharField(source="request.kind", help_text="A kind that the policy names.")
    title = serializers.CharField(source="request.title")
    requester = serializers.CharField(source="request.requester.name")
    vendor = serializers.CharField(source="request.vendor.name", allow_null=True)
    amount = AmountField(source="request.amount", help_text="What its lines take from the budget.")
    currency = serializers.CharField(source="request.currency")
    state = serializers.ChoiceField(Request.State.choices, source="request.state")
    round = serializers.IntegerField(source="request.round", help_text="How often it was submitted.")
    holder = serializers.CharField(source="row.holder", help_text="Who has it before them; empty where it is at its end.")
    since = MomentField(source="row.since")
    needed_by = serializers.DateField(source="request.needed_by", allow_null=True)
    tags = serializers.DictField(source="request.tags", child=serializers.CharField())
    attributes = AttributesField(source="request.kept_attributes")
    is_emergency = serializers.BooleanField(source="request.is_emergency")
    card = serializers.CharField(
        source="request.card", allow_null=True, help_text="By which it is paid: label, last four digits."
    )
    contract = serializers.CharField(
        source="request.under_contract.request.number", allow_null=True, help_text="The contract that it is called off from."
    )
    risk_score = serializers.IntegerField(
        source="request.risk_score", allow_null=True, help_text="0 to 100, as submitted last; null before."
    )
    by_policy = serializers.BooleanField(source="row.by_policy", help_text="Whether the policy itself approved it.")
    created_at = MomentField(source="request.created_at")
    submitted_at = MomentField(source="request.submitted_at", allow_null=True)
    decided_at = MomentField(source="request.decided_at", allow_null=True)


class RequestLineSerializer(Given):
    """A line, and what of its money is still reserved, committed or spent."""

    id = serializers.IntegerField(source="line.id")
    number = serializers.IntegerField(source="line.number")
    description = serializers.CharField(source="line.description")
    account = serializers.IntegerField(source="line.account_id", help_text="The budget line that pays for it.")
    name = serializers.CharField(source="line.account.name")
    budget = serializers.CharField(source="line.account.budget.code")
    cost_centre = serializers.CharField(source="line.account.cost_centre.code")
    month = MonthField(source="line.month")
    net = AmountField(source="line.net")
    vat = AmountField(source="line.vat")
    recoverable = AmountField(source="line.recoverable", help_text="VAT that comes back.")
    amount = AmountField(source="line.funds", help_text="What it takes from the budget.")
    reserved = AmountField(source="held.reserved")
    committed = AmountField(source="held.committed")
    spent = AmountField(source="held.spent")


class SaidSerializer(Given):
    """What one person said on a stage."""

    person = serializers.CharField(source="person.name")
    on_behalf_of = serializers.CharField(source="on_behalf_of.name", allow_null=True, help_text="In whose place.")
    by_link = serializers.BooleanField(
        source="link.signed_in",
        allow_null=True,
        help_text="Null: not by the link of a mail; true: by it, signed in; false: by it alone.",
    )
    verdict = serializers.ChoiceField(Decision.Verdict.choices)
    comment = serializers.CharField()
    decided_at = MomentField()
    stands_from = serializers.IntegerField(
        source="stands_from_id",
        allow_null=True,
        help_text="The decision of the round before that this one is: its person was not asked again.",
    )
    voided_at = MomentField(allow_null=True)


class RequestStageSerializer(Given):
    """A stage of a round: who decides, and by when."""

    id = serializers.IntegerField(source="stage.id", help_text="Its number in the queue.")
    round = serializers.IntegerField(source="stage.round")
    number = serializers.IntegerField(source="stage.number")
    group = serializers.IntegerField(source="stage.group", help_text="Stages of one group run side by side.")
    name = serializers.CharField(source="stage.name")
    state = serializers.ChoiceField(Stage.State.choices, source="stage.state")
    owner = serializers.CharField(source="stage.owner.name")
    stand_in = serializers.CharField(source="stand_in.name", allow_null=True, help_text="Who decides for the owner, who is away.")
    away = serializers.CharField(help_text="Why it waits with whom, where somebody is away; else empty.")
    backup = serializers.CharField(source="stage.backup.name", allow_null=True)
    needed = serializers.IntegerField(source="stage.needed", help_text="How many must approve.")
    sla = serializers.CharField(source="stage.sla")
    assigned_at = MomentField(source="stage.assigned_at", allow_null=True)
    due_at = MomentField(source="stage.due_at", allow_null=True)
    escalated_at = MomentField(source="stage.escalated_at", allow_null=True)
    paused_at = MomentField(source="stage.paused_at", allow_null=True, help_text="Since when a question stops the clock.")
    breached_at = MomentField(source="stage.breached_at", allow_null=True)
    decided_at = MomentField(source="stage.decided_at", allow_null=True)
    decisions = SaidSerializer(many=True)


class TraceStepSerializer(Given):
    """Why a rule of the policy did or did not match."""

    rule = serializers.CharField()
    matched = serializers.BooleanField()
    reason = serializers.CharField()


class RiskReasonSerializer(Given):
    """What a risk is made of."""

    sign = serializers.CharField()
    points = serializers.IntegerField()
    text = serializers.CharField(help_text="With its figures.")


class HistoryStepSerializer(Given):
    """Something that happened."""

    at = MomentField()
    text = serializers.CharField()
    note = serializers.CharField()


class AttachmentSerializer(Given):
    """A file kept with a request."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    content_type = serializers.CharField()
    uploaded_at = MomentField()
    uploaded_by = serializers.CharField(source="uploaded_by.name")


class ParticularsSerializer(Given):
    """What a request states by its kind: a contract its term, a change of people its role, a trip its days."""

    from_on = serializers.DateField(required=False)
    until_on = serializers.DateField(required=False)
    notice_days = serializers.IntegerField(required=False)
    total_value = AmountField(required=False)
    role = serializers.CharField(required=False)
    heads = serializers.IntegerField(required=False)
    monthly_cost = AmountField(required=False)
    traveller = serializers.CharField(required=False)
    destination = serializers.CharField(required=False)
    after_the_fact = serializers.BooleanField(required=False)
    policy = serializers.CharField(required=False, help_text="Of a change of a policy: which.")
    version = serializers.IntegerField(required=False, help_text="The number of the draft.")
    digest = serializers.CharField(required=False, help_text="Of the draft's document.")


class RequestSerializer(RequestRowSerializer):
    """A request with its lines, stages, trace and what happened to it."""

    subject = serializers.CharField(source="request.subject_kind", help_text="What approving it does: spend, contract, travel.")
    particulars = ParticularsSerializer(help_text="What its kind states beside the lines.")
    marks = serializers.ListField(
        child=serializers.CharField(), help_text="What everybody must know of it: that a trip was asked for after the fact."
    )
    reason = serializers.CharField(source="request.reason")
    monthly_increase = AmountField(source="request.monthly_increase", allow_null=True)
    digest = serializers.CharField(source="request.digest", help_text="Of what is decided on, as submitted last; else empty.")
    policy = serializers.CharField(source="request.policy_version.policy.code", allow_null=True)
    policy_version = serializers.IntegerField(source="request.policy_version.number", allow_null=True)
    promised_at = MomentField(
        allow_null=True, help_text="By when its requester was told that it is decided, in its present round."
    )
    follow_up = serializers.CharField(source="request.follow_up", help_text="What happens after the decision.")
    copied_from = serializers.CharField(source="request.copied_from.number", allow_null=True)
    updated_at = MomentField(source="request.updated_at")
    lines = RequestLineSerializer(many=True)
    stages = RequestStageSerializer(many=True, help_text="Of all rounds.")
    trace = TraceStepSerializer(many=True, source="request.trace", help_text="Each rule of the policy, in its order.")
    risk_reasons = RiskReasonSerializer(many=True, source="request.risk_reasons", help_text="The heaviest first.")
    history = HistoryStepSerializer(many=True, help_text="The newest first.")
    attachments = AttachmentSerializer(many=True)


class TagsField(serializers.DictField):
    """Tags by key; at most ten."""

    def __init__(self, **more: Any) -> None:
        words = "By key: up to ten, each of up to 60 characters. Rules may ask for one."
        super().__init__(child=serializers.CharField(max_length=60), help_text=words, **more)


class OrderClosingSerializer(Taken):
    """Why nothing more comes of an approved request."""

    reason = serializers.CharField(max_length=300)


class OrderMovingSerializer(Taken):
    """In which month what is left of an approved request is held, and why."""

    to_month = MonthField()
    reason = serializers.CharField(max_length=300)


class LookBackSerializer(Taken):
    """What looking back at an automatic approval came to."""

    outcome = serializers.ChoiceField(LookBack.Outcome.choices, help_text="withdrawn frees what is not spent.")
    remark = serializers.CharField(max_length=2000, required=False, allow_blank=True, help_text="To withdraw: why.")


class TakenRequestLineSerializer(Taken):
    """A line to ask for. Amounts are in the budget line's currency."""

    description = serializers.CharField(max_length=300, help_text="What it pays for.")
    account = serializers.IntegerField(min_value=1, max_value=2**53, help_text="The budget line that pays for it.")
    month = MonthField()
    net = AmountField()
    vat = AmountField(required=False)
    recoverable = AmountField(required=False, help_text="VAT that comes back.")


class TakenParticularsSerializer(Taken):
    """What the kind asks for beside the lines. Say what belongs to it; the rest is left aside."""

    from_on = serializers.DateField(required=False, help_text="Contract, people, travel: the first day.")
    until_on = serializers.DateField(required=False, allow_null=True, help_text="The last day; of people null: no end.")
    notice_days = serializers.IntegerField(
        required=False, min_value=0, max_value=MOST_DAYS, help_text="Contract: how long before."
    )
    total_value = AmountField(required=False, help_text="Contract: over its whole term, without VAT. It decides who is asked.")
    role = serializers.CharField(max_length=200, required=False, help_text="People: which role.")
    heads = serializers.IntegerField(required=False, min_value=1, max_value=MOST_HEADS, help_text="People: how many.")
    monthly_cost = AmountField(required=False, help_text="People: what one costs each month.")
    traveller = serializers.CharField(max_length=200, required=False, help_text="Travel: who.")
    destination = serializers.CharField(max_length=200, required=False, help_text="Travel: where to.")
    after_the_fact = serializers.BooleanField(required=False, help_text="Travel: true where it has begun already.")


class ChangedRequestSerializer(Taken):
    """What is to be different in a draft; what is left out stays. Lines are given as a whole."""

    kind = serializers.CharField(max_length=60, required=False, help_text="A kind that the policy names.")
    title = serializers.CharField(max_length=200, required=False, help_text="In a few words what the money is for.")
    reason = serializers.CharField(max_length=2000, required=False, help_text="The approver reads this first.")
    vendor = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="By its name; a new one is noted as such."
    )
    needed_by = serializers.DateField(required=False, allow_null=True)
    monthly_increase = AmountField(required=False, allow_null=True, help_text="By how much the monthly cost rises.")
    tags = TagsField(required=False)
    attributes = AttributesField(required=False)
    is_emergency = serializers.BooleanField(required=False, help_text="It cannot wait for the usual way.")
    card = serializers.CharField(
        max_length=4, required=False, allow_null=True, help_text="The last four digits of a card of one's own that pays."
    )
    contract = serializers.CharField(max_length=20, required=False, allow_null=True, help_text=NAMED_CONTRACT)
    particulars = TakenParticularsSerializer(required=False, help_text="What the kind asks for beside the lines, as a whole.")
    lines = TakenRequestLineSerializer(many=True, required=False, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg]  # many=True takes it


class WholeRequestSerializer(ChangedRequestSerializer):
    """A draft as a whole."""

    kind = serializers.CharField(max_length=60, help_text="A kind that the policy names.")
    title = serializers.CharField(max_length=200, help_text="In a few words what the money is for.")
    reason = serializers.CharField(max_length=2000, help_text="The approver reads this first.")
    lines = TakenRequestLineSerializer(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg]  # many=True takes it


class NewRequestSerializer(WholeRequestSerializer):
    """A draft to make."""

    entity = serializers.CharField(max_length=40, help_text="The organization's code.")


class TypedLineSerializer(TakenRequestLineSerializer):
    """A line of which it may not yet be said what it pays for."""

    description = serializers.CharField(max_length=300, required=False)


class TypedRequestSerializer(Taken):
    """As much of a request as it takes to say who would decide."""

    entity = serializers.CharField(max_length=40, help_text="The organization's code.")
    kind = serializers.CharField(max_length=60, help_text="A kind that the policy names.")
    vendor = serializers.CharField(max_length=300, required=False, allow_blank=True)
    needed_by = serializers.DateField(required=False, allow_null=True)
    monthly_increase = AmountField(required=False, allow_null=True)
    tags = TagsField(required=False)
    is_emergency = serializers.BooleanField(required=False)
    card = serializers.CharField(max_length=4, required=False, allow_null=True, help_text="The last four digits.")
    contract = serializers.CharField(max_length=20, required=False, allow_null=True, help_text=NAMED_CONTRACT)
    particulars = TakenParticularsSerializer(required=False)
    lines = TypedLineSerializer(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg]  # many=True takes it


class PlannedStageSerializer(Given):
    """A stage that would follow. Its moments suppose that each before it takes all of its time."""

    name = serializers.CharField()
    owner = serializers.CharField(source="owner.name")
    stand_in = serializers.CharField(source="stand_in.name", allow_null=True, help_text="Who decides for the owner, who is away.")
    backup = serializers.CharField(source="backup.name", allow_null=True)
    sla = serializers.CharField(source="spec.sla")
    group = serializers.IntegerField(source="spec.group")
    starts_at = MomentField()
    due_at = MomentField()
    explanation = serializers.CharField()


class ChainSerializer(Given):
    """Who would decide, why, and by when."""

    policy = serializers.CharField(source="policy_version.policy.code")
    policy_version = serializers.IntegerField(source="policy_version.number")
    next_policy_version = serializers.IntegerField(
        source="coming.number", allow_null=True, help_text="The version that takes its place within two weeks, if any."
    )
    next_from = MomentField(source="coming.effective_from", allow_null=True, help_text="From when on that one routes.")
    rule = serializers.CharField(source="rule.name")
    follow_up = serializers.CharField(source="rule.follow_up")
    due_at = MomentField(allow_null=True, help_text="When the last decision is due; null where nobody is asked.")
    promised_at = MomentField(
        source="promise.at",
        allow_null=True,
        help_text="By when it is decided, if it goes as past decisions; null: nobody is asked.",
    )
    is_automatic = serializers.BooleanField(help_text="Whether the policy itself would approve it.")
    risk_score = serializers.IntegerField(source="risk.score", allow_null=True, help_text="null: it spends nothing.")
    risk_reasons = RiskReasonSerializer(many=True, source="risk.reasons", default=list)
    stages = PlannedStageSerializer(many=True)
    trace = TraceStepSerializer(many=True)


class AttachmentUploadSerializer(Taken):
    """A file to keep with a draft."""

    file = UploadField()
