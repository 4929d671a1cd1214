"""People, organizations, notices and jobs as JSON."""

from rest_framework import serializers

from core.api.fields import MomentField
from core.api.serializers import Given
from core.models import Job, Notice, Role
from core.rules.rights import Right

RIGHTS = sorted(right.value for right in Right)


class EntitySerializer(Given):
    """An organization that keeps books."""

    code = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()
    fiscal_year_start_month = serializers.IntegerField()
    time_zone = serializers.CharField()


class RoleHeldSerializer(Given):
    """A role that one holds, and where."""

    entity = serializers.CharField(source="entity.code")
    role = serializers.CharField(source="role.code")
    kind = serializers.ChoiceField(Role.Kind.choices, source="role.kind")
    cost_centre = serializers.CharField(
        source="cost_centre.code", allow_null=True, help_text="With all below it; null: everywhere."
    )


class TokenUsedSerializer(Given):
    """The token of this call."""

    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = MomentField(allow_null=True)


class MeSerializer(Given):
    """Who calls, and what they may do."""

    name = serializers.CharField(source="person.name")
    email = serializers.EmailField(source="person.email")
    title = serializers.CharField(source="person.title")
    time_zone = serializers.CharField()
    rights = serializers.ListField(child=serializers.ChoiceField(RIGHTS))
    roles = RoleHeldSerializer(many=True)
    token = TokenUsedSerializer(allow_null=True, help_text="null where the call comes from a browser's session.")


class NoticeSerializer(Given):
    """Something that one was told."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    level = serializers.ChoiceField(Notice.Level.choices)
    subject = serializers.CharField()
    body = serializers.CharField()
    url = serializers.CharField(help_text="The page that it is about.")
    created_at = MomentField()
    read_at = MomentField(allow_null=True)


class MarkedSerializer(Given):
    """How many notices were unread."""

    marked = serializers.IntegerField()


class JobSerializer(Given):
    """Work that takes time."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(Job.State.choices)
    percent = serializers.IntegerField(min_value=0, max_value=100)
    note = serializers.CharField()
    error = serializers.CharField()
    result_url = serializers.CharField()
    queued_at = MomentField()
    started_at = MomentField(allow_null=True)
    finished_at = MomentField(allow_null=True)
