"""Filters of a list, each read by a field as bodies are: what it cannot read is refused."""

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from drf_spectacular.drainage import set_override
from rest_framework import serializers


class _Reading(forms.Field):
    """A form's field that reads by a serializer's; what is not given at all is None."""

    widget = forms.TextInput

    def __init__(self, *, reader: "serializers.Field[Any, Any, Any, Any]", **kwargs: Any) -> None:
        super().__init__(required=False, **{name: kwargs[name] for name in ("label",) if name in kwargs})
        self.reader = reader

    def clean(self, value: Any) -> Any:
        """Return what the reader makes of it. Raises ValidationError."""
        if value is None:
            return None
        try:
            return self.reader.run_validation(value)
        except serializers.ValidationError as error:
            raise ValidationError([str(said) for said in error.detail]) from error


class Asked(django_filters.Filter):  # type: ignore[misc]  # the library carries no types
    """A filter whose value is read by a serializer's field, which also describes it."""

    field_class = _Reading

    def __init__(self, reader: "serializers.Field[Any, Any, Any, Any]", *, about: str = "", **kwargs: Any) -> None:
        super().__init__(reader=reader, **kwargs)
        reader.help_text = about or reader.help_text
        set_override(self, "field", reader)


class Code(serializers.CharField):
    """The code of something."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=60, **kwargs)


class Number(serializers.IntegerField):
    """The number of something."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=2**53, **kwargs)


class Choice(serializers.ChoiceField):
    """One of a model's choices."""


class FilterSet(django_filters.FilterSet):  # type: ignore[misc]  # the library carries no types
    """Base of an endpoint's filters; each is stated."""


class Flag(serializers.BooleanField):
    """Yes or no, written `true` or `false`."""

    def to_internal_value(self, data: Any) -> bool:
        """Read the two words, and nothing else."""
        if data not in ("true", "false"):
            self.fail("invalid", input=data)
        return bool(data == "true")
