"""The admin of budgets: master data through services; the ledger, budgets and periods to look at."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import BaseModelForm
from django.http import HttpRequest

from budgets import attribute_admin, band_admin, tag_admin, terms_admin  # noqa: F401  register their parts
from budgets.models import (
    Anchor,
    Budget,
    BudgetVersion,
    Category,
    CategoryAlias,
    ChargebackAdjustment,
    ChargebackDispute,
    ChargebackPart,
    ChargebackRun,
    ChargebackStatement,
    Control,
    CostCentre,
    Entry,
    FundsAccount,
    Journal,
    Milestone,
    Period,
    Projection,
    UsageReading,
    Vendor,
    VendorAlias,
)
from budgets.services import categories, cost_centres, milestones, vendors
from core.admin import EntityAdmin, LookOnlyAdmin, ReadOnlyInline
from core.models import User
from core.names import fold
from core.views.people import person_of


class KeptAdmin(EntityAdmin):
    """Master data that entries point at: it is made inactive, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Entries, requests or invoices name it."""
        return False


@admin.register(CostCentre)
class CostCentreAdmin(KeptAdmin):
    """The cost centre tree. Another parent moves the node with all below it."""

    list_display = ("path", "name", "kind", "entity", "is_active")
    list_filter = ("entity", "kind", "is_active")
    search_fields = ("code", "name")
    readonly_fields = ("path",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Keep the code: paths are made of it."""
        return ("entity", "code", "path") if obj else ("path", "is_active")

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """Add a node."""
        return cost_centres.add_cost_centre(
            entity=obj.entity, code=obj.code, name=obj.name, kind=obj.kind, parent=obj.parent, actor=actor
        )

    def change(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> None:
        """Move the node where its parent changed, then keep the rest."""
        if "parent" in form.changed_data:
            moved = cost_centres.move(cost_centre_id=obj.pk, parent_id=obj.parent_id, actor=actor)
            obj.path = moved.path
        super().change(actor, obj, form)


@admin.register(Category)
class CategoryAdmin(KeptAdmin):
    """The locked category list."""

    list_display = ("path", "name", "entity", "is_active")
    list_filter = ("entity", "is_active")
    search_fields = ("code", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Keep the code and the place: envelopes and controls hang on them."""
        return ("entity", "code", "parent", "path") if obj else ("path", "is_active")

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """Add a category."""
        return categories.add_category(entity=obj.entity, code=obj.code, name=obj.name, parent=obj.parent, actor=actor)


@admin.register(CategoryAlias)
class CategoryAliasAdmin(EntityAdmin):
    """What a source calls a category. An alias is added or taken away."""

    list_display = ("name", "source", "category", "entity", "added_by", "added_at")
    list_filter = ("entity", "source")
    search_fields = ("name", "category__name")
    fields = ("category", "source", "name")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Take it away and add another."""
        return False

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """Add an alias."""
        return categories.add_alias(category=obj.category, source=obj.source, name=obj.name, actor=actor)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Take an alias away."""
        categories.remove_alias(alias=obj, actor=person_of(request))


@admin.register(Vendor)
class VendorAdmin(KeptAdmin):
    """Who is paid."""

    list_display = ("name", "code", "entity", "iban", "is_active")
    list_filter = ("entity", "is_active")
    search_fields = ("name", "code", "iban")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Keep the code: files refer to it."""
        return ("entity", "code") if obj else ("is_active",)

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """Add a vendor, or find the one that is called so."""
        return vendors.ensure_vendor(entity=obj.entity, name=obj.name, code=obj.code, iban=obj.iban, email=obj.email, actor=actor)

    def change(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> None:
        """Change a vendor; the name by which files find it follows."""
        obj.name_key = fold(obj.name)[:300]
        super().change(actor, obj, form)


@admin.register(VendorAlias)
class VendorAliasAdmin(EntityAdmin):
    """Other names of a vendor. One is added or taken away."""

    list_display = ("name", "vendor", "entity")
    list_filter = ("entity",)
    search_fields = ("name", "vendor__name")
    fields = ("vendor", "name")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Take it away and add another."""
        return False

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """Add a name."""
        return vendors.add_alias(vendor=obj.vendor, name=obj.name, actor=actor)


@admin.register(Milestone)
class MilestoneAdmin(KeptAdmin):
    """Dated promises of budgets."""

    entity_path = "budget__entity"
    list_display = ("budget", "code", "name", "due_on", "done_on", "planned_cost")
    list_filter = ("budget",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Keep what a milestone is of, and its completion once it is said."""
        if not isinstance(obj, Milestone):
            return ("done_on",)
        return ("budget", "code", "done_on") if obj.done_on else ("budget", "code")

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """State a milestone."""
        return self._set(actor, obj)

    def change(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> None:
        """Restate a milestone, and complete it where a day is given."""
        kept = self._set(actor, obj)
        if "done_on" in form.changed_data and obj.done_on:
            milestones.complete_milestone(milestone=kept, done_on=obj.done_on, actor=actor)

    def _set(self, actor: User, obj: Milestone) -> Milestone:
        return milestones.set_milestone(
            budget=obj.budget,
            code=obj.code,
            name=obj.name,
            due_on=obj.due_on,
            planned_cost=obj.planned_cost,
            vendor=obj.vendor,
            actor=actor,
        )


@admin.register(Budget)
class BudgetAdmin(LookOnlyAdmin):
    """Budgets; they come from files and revisions."""

    list_display = ("code", "name", "entity", "currency", "starts_on", "ends_on")
    list_filter = ("entity", "kind")
    search_fields = ("code", "name")


@admin.register(BudgetVersion)
class BudgetVersionAdmin(LookOnlyAdmin):
    """Versions of budgets."""

    entity_path = "budget__entity"
    list_display = ("budget", "number", "state", "total", "in_force_at", "created_by")
    list_filter = ("state",)


@admin.register(Period)
class PeriodAdmin(LookOnlyAdmin):
    """Posting months; they are opened and closed on their own page."""

    list_display = ("entity", "month", "state", "closed_at", "closed_by")
    list_filter = ("entity", "state")


@admin.register(FundsAccount)
class FundsAccountAdmin(LookOnlyAdmin):
    """Where money is held."""

    list_display = ("name", "budget", "cost_centre", "category", "currency", "seq")
    list_filter = ("budget",)
    search_fields = ("name",)


@admin.register(Control)
class ControlAdmin(LookOnlyAdmin):
    """Limits."""

    list_display = ("name", "budget", "mode", "window", "own_limit", "currency", "tolerance", "origin", "excused", "depth")
    list_filter = ("budget", "mode", "window", "origin")
    list_select_related = ("budget",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the controls with what is excused at them; that has no page of its own, since its key has several parts."""
        return super().get_queryset(request).prefetch_related("excused")

    @admin.display(description="excused")
    def excused(self, control: Control) -> str:
        """Return what is excused, window by window, the earliest first."""
        rows = sorted(control.excused.all(), key=lambda row: (row.first, row.last))
        return ", ".join(f"{row.amount:,.2f} to {row.last:%Y-%m}" for row in rows)


@admin.register(Journal)
class JournalAdmin(LookOnlyAdmin):
    """Postings."""

    list_display = ("id", "kind", "entity", "actor", "source_type", "source_id", "recorded_at")
    list_filter = ("kind", "entity")
    search_fields = ("key", "source_id", "correlation_id")
    list_select_related = ("entity", "actor")
    exclude = ("digest",)


@admin.register(Entry)
class EntryAdmin(LookOnlyAdmin):
    """Entries, written once."""

    entity_path = "journal__entity"
    list_display = ("id", "journal", "account", "month", "bucket", "amount", "thread")
    list_filter = ("bucket",)
    search_fields = ("thread",)
    list_select_related = ("journal", "account")
    raw_id_fields = ("journal", "account")


@admin.register(Projection)
class ProjectionAdmin(LookOnlyAdmin):
    """Projections; they are stated on their own page."""

    list_display = ("name", "horizon_months", "number", "recommended", "currency", "entity", "stated_by", "stated_at")
    list_filter = ("entity",)
    list_select_related = ("entity", "stated_by")


@admin.register(UsageReading)
class UsageReadingAdmin(LookOnlyAdmin):
    """Readings of usage; a later one of the same month takes the place of the earlier."""

    list_display = ("metric", "month", "cost_centre", "units", "source", "entity", "stated_at")
    list_filter = ("entity", "metric")
    list_select_related = ("entity", "cost_centre")


class ChargebackPartInline(ReadOnlyInline):
    model = ChargebackPart
    fields = ("pool", "receiver", "amount", "basis", "why")
    show_change_link = False


class ChargebackAdjustmentInline(ReadOnlyInline):
    model = ChargebackAdjustment
    fk_name = "run"
    fields = ("pool", "giver", "taker", "amount", "reason", "words", "made_by")
    show_change_link = False


@admin.register(ChargebackRun)
class ChargebackRunAdmin(LookOnlyAdmin):
    """A month's chargeback, as often as it was drawn up. Its steps are taken on its own page."""

    list_display = ("month", "number", "rules_code", "state", "entity", "currency", "drawn_at", "drawn_by", "posted_at")
    list_filter = ("entity", "state", "rules_code")
    list_select_related = ("entity", "drawn_by")
    inlines = (ChargebackPartInline, ChargebackAdjustmentInline)


@admin.register(ChargebackStatement)
class ChargebackStatementAdmin(LookOnlyAdmin):
    """What a cost centre bears of a run, and what its manager said."""

    entity_path = "run__entity"
    list_display = ("run", "receiver", "manager", "state", "due_at", "answered_at", "answered_by")
    list_filter = ("state",)
    list_select_related = ("run", "receiver", "manager", "answered_by")


@admin.register(ChargebackDispute)
class ChargebackDisputeAdmin(LookOnlyAdmin):
    """Disputes of statements, each with its clock."""

    entity_path = "statement__run__entity"
    list_display = ("statement", "owner", "raised_at", "due_at", "outcome", "resolved_at")
    list_filter = ("outcome",)
    list_select_related = ("statement__run", "statement__receiver", "owner")


@admin.register(Anchor)
class AnchorAdmin(LookOnlyAdmin):
    """Anchors of the ledger. What one says is in its file outside the database."""

    entity_path = ""
    list_display = ("number", "name", "taken_at", "accounts", "journals", "entries", "digest")
