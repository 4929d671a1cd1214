"""Tag keys, rules and the target: what holds, and stating what comes next."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from budgets.models import TagKey, TagRule, TagTarget
from budgets.rules.months import first_of
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rule_sets import BOOKS, access_entity_of_books
from budgets.selectors.statements import keeps_books
from budgets.selectors.tags import latest_keys, latest_rules
from budgets.services.tag_terms import state_tag_key, state_tag_rule, state_tag_target
from budgets.tag_forms import KeyForm, RuleForm, TargetForm, filled_from_key, filled_from_rule
from core import clock
from core.access import needs, whole_entities_of
from core.errors import InvalidInput, Refusal, WrongState
from core.models import Entity, User
from core.posted import posted
from core.rules.rights import Right
from core.views.people import person_of

PREFILLED = ("service", "vendor", "resource", "source")


@require_safe
@needs(*BOOKS)
def terms(request: HttpRequest) -> HttpResponse:
    """Show an organization's keys, rules and target (`?entity=` its code), what was stated last of each."""
    user = person_of(request)
    return _shown(request, user, access_entity_of_books(user, request.GET.get("entity", "")))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def state_key(request: HttpRequest, entity_code: str) -> HttpResponse:
    """State a key from a month on (`?name=` one to begin with). 422: it cannot hold; what was typed stays."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    month = first_of(clock.now().date())
    before = TagKey.objects.filter(entity=entity, code=request.GET.get("name", "").lower()).order_by("-number").first()
    blank = {"starts_on": f"{month:%Y-%m}", "allows": TagKey.Allows.LIST, "is_mandatory": True}
    form = KeyForm(posted(request), initial=filled_from_key(before, month) if before else blank)
    if form.is_bound and form.is_valid():
        try:
            key = state_tag_key(entity=entity, data=form.data_of(), actor=user)
        except (InvalidInput, WrongState) as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, f"{key.name}: {_state_words(key.is_archived)} from {key.starts_on:%B %Y} on.")
            return _back(entity)
    context = {"entity": entity, "form": form, "before": before}
    return render(request, "budgets/tag_key_form.html", context, status=422 if form.is_bound else 200)


def _state_words(is_archived: bool) -> str:
    return "not used" if is_archived else "holds"


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def state_rule(request: HttpRequest, entity_code: str) -> HttpResponse:
    """State a rule from a month on (`?code=` one to begin with, or the words it looks for). 422: it cannot hold."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    month = first_of(clock.now().date())
    before = TagRule.objects.filter(entity=entity, code=request.GET.get("code", "")).order_by("-number").first()
    form = RuleForm(posted(request), entity=entity, initial=filled_from_rule(before, month) if before else _begun(request))
    if form.is_bound and form.is_valid():
        try:
            rule = state_tag_rule(entity=entity, data=form.data_of(), actor=user)
        except (InvalidInput, WrongState) as refusal:
            _refuse(form, refusal)
        else:
            said = f"{rule.name}: {'off' if rule.is_off else 'holds'} from {rule.starts_on:%B %Y} on."
            messages.success(request, f"{said} What is here already gets its tags when the rules are applied to its month.")
            return _back(entity)
    context = {"entity": entity, "form": form, "before": before}
    return render(request, "budgets/tag_rule_form.html", context, status=422 if form.is_bound else 200)


def _begun(request: HttpRequest) -> dict[str, Any]:
    """Return what a rule is begun with where it is made of spend: the words of that spend."""
    said = {name: request.GET.get(name, "")[:100] for name in PREFILLED}
    month = request.GET.get("month", "") or f"{clock.now():%Y-%m}"
    key = request.GET.get("key", "")[:40]
    name = " ".join(filter(None, (key, said["service"])))[:200]
    return said | {"starts_on": month, "name": name, "sets": f"{key}=" if key else "", "position": 100}


@require_POST
@needs(Right.BUDGET)
def state_target(request: HttpRequest, entity_code: str) -> HttpResponse:
    """State the target from a month on. 422: something is missing."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    form = TargetForm(request.POST)
    if not form.is_valid():
        return _shown(request, user, entity, form, status=422)
    data = form.cleaned_data
    try:
        target = state_tag_target(entity=entity, percent=data["percent"], starts_on=data["starts_on"], actor=user)
    except WrongState as refusal:
        form.add_error("starts_on", str(refusal))
        return _shown(request, user, entity, form, status=409)
    messages.success(request, f"The target is {target.percent:.4g} % from {target.starts_on:%B %Y} on.")
    return _back(entity)


def _shown(
    request: HttpRequest, user: User, entity: Entity, form: TargetForm | None = None, *, status: int = 200
) -> HttpResponse:
    context = {
        "entity": entity,
        "entities": list(whole_entities_of(user, *BOOKS).order_by("code")),
        "keys": latest_keys(entity),
        "rules": latest_rules(entity),
        "targets": list(TagTarget.objects.filter(entity=entity).select_related("stated_by").order_by("-number")[:10]),
        "month": first_of(clock.now().date()),
        "form": form or TargetForm(initial={"starts_on": f"{clock.now():%Y-%m}"}),
        "keeps": keeps_books(user, entity),
    }
    return render(request, "budgets/tag_terms.html", context, status=status)


def _refuse(form: forms.Form, refusal: Refusal) -> None:
    if isinstance(refusal, WrongState):
        form.add_error("starts_on", str(refusal))
    for name, sentence in (refusal.details or ({} if isinstance(refusal, WrongState) else {"": str(refusal)})).items():
        form.add_error(name if name in form.fields else None, str(sentence))


def _back(entity: Entity) -> HttpResponse:
    return redirect(f"{reverse('budgets:tag-terms')}?entity={entity.code}")
