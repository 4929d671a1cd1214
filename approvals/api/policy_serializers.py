"""Policies, their versions, matrix and proof, as JSON."""

from rest_framework import serializers

from approvals.models import PolicyVersion
from core.api.fields import MomentField
from core.api.serializers import Given, Taken
from core.api.shapes import JobSerializer


class PolicySerializer(Given):
    """Who decides on what, for an organization or a part of it."""

    id = serializers.IntegerField(source="policy.id")
    entity = serializers.CharField(source="policy.entity.code")
    code = serializers.CharField(source="policy.code")
    name = serializers.CharField(source="policy.name")
    cost_centre = serializers.CharField(source="policy.cost_centre.code", allow_null=True, help_text="null: everywhere.")
    standing = serializers.IntegerField(source="standing.id", allow_null=True, help_text="The version that routes now.")
    scheduled = serializers.ListField(
        child=serializers.IntegerField(), source="scheduled_ids", help_text="Versions whose day has not come, the nearest first."
    )
    drafts = serializers.ListField(child=serializers.IntegerField(), source="draft_ids", help_text="Versions that wait.")


class PolicyVersionRowSerializer(Given):
    """A version of a policy."""

    id = serializers.IntegerField(source="version.id")
    entity = serializers.CharField(source="version.policy.entity.code")
    policy = serializers.CharField(source="version.policy.code")
    name = serializers.CharField(source="version.policy.name")
    cost_centre = serializers.CharField(source="version.policy.cost_centre.code", allow_null=True, help_text="null: everywhere.")
    number = serializers.IntegerField(source="version.number")
    state = serializers.ChoiceField(PolicyVersion.Standing.choices, source="version.standing", help_text="As of now.")
    currency = serializers.CharField(source="version.currency", help_text="Of every bound in it.")
    contact = serializers.CharField(source="version.contact_role_code", help_text="Whom to ask where no rule applies.")
    digest = serializers.CharField(source="version.digest")
    created_at = MomentField(source="version.created_at")
    created_by = serializers.CharField(source="version.created_by.name", allow_null=True)
    published_at = MomentField(source="version.published_at", allow_null=True)
    planned_on = serializers.DateField(source="version.planned_on", allow_null=True, help_text="The day named for it, if any.")
    effective_from = MomentField(source="version.effective_from", allow_null=True, help_text="From when on it routes.")
    effective_to = MomentField(source="version.effective_to", allow_null=True, help_text="Until when; null: no end is known.")


class PolicyRuleSerializer(Given):
    """A line of the matrix. The first that matches decides."""

    position = serializers.IntegerField(source="rule.position")
    name = serializers.CharField(source="rule.name")
    kind = serializers.CharField(source="rule.kind")
    band = serializers.CharField(help_text="For which amounts, in words.")
    only = serializers.CharField(help_text="For which cost centre, category, vendor, tag, risk or emergency alone.")
    is_automatic = serializers.BooleanField(source="rule.is_automatic", help_text="The policy itself approves.")
    stages = serializers.ListField(child=serializers.CharField(), help_text="One after the other.")
    sla = serializers.CharField()
    follow_up = serializers.CharField(source="rule.follow_up")


class AcceptedGapSerializer(Given):
    """A gap that the policy leaves on purpose."""

    because = serializers.CharField()
    sentence = serializers.CharField()


class PolicyProofSerializer(Given):
    """What a proof finds today, in sentences."""

    is_publishable = serializers.BooleanField()
    faults = serializers.ListField(child=serializers.CharField(), help_text="What keeps it from being published.")
    unfillable = serializers.ListField(child=serializers.CharField(), help_text="Stages that nobody can fill.")
    conflicts = serializers.ListField(child=serializers.CharField(), help_text="Where other schemes name other people.")
    alike = serializers.ListField(child=serializers.CharField(), help_text="Rules that match the same and ask the same.")
    accepted = AcceptedGapSerializer(many=True)


class PolicyVersionSerializer(PolicyVersionRowSerializer):
    """A version with its document, matrix and proof, and its last replay."""

    document = serializers.DictField(source="version.document")
    matrix = PolicyRuleSerializer(many=True)
    proof = PolicyProofSerializer()
    replay = JobSerializer(allow_null=True)
    replayed = serializers.DictField(source="replay.result", allow_null=True, help_text="What it would have done.")


class ChangeSerializer(Taken):
    """Why a draft is put to approval."""

    reason = serializers.CharField(max_length=2000, help_text="Whoever decides reads it.")
    effective_from = serializers.DateField(
        required=False, allow_null=True, help_text="The day from which on it holds; left out: the last yes."
    )


class PublishingSerializer(Taken):
    """From when on a draft routes."""

    effective_from = serializers.DateField(
        required=False, allow_null=True, help_text="A day of the organization's zone; left out, or today: at once."
    )


class PolicyLoadingSerializer(Taken):
    """A policy as a document: what `manage.py load_policy` takes as YAML, here as JSON."""

    entity = serializers.CharField(max_length=40, help_text="The organization's code.")
    publish = serializers.BooleanField(required=False, help_text="Let it route from now on, if it is proved. Left out: a draft.")
    effective_from = serializers.DateField(
        required=False, allow_null=True, help_text="The day from which on it holds; left out: as the document says, else at once."
    )
    document = serializers.DictField(help_text="docs/schemas/policy.schema.json says what may stand in it.")


class LoadedPolicySerializer(Given):
    """What loading a policy came to: the version, and what it changes in the matrix that routed before."""

    version = serializers.IntegerField(source="version.id")
    number = serializers.IntegerField(source="version.number")
    policy = serializers.CharField(source="version.policy.code")
    state = serializers.ChoiceField(PolicyVersion.Standing.choices, source="version.standing", help_text="As of now.")
    effective_from = MomentField(source="version.effective_from", allow_null=True, help_text="From when on it routes.")
    unchanged = serializers.BooleanField(help_text="This very document is the last in line already.")
    added = PolicyRuleSerializer(many=True, source="difference.added")
    removed = PolicyRuleSerializer(many=True, source="difference.removed")
    kept = serializers.IntegerField(source="difference.kept", help_text="How many lines of the matrix stay.")
    proof = PolicyProofSerializer()
