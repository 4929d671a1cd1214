"""Tags in the admin: keys, rules and targets are stated through services; what spend bears is looked at."""

from typing import Any

from django.contrib import admin
from django.forms import BaseModelForm

from budgets.models import SpendItem, SpendTag, TagKey, TagRule, TagTarget
from budgets.services.tag_terms import KeyData, RuleData, state_tag_key, state_tag_rule, state_tag_target
from budgets.stated_admin import StatedAdmin
from core.admin import LookOnlyAdmin, ReadOnlyInline
from core.models import User


@admin.register(TagKey)
class TagKeyAdmin(StatedAdmin):
    """What is stated of tag keys."""

    list_display = ("name", "number", "starts_on", "is_mandatory", "allows", "is_archived", "entity", "stated_by")
    list_filter = ("entity", "is_mandatory", "is_archived")
    search_fields = ("name",)
    fields = ("entity", "name", "starts_on", "allows", "values", "pattern", "is_mandatory", "is_archived", "note")
    list_select_related = ("entity", "stated_by")

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """State a key."""
        values = tuple(str(each) for each in obj.values) if isinstance(obj.values, list) else ()
        said = {
            part: getattr(obj, part) for part in ("name", "starts_on", "allows", "is_mandatory", "pattern", "is_archived", "note")
        }
        return state_tag_key(entity=obj.entity, data=KeyData(values=values, **said), actor=actor)


@admin.register(TagRule)
class TagRuleAdmin(StatedAdmin):
    """What is stated of rules that set tags."""

    list_display = ("name", "number", "position", "starts_on", "is_off", "entity", "stated_by")
    list_filter = ("entity", "is_off")
    search_fields = ("name", "code")
    exclude = ("number", "stated_by")
    list_select_related = ("entity", "stated_by")

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """State a rule."""
        parts = ("name", "starts_on", "code", "position", "source", "vendor", "service", "resource", "category", "cost_centre")
        said = {part: getattr(obj, part) for part in parts}
        sets = {str(key): str(value) for key, value in obj.sets.items()} if isinstance(obj.sets, dict) else {}
        return state_tag_rule(entity=obj.entity, data=RuleData(sets=sets, is_off=obj.is_off, **said), actor=actor)


@admin.register(TagTarget)
class TagTargetAdmin(StatedAdmin):
    """What is stated of targets."""

    list_display = ("entity", "number", "percent", "starts_on", "stated_by")
    list_filter = ("entity",)
    fields = ("entity", "percent", "starts_on")
    list_select_related = ("entity", "stated_by")

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """State a target."""
        return state_tag_target(entity=obj.entity, percent=obj.percent, starts_on=obj.starts_on, actor=actor)


class SpendTagInline(ReadOnlyInline):
    model = SpendTag
    fields = ("key", "value", "origin", "rule", "reason", "set_at", "set_by")
    readonly_fields = ("set_at",)
    show_change_link = False


@admin.register(SpendItem)
class SpendItemAdmin(LookOnlyAdmin):
    """Spend and what it bears."""

    list_display = ("thread", "vendor", "service", "resource", "source", "entity")
    list_filter = ("entity",)
    search_fields = ("thread", "vendor", "service")
    list_select_related = ("entity",)
    inlines = (SpendTagInline,)
