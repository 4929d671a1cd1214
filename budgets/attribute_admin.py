"""Attributes of an organization's own in the admin: defined and changed through the service."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.forms import BaseModelForm
from django.http import HttpRequest

from budgets.models import Attribute
from budgets.services.attributes import PARTS, AttributeData, change_attribute, define_attribute
from core.admin import EntityAdmin
from core.models import User


@admin.register(Attribute)
class AttributeAdmin(EntityAdmin):
    """What is asked of budgets, requests and invoices."""

    list_display = ("name", "code", "kind", "type", "is_required", "starts_on", "retired_on", "entity")
    list_filter = ("entity", "kind", "type")
    search_fields = ("name", "code")
    list_select_related = ("entity",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Keep what it is asked of and its code; in use its type as well."""
        if not isinstance(obj, Attribute):
            return ()
        return ("entity", "kind", "code", "type") if obj.used_at else ("entity", "kind", "code")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Retire it."""
        return False

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """Define an attribute."""
        return define_attribute(entity=obj.entity, data=_data(obj), actor=actor)

    def change(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> None:
        """Change or retire an attribute."""
        change_attribute(attribute_id=obj.pk, data=_data(obj), actor=actor)


def _data(obj: Attribute) -> AttributeData:
    said = {part: getattr(obj, part) for part in PARTS}
    choices = tuple(str(each) for each in obj.choices) if isinstance(obj.choices, list) else ()
    return AttributeData(kind=obj.kind, code=obj.code, **said | {"choices": choices})
