"""What bodies and queries are read by, and how a problem is written."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


class Given(serializers.Serializer[Any]):
    """Base of what is answered. Only reads; fields are stated one by one."""


class Taken(serializers.Serializer[Any]):
    """Base of what is read from a body or a query: a name that is not known is refused, not passed over."""

    def to_internal_value(self, data: Any) -> Any:
        """Read the fields. Raises ValidationError that names what is unknown."""
        if isinstance(data, Mapping) and (unknown := sorted(set(data) - set(self.fields))):
            raise serializers.ValidationError({str(name)[:60]: "This field is not known." for name in unknown})
        return super().to_internal_value(data)


class FaultSerializer(Given):
    """What is wrong at one place of the input."""

    field = serializers.CharField(help_text="The field, or the place in the document.")
    message = serializers.CharField()


class ProblemSerializer(Given):
    """An error (RFC 9457). `code` is for programs, `detail` and `remedy` are for people; nothing was changed."""

    type = serializers.CharField(help_text="urn:purser:problem: and the code.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What was refused, in a sentence.")
    code = serializers.CharField()
    remedy = serializers.CharField(allow_blank=True, help_text="What to do about it.")
    request_id = serializers.CharField(help_text="The id of this call, as the logs and the audit trail have it.")
    details = serializers.DictField(
        required=False,
        help_text="What the code is about: of no_funds the node, its window, limit, what is held, wanted and left.",
    )
    # The names of some fields are those of a serializer's own parts, which its metaclass keeps apart.
    errors = FaultSerializer(many=True, required=False, help_text="What is wrong, place by place.")  # type: ignore[assignment]
