"""Attributes of an organization's own as bodies and filters carry them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from budgets.rules.attributes import read_wanted
from core.api.serializers import Given, Taken

HAVING = "Having this attribute, by its code, or a value of it: code=value, code>=value, code<=value."
ONE = {"oneOf": [{"type": "string", "maxLength": 500}, {"type": "boolean"}], "nullable": True}
HELP = "By code: text; numbers in digits, as text; days YYYY-MM-DD; true or false; people by their e-mail address."


@extend_schema_field(ONE)
class AttributeValueField(serializers.Field[Any, Any, Any, Any]):
    """A value of an attribute; null takes it away."""

    default_error_messages = {"kind": "State a text, true, false or null."}

    def to_internal_value(self, data: Any) -> str | bool:
        """Take text, and true or false; what fits the attribute is for the services to say."""
        if not isinstance(data, str | bool) or (isinstance(data, str) and len(data) > 500):
            self.fail("kind")
        return data

    def to_representation(self, value: Any) -> Any:
        """Give a value as it is kept."""
        return value


class AttributesField(serializers.DictField):
    """Attributes by code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=AttributeValueField(allow_null=True), help_text=HELP, **kwargs)


class Condition(serializers.CharField):
    """A condition on an attribute."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=250, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Refuse what is no condition."""
        text = super().to_internal_value(data)
        try:
            read_wanted(text)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
        return text


class AttributesTakenSerializer(Taken):
    """What a thing has of attributes; what is left out stays, null takes one away."""

    attributes = AttributesField()


class AttributesGivenSerializer(Given):
    """What a thing has of attributes then."""

    attributes = AttributesField()
