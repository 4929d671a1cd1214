"""What cost centres carry on: what holds down the tree, and stating it."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from budgets.carry_forms import CarryRuleForm
from budgets.rules.months import first_of
from budgets.selectors.carry_rules import carry_rules_in_reach, centre_rows
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rule_sets import BOOKS, access_entity_of_books
from budgets.selectors.statements import keeps_books
from budgets.services.carry_rules import state_carry_rule
from core import clock
from core.access import needs, whole_entities_of
from core.errors import InvalidInput, WrongState
from core.models import Entity, User
from core.rules.rights import Right
from core.views.people import person_of

ROWS = 50


@require_safe
@needs(*BOOKS)
def carry_rules(request: HttpRequest) -> HttpResponse:
    """Show what holds for each cost centre of an organization (`?entity=` its code) this month, and what was stated before."""
    user = person_of(request)
    return _shown(request, user, access_entity_of_books(user, request.GET.get("entity", "")))


@require_POST
@needs(Right.BUDGET)
def state(request: HttpRequest, entity_code: str) -> HttpResponse:
    """State what a cost centre carries on. 422: something is missing."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    form = CarryRuleForm(request.POST, entity=entity)
    if not form.is_valid():
        return _shown(request, user, entity, form, status=422)
    data = form.cleaned_data
    try:
        rule = state_carry_rule(
            cost_centre=data["cost_centre"], starts_on=data["starts_on"], terms=data["terms"], note=data["note"], actor=user
        )
    except InvalidInput as refusal:
        named = next((name for name in refusal.details if name in form.fields), "up_to" if refusal.details else None)
        form.add_error(named, str(refusal))
        return _shown(request, user, entity, form, status=422)
    except WrongState as refusal:
        form.add_error("starts_on", str(refusal))
        return _shown(request, user, entity, form, status=409)
    messages.success(request, f"{data['cost_centre'].name}: {rule.get_kind_display()}, from the end of {rule.starts_on:%B %Y}.")
    return redirect(f"{reverse('budgets:carry-rules')}?entity={entity.code}")


def _shown(
    request: HttpRequest, user: User, entity: Entity, form: CarryRuleForm | None = None, *, status: int = 200
) -> HttpResponse:
    month: date = first_of(clock.now().date())
    context = {
        "entity": entity,
        "entities": list(whole_entities_of(user, *BOOKS).order_by("code")),
        "month": month,
        "centres": centre_rows(entity, month),
        "page": Paginator(carry_rules_in_reach(user).filter(entity=entity), ROWS).get_page(request.GET.get("page")),
        "form": form or CarryRuleForm(entity=entity, initial={"starts_on": f"{month:%Y-%m}"}),
        "keeps": keeps_books(user, entity),
    }
    return render(request, "budgets/carry_rules.html", context, status=status)
