"""Statements in the admin: the next one is added through its service, none is changed or deleted."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from budgets.models import CostCentre
from core.access import whole_entities_of
from core.admin import EntityAdmin
from core.errors import InvalidInput, WrongState
from core.models import Entity, User
from core.rules.rights import Right
from core.trials import undone
from core.views.people import person_of


class StatedAdmin(EntityAdmin):
    """Statements: the next one is added, none is changed or deleted."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """State the next one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """State the next one."""
        return False


class StatementForm(forms.ModelForm[Any]):
    """A statement as its service takes it. The service judges it, not the model: its sentences are written for people.

    It is tried as the form is checked, and undone; what it refuses stands on the form, and what was typed stays.
    """

    actor: User
    # States what was typed, and returns the statement. Raises InvalidInput and WrongState as the service does.
    state: Callable[[], Any]

    def _post_clean(self) -> None:
        if self.errors:
            return
        try:
            with undone():
                stated = self.state()
        except (InvalidInput, WrongState) as refusal:
            self.refuse(refusal)
            return
        # What is undone and still there was there before: the service answers so to what was said already.
        if self._meta.model._default_manager.filter(pk=stated.pk).exists():
            self.add_error(None, "This is just what was stated last: there is nothing to state.")

    def refuse(self, refusal: InvalidInput | WrongState) -> None:
        """Let the refusal stand beside the field that it names, or above them all."""
        named = next((name for name in (*refusal.details, refusal.code) if name in self.fields), None)
        self.add_error(named, str(refusal))


class BooksAdmin(StatedAdmin):
    """Statements by which money is counted: only whoever keeps the organization's books states them, here as on the pages."""

    form: type[StatementForm]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Ask for the right that the statement's own page asks for; setting up is not enough."""
        return _kept_by(person_of(request)).exists()

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Ask for what the form takes; show all that was kept."""
        if obj is None:
            return list(self.form.base_fields)
        return [field.name for field in self.model._meta.fields if not field.primary_key]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Let the form know who states it."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"actor": person_of(request)})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only organizations whose books the person keeps, and cost centres of theirs that are in use."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        kept = _kept_by(person_of(request))
        if db_field.related_model is Entity:
            field.queryset = kept
        elif db_field.related_model is CostCentre:
            field.queryset = CostCentre.objects.filter(entity__in=kept, is_active=True).select_related("entity")
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write through the service, and go on with what it wrote: numbers and days are its own."""
        super().save_model(request, obj, form, change)
        obj.refresh_from_db()

    def add(self, actor: User, obj: Any, form: Any) -> Any:
        """State it."""
        return form.state()


def _kept_by(person: User) -> QuerySet[Entity]:
    """Return the organizations whose books a person keeps: for a superuser all, as everywhere in the admin."""
    return Entity.objects.all() if person.is_superuser else whole_entities_of(person, Right.BUDGET)
