"""Attributes of an organization's own: what is asked, for administrators; and what a thing has, for every room's things."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from budgets.attribute_forms import AttributeForm, ValuesForm, filled_from_attribute
from budgets.models import Attribute, BudgetAttribute
from budgets.selectors.attributes import (
    Values,
    access_attribute_to_change,
    access_entity_to_administer,
    asked_of,
    values_of,
)
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.periods import access_entity_of_finance
from budgets.services.attributes import change_attribute, define_attribute, set_attributes
from core import clock
from core.access import needs, whole_entities_of
from core.errors import InvalidInput
from core.models import User
from core.posted import posted
from core.rules.rights import Right
from core.views.people import person_of


@require_safe
@needs(Right.ADMINISTER)
def attributes(request: HttpRequest) -> HttpResponse:
    """List what an organization asks (`?entity=` its code)."""
    user = person_of(request)
    entity = access_entity_to_administer(user, request.GET.get("entity", ""))
    context = {
        "entity": entity,
        "entities": list(whole_entities_of(user, Right.ADMINISTER).order_by("code")),
        "rows": Attribute.objects.filter(entity=entity).select_related("defined_by"),
        "today": clock.now().date(),
    }
    return render(request, "budgets/attributes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.ADMINISTER)
def new(request: HttpRequest, entity_code: str) -> HttpResponse:
    """Define an attribute. 422: it cannot be so; what was typed stays."""
    user = person_of(request)
    entity = access_entity_to_administer(user, entity_code)
    form = AttributeForm(posted(request), initial={"starts_on": clock.now().date()})
    if form.is_bound and form.is_valid():
        try:
            found = define_attribute(entity=entity, data=form.data_of(), actor=user)
        except InvalidInput as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, f"{found.name} is asked of all {found.get_kind_display()} from {found.starts_on} on.")
            return redirect(f"{reverse('budgets:attributes')}?entity={entity.code}")
    context = {"entity": entity, "form": form, "known": None}
    return render(request, "budgets/attribute_form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.ADMINISTER)
def change(request: HttpRequest, attribute_id: int) -> HttpResponse:
    """Change or retire an attribute. 422: it cannot be so; what was typed stays. Raises NotFound."""
    user = person_of(request)
    found = access_attribute_to_change(user, attribute_id)
    form = AttributeForm(posted(request), known=found, initial=filled_from_attribute(found))
    if form.is_bound and form.is_valid():
        try:
            change_attribute(attribute_id=found.pk, data=form.data_of(), actor=user)
        except InvalidInput as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, f"{found.name} is kept so.")
            return redirect(f"{reverse('budgets:attributes')}?entity={found.entity.code}")
    context = {"entity": found.entity, "form": form, "known": found}
    return render(request, "budgets/attribute_form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def of_budget(request: HttpRequest, code: str) -> HttpResponse:
    """State what a budget has of its organization's attributes. 422: something cannot be so."""
    user = person_of(request)
    budget = access_budget_by_code(user, code)
    access_entity_of_finance(user, budget.entity.code)
    return state_values(request, user, BudgetAttribute, "budget", budget, back=reverse("budgets:budget", args=[budget.code]))


def state_values(
    request: HttpRequest, user: User, model: Values, kind: str, subject: Any, *, back: str, name: str = ""
) -> HttpResponse:
    """Show and keep what a thing has of its organization's attributes; who may was asked before."""
    asked = asked_of(subject.entity, kind)
    has = values_of(model, [subject.pk]).get(subject.pk, {})
    form = ValuesForm(posted(request), asked=asked, has=has)
    if form.is_bound and form.is_valid():
        try:
            set_attributes(model=model, kind=kind, subject=subject, values=form.cleaned_data, actor=user, whole=True)
        except InvalidInput as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, "The attributes are kept.")
            return redirect(back)
    context = {"form": form, "name": name or str(subject), "back": back}
    return render(request, "budgets/attribute_values.html", context, status=422 if form.is_bound else 200)


def _refuse(form: forms.Form, refusal: InvalidInput) -> None:
    for name, sentence in (refusal.details or {"": str(refusal)}).items():
        form.add_error(name if name in form.fields else None, str(sentence))
