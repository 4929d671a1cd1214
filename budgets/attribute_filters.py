"""A filter of lists by attributes of an organization's own."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from budgets.rules.attributes import read_wanted
from budgets.selectors.attributes import Values, having
from core.errors import InvalidInput


class ConditionField(forms.CharField):
    """A condition on an attribute, such as `seats>=10`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=250, widget=forms.TextInput(attrs={"placeholder": "region=emea"}), **kwargs)

    def clean(self, value: Any) -> str:
        """Refuse what is no condition."""
        text = str(super().clean(value) or "").strip()
        if text:
            try:
                read_wanted(text)
            except ValueError as error:
                raise forms.ValidationError(str(error)) from None
        return text


class AttributeFilter(django_filters.CharFilter):  # type: ignore[misc]  # the library carries no types
    """Keeps things by a condition on an attribute; one that does not fit its type keeps nothing."""

    field_class = ConditionField

    def __init__(self, *, values: Values, kind: str, **kwargs: Any) -> None:
        super().__init__(label="Attribute", **kwargs)
        self.values, self.kind = values, kind

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Keep what has it."""
        if not value:
            return qs
        try:
            return having(qs, self.values, self.kind, value)
        except InvalidInput:
            return qs.none()
