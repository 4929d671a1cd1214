"""Rule sets of chargebacks: what holds and held, one in words and as YAML, and stating the next version."""

from typing import Any

import yaml
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from budgets.chargeback_forms import MORE_ROWS, RulesFileForm, RulesForm, filled_from
from budgets.models import RuleSet
from budgets.rules.months import first_of
from budgets.rules.rule_sets import parse
from budgets.rules.safe_yaml import read
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rule_sets import BOOKS, access_entity_of_books, access_rule_set_by_id, holding_rules, rule_sets_in_reach
from budgets.selectors.statements import keeps_books
from budgets.services.rule_sets import Stated, state_rule_set
from core import clock
from core.access import needs, whole_entities_of
from core.errors import InvalidInput
from core.models import Entity, User
from core.posted import posted
from core.rules.rights import Right
from core.views.people import person_of
from core.views.trying import may_be_tried


@require_safe
@needs(*BOOKS)
def rule_sets(request: HttpRequest) -> HttpResponse:
    """List an organization's rule sets, every version (`?entity=` its code)."""
    user = person_of(request)
    entity = access_entity_of_books(user, request.GET.get("entity", ""))
    context = {
        "entity": entity,
        "entities": list(whole_entities_of(user, *BOOKS).order_by("code")),
        "rows": list(rule_sets_in_reach(user).filter(entity=entity)),
        "holding": {rules.pk for rules in holding_rules(entity, first_of(clock.now().date()))},
        "keeps": keeps_books(user, entity),
    }
    return render(request, "budgets/rule_sets.html", context)


@require_safe
@needs(*BOOKS)
def rule_set(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Show a version of a rule set, in words and as YAML. Raises NotFound."""
    user = person_of(request)
    found = access_rule_set_by_id(user, rule_set_id)
    context = {
        "rules": found,
        "document": parse(found.document),
        "text": as_yaml(found),
        "keeps": keeps_books(user, found.entity),
        "versions": list(rule_sets_in_reach(user).filter(entity=found.entity, code=found.code)),
    }
    return render(request, "budgets/rule_set.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
@may_be_tried
def new(request: HttpRequest, entity_code: str) -> HttpResponse:
    """State the next version of a rule set (`?from=` the number of one to begin with; `?as=yaml` as a file is written).

    422: it cannot hold; what was typed stays.
    """
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    began = rule_sets_in_reach(user).filter(entity=entity, pk=_number(request.GET.get("from", ""))).first()
    if request.GET.get("as") == "yaml":
        return _as_file(request, user, entity, began)
    if request.method == "POST" and "more" in request.POST:
        return _form(request, entity, _with_more_rows(request, entity), began)
    form = RulesForm(posted(request), entity=entity, initial=filled_from(began) if began else {})
    if not form.is_bound or not form.is_valid():
        return _form(request, entity, form, began, status=422 if form.is_bound else 200)
    try:
        stated = state_rule_set(entity=entity, document=form.cleaned_data["document"], actor=user)
    except InvalidInput as refusal:
        _refuse(form, refusal)
        return _form(request, entity, form, began, status=422)
    return _done(request, stated)


def _as_file(request: HttpRequest, user: User, entity: Entity, began: RuleSet | None) -> HttpResponse:
    form = RulesFileForm(posted(request), initial={"text": as_yaml(began) if began else EXAMPLE})
    if form.is_bound and form.is_valid():
        try:
            document = read(form.cleaned_data["text"].encode())
            return _done(request, state_rule_set(entity=entity, document=document, actor=user))
        except InvalidInput as refusal:
            _refuse(form, refusal)
    return _form(request, entity, form, began, status=422 if form.is_bound else 200)


def _done(request: HttpRequest, stated: Stated) -> HttpResponse:
    rules = stated.rules
    if stated.unchanged:
        messages.info(request, f"{rules.name}, version {rules.number}, says just that: nothing was stated.")
    else:
        found = f" {len(stated.findings)} to look at." if stated.findings else ""
        messages.success(request, f"{rules.name}, version {rules.number}, holds from {rules.starts_on:%B %Y} on.{found}")
    return redirect("budgets:rule-set", rules.pk)


def _refuse(form: RulesForm | RulesFileForm, refusal: InvalidInput) -> None:
    places = refusal.details or {"": str(refusal)}
    for place, sentence in list(places.items())[:10]:
        form.add_error(None, f"{place}: {sentence}." if place else str(sentence))


def as_yaml(rules: RuleSet) -> str:
    """Return a rule set as a file says it."""
    return yaml.safe_dump(rules.document, sort_keys=False, allow_unicode=True, width=100)


def _with_more_rows(request: HttpRequest, entity: Entity) -> RulesForm:
    typed = request.POST.copy()
    typed["rows"] = str(RulesForm(typed, entity=entity).count + MORE_ROWS)
    kept = {name: value for name, value in typed.items() if name not in {"more", "csrfmiddlewaretoken"}}
    return RulesForm(entity=entity, initial=kept)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _form(request: HttpRequest, entity: Entity, form: Any, began: RuleSet | None, status: int = 200) -> HttpResponse:
    is_file = isinstance(form, RulesFileForm)
    context = {"entity": entity, "form": form, "began": began, "is_file": is_file}
    return render(request, "budgets/rule_set_form.html", context, status=status)


EXAMPLE = """schema: purser/allocation-rules/1
code: monthly
name: Monthly chargeback
starts_on: 2026-01
pools:
  - code: platform
    name: Platform
    collects: {cost_centre: PLATFORM}
    lands_in: software
    shares:
      - {to: PRODUCT, pct: 60}
      - {to: DATA, pct: 40}
"""
