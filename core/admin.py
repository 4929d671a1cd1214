"""The admin of core. It never writes past a service; what may not be changed can be looked at."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.forms import BaseModelForm, BaseModelFormSet
from django.http import HttpRequest, HttpResponse

from core import trail
from core.access import entities_of
from core.errors import NotFound, Refusal
from core.models import (
    AuditRecord,
    CalendarDay,
    Entity,
    Job,
    Notice,
    OutboxEvent,
    PersonCalendar,
    Role,
    RoleAssignment,
    User,
    WorkCalendar,
)
from core.rules.rights import Right
from core.selectors.calendars import calendars_seen
from core.services import assignments, master_data, people
from core.views.people import person_of

# What allauth keeps is changed on the pages of one's account, not here.
for kept in (Group, EmailAddress, Authenticator, UserSession, SocialApp, SocialAccount, SocialToken):
    if admin.site.is_registered(kept):
        admin.site.unregister(kept)


class LookOnly:
    """Refuses every write."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is added here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is changed here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is deleted here."""
        return False


class EntityAdmin(admin.ModelAdmin[Any]):
    """Base of what belongs to an entity: staff see entities that they administer or audit, and change those that they administer.

    `entity_path` leads from a row to its entity; blank for what belongs to none.
    """

    entity_path = "entity"
    list_per_page = 50
    show_full_result_count = False
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of the entities that the person administers or audits."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if person_of(request).is_superuser else self.rows_of(rows, _entities(request))

    def rows_of(self, rows: QuerySet[Any], entities: QuerySet[Entity]) -> QuerySet[Any]:
        """Return those of the rows that belong to some entities."""
        return rows.filter(**{f"{self.entity_path}__in": entities}) if self.entity_path else rows

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody change what they only audit."""
        return super().has_change_permission(request, obj) and self._is_administered(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody delete what they only audit."""
        return super().has_delete_permission(request, obj) and self._is_administered(request, obj)

    def _is_administered(self, request: HttpRequest, obj: Model | None) -> bool:
        if obj is None or person_of(request).is_superuser:
            return True
        rows = self.rows_of(super().get_queryset(request), _administered(request))
        return rows.filter(pk=obj.pk).exists()

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Offer as a filter only what rows that the person sees point at."""
        return [self._narrowed(each) for each in super().get_list_filter(request)]

    def _narrowed(self, name: Any) -> Any:
        is_relation = isinstance(name, str) and get_fields_from_path(self.model, name)[-1].is_relation
        return (name, admin.RelatedOnlyFieldListFilter) if is_relation else name

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask for the right before the row, so that nobody learns which rows there are."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> Any:
        """Answer alike for what is not there and for what the person may not see."""
        raise NotFound("There is no such row, or none that you may see.", remedy="Start from the list.")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only what belongs to the administrator's entities."""
        model = db_field.related_model
        if not person_of(request).is_superuser:
            if model is Entity:
                kwargs["queryset"] = _administered(request)
            elif model is WorkCalendar:
                kwargs["queryset"] = WorkCalendar.objects.filter(entities__in=_administered(request)).distinct()
            elif model is User:
                kwargs["queryset"] = _people(_administered(request))
            elif any(field.name == "entity" for field in model._meta.fields):
                kwargs["queryset"] = model._default_manager.filter(entity__in=_administered(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: BaseModelForm[Any], change: bool) -> None:
        """Write through a service."""
        actor = person_of(request)
        if change:
            self.change(actor, obj, form)
            return
        obj.pk = self.add(actor, obj, form).pk
        obj._state.adding = False

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """Add what the form says; return the row as it was written."""
        master_data.save_recorded(subject=obj, actor=actor, entity=_entity_of(obj))
        return obj

    def change(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> None:
        """Change a row to what the form says."""
        master_data.save_recorded(subject=obj, actor=actor, entity=_entity_of(obj))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete through a service."""
        master_data.delete_recorded(subject=obj, actor=person_of(request), entity=_entity_of(obj))


class LookOnlyAdmin(LookOnly, EntityAdmin):
    """A model that can be looked at."""


def _entities(request: HttpRequest) -> QuerySet[Entity]:
    user = person_of(request)
    return entities_of(user, Right.ADMINISTER, Right.AUDIT)


def _administered(request: HttpRequest) -> QuerySet[Entity]:
    return entities_of(person_of(request), Right.ADMINISTER)


def _people(entities: QuerySet[Entity]) -> QuerySet[User]:
    """Return the people whose every role lies in some entities. Others are other administrators' affair."""
    elsewhere = RoleAssignment.objects.exclude(entity__in=entities).values("user_id")
    return User.objects.exclude(pk__in=elsewhere).exclude(is_superuser=True)


def _entity_of(obj: Any) -> Entity | None:
    entity = getattr(obj, "entity", None)
    return entity if isinstance(entity, Entity) else None


class ReadOnlyInline(LookOnly, admin.TabularInline[Any, Any]):
    """Rows of a model, below the thing they belong to."""

    extra = 0
    can_delete = False
    show_change_link = True


class UserForm(forms.ModelForm[User]):
    """A person, and a new password where one is to be set."""

    new_password = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Blank: as it is.",
    )

    class Meta:
        model = User
        fields = ["email", "name", "title", "time_zone", "is_active", "is_staff"]

    def clean_new_password(self) -> str:
        """Hold the password to the rules of the house."""
        password: str = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        return password


@admin.register(User)
class UserAdmin(EntityAdmin):
    """People. What they may do follows from their role assignments."""

    entity_path = ""
    form = UserForm
    list_display = ("name", "email", "title", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff")
    search_fields = ("name", "email")

    def rows_of(self, rows: QuerySet[Any], entities: QuerySet[Entity]) -> QuerySet[Any]:
        """Return the people whom an administrator looks after: whoever sets a password may sign in by it."""
        return rows.filter(pk__in=_people(entities))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A person who left is made inactive: what they did stays theirs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only a superuser changes a superuser."""
        if isinstance(obj, User) and obj.is_superuser and not person_of(request).is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """Add a person."""
        return people.add_person(
            email=obj.email,
            name=obj.name,
            title=obj.title,
            password=form.cleaned_data["new_password"] or None,
            is_staff=obj.is_staff,
            actor=actor,
        )

    def change(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> None:
        """Change a person, and their password where a new one was typed."""
        people.change_person(person=obj, actor=actor)
        if password := form.cleaned_data["new_password"]:
            master_data.set_password(person=obj, password=password, actor=actor)


@admin.register(Role)
class RoleAdmin(EntityAdmin):
    """Roles as the organization names them. Policies refer to the code, so it stays."""

    entity_path = ""
    list_display = ("name", "code", "kind")
    list_filter = ("kind",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Keep code and kind once the role is there."""
        return ("code", "kind") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Policies and past decisions name it."""
        return False

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """Add a role."""
        return people.ensure_role(code=obj.code, name=obj.name, kind=obj.kind, actor=actor)


class AssignmentForm(forms.ModelForm[RoleAssignment]):
    """A role for a person; refused here already where the actor may not give it."""

    actor: User

    class Meta:
        model = RoleAssignment
        fields = ["user", "role", "entity", "cost_centre", "limit"]

    def clean(self) -> dict[str, Any]:
        """Say why it cannot be given before anything is lost."""
        data = super().clean() or {}
        if data.get("user") and data.get("entity"):
            try:
                assignments.refuse_unless_theirs_to_give(person=data["user"], entity=data["entity"], actor=self.actor)
            except Refusal as refusal:
                self.add_error(None, str(refusal))
        if (centre := data.get("cost_centre")) and data.get("entity") and centre.entity_id != data["entity"].pk:
            self.add_error("cost_centre", f"Choose one of {data['entity']}.")
        return data


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(EntityAdmin):
    """Who holds which role where. An assignment is given or taken away, never rewritten."""

    list_display = ("user", "role", "entity", "scope", "cost_centre", "limit")
    list_filter = ("entity", "role")
    search_fields = ("user__name", "user__email")
    fields = ("user", "role", "entity", "cost_centre", "limit")
    form = AssignmentForm

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Take it away and give another."""
        return False

    def add(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> Any:
        """Give a person a role."""
        return assignments.assign_role(
            person=obj.user, role=obj.role, entity=obj.entity, cost_centre=obj.cost_centre, limit=obj.limit, actor=actor
        )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Let the form know who gives the role."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"actor": person_of(request)})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Take a role away."""
        assignments.take_role(assignment_id=obj.pk, actor=person_of(request))


class CalendarDayInline(admin.TabularInline[CalendarDay, WorkCalendar]):
    """Days that differ from the rule."""

    model = CalendarDay
    extra = 1


@admin.register(WorkCalendar)
class WorkCalendarAdmin(EntityAdmin):
    """Working hours, holidays and own days. Each change raises the version that timers refer to."""

    entity_path = "entities"
    list_display = ("name", "code", "time_zone", "country", "opens_at", "closes_at", "version")
    inlines = (CalendarDayInline,)
    readonly_fields = ("version",)

    def rows_of(self, rows: QuerySet[Any], entities: QuerySet[Entity]) -> QuerySet[Any]:
        """Return each calendar once: those of the entities, and those of none that only their people work by."""
        return calendars_seen(list(entities), _people(entities))

    def change(self, actor: User, obj: Any, form: BaseModelForm[Any]) -> None:
        """Change a calendar under a new version."""
        master_data.change_calendar(calendar=obj, actor=actor)

    def save_formset(self, request: HttpRequest, form: Any, formset: BaseModelFormSet[Any, Any], change: bool) -> None:
        """Write the calendar's own days through services."""
        actor = person_of(request)
        for day in formset.save(commit=False):
            master_data.save_recorded(subject=day, actor=actor)
        for day in formset.deleted_objects:
            master_data.delete_recorded(subject=day, actor=actor)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Due times were reckoned by it."""
        return False


@admin.register(Entity)
class EntitiesAdmin(EntityAdmin):
    """Legal entities. Code, currency and fiscal year stand once the books are open."""

    entity_path = "pk"
    list_display = ("name", "code", "currency", "fiscal_year_start_month", "time_zone")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Keep what the books are kept by."""
        return ("code", "currency", "fiscal_year_start_month") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Books are not deleted."""
        return False


@admin.register(AuditRecord)
class AuditRecordAdmin(LookOnlyAdmin):
    """Who did what to what, when."""

    list_display = ("at", "actor", "acted_by", "by_token", "verb", "subject_type", "subject_id", "entity")
    list_filter = ("verb", "entity")
    search_fields = ("subject_id", "correlation_id", "verb")
    list_select_related = ("actor", "acted_by", "by_token", "entity")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out what somebody typed and has not put before anybody."""
        return super().get_queryset(request).exclude(verb__in=trail.private)


@admin.register(Job)
class JobAdmin(LookOnlyAdmin):
    """Work that takes time."""

    list_display = ("title", "kind", "state", "actor", "queued_at", "finished_at")
    list_filter = ("state", "kind")


@admin.register(OutboxEvent)
class OutboxEventAdmin(LookOnlyAdmin):
    """Events and whether they were handled. They tell of every entity, and of drafts: they are for superusers."""

    entity_path = ""
    list_display = ("topic", "recorded_at", "handled_at", "attempts")
    list_filter = ("topic",)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let superusers look."""
        return person_of(request).is_superuser

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Leave it out of everybody else's index."""
        return person_of(request).is_superuser


@admin.register(Notice)
class NoticeAdmin(LookOnlyAdmin):
    """What people were told."""

    list_display = ("subject", "person", "level", "created_at", "read_at", "mailed_at")
    list_filter = ("level", "kind")


@admin.register(PersonCalendar)
class PersonCalendarAdmin(LookOnlyAdmin):
    """By which calendar whom of the administrator's people works, from which day. It is stated on the page of people."""

    entity_path = ""
    list_display = ("person", "calendar", "valid_from", "stated_at", "stated_by")
    search_fields = ("person__name", "person__email")
    list_select_related = ("person", "calendar", "stated_by")

    def rows_of(self, rows: QuerySet[Any], entities: QuerySet[Entity]) -> QuerySet[Any]:
        """Return those of the people whom the administrator looks after."""
        return rows.filter(person__in=_people(entities))
