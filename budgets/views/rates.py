"""Exchange rates: what was stated, and stating one."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from budgets.forms import RateForm
from budgets.selectors.budgets import READING
from budgets.selectors.controls import access_entity_to_read, may_state, readable_entities
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rates import currencies_of, holding, rates_of, unrated
from budgets.services.controls import Node
from budgets.services.rates import state_rate
from core import clock
from core.access import needs
from core.errors import InvalidInput
from core.models import Entity, User
from core.rules.rights import Right
from core.views.people import person_of

ROWS = 50


@require_safe
@needs(*READING)
def rates(request: HttpRequest) -> HttpResponse:
    """List an organization's exchange rates (`?entity=` its code; `?currency=` one of them)."""
    user = person_of(request)
    entity = access_entity_to_read(user, request.GET.get("entity", ""))
    return _shown(request, user, entity, RateForm(entity=entity))


@needs(Right.BUDGET)
@require_POST
def state(request: HttpRequest, entity_code: str) -> HttpResponse:
    """State a rate. None is changed: the latest word holds."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    form = RateForm(request.POST, entity=entity)
    if not form.is_valid():
        return _shown(request, user, entity, form, status=422)
    try:
        stated = state_rate(entity=entity, actor=user, **form.cleaned_data)
    except InvalidInput as refusal:
        form.add_error(refusal.code if refusal.code in form.fields else None, str(refusal))
        return _shown(request, user, entity, form, status=422)
    told = f"From {stated.valid_on:%-d %b %Y} one {stated.currency} is {stated.rate.normalize():f} {entity.currency}."
    messages.success(request, f"{told} What was posted before keeps its rate.")
    return redirect(f"{reverse('budgets:rates')}?entity={entity.code}")


def _shown(request: HttpRequest, user: User, entity: Entity, form: RateForm, status: int = 200) -> HttpResponse:
    # A posting takes the rate of its day in UTC.
    today = clock.now().date()
    currencies = currencies_of(entity)
    currency = request.GET.get("currency", "")
    chosen = currency if currency in currencies else ""
    context = {
        "entity": entity,
        "entities": readable_entities(user),
        "page": Paginator(rates_of(entity, chosen), ROWS).get_page(request.GET.get("page")),
        "currencies": currencies,
        "chosen": chosen,
        "holding": holding(entity, today),
        "unrated": unrated(entity, today),
        "may_state": may_state(user, entity, Node()),
        "form": form,
    }
    return render(request, "budgets/rates.html", context, status=status)
