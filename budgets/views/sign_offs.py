"""Signing a version that waits for it, and putting it away."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from budgets.forms import SignOffForm
from budgets.models import BudgetVersion
from budgets.selectors.budgets import READING, access_budget_by_code
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.versions import access_version
from budgets.services.sign_offs import put_away, sign_off
from core.access import needs
from core.errors import InvalidInput
from core.rules.rights import Right
from core.views.people import person_of
from core.views.trying import may_be_tried


@require_POST
@needs(*READING)
@may_be_tried
def sign(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Sign a version for one side, as it was shown."""
    person = person_of(request)
    version = access_version(person, access_budget_by_code(person, code), number)
    form = SignOffForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("This says not what is signed, or for whom.", remedy="Open the version, and sign it there.")
    data = form.cleaned_data
    signed = sign_off(version_id=version.pk, side=data["side"], digest=data["digest"], actor=person)
    said = "is in force" if signed.state == BudgetVersion.State.IN_FORCE else "is signed by you"
    messages.success(request, f"{signed.budget.name}, version {signed.number}, {said}.")
    return redirect("budgets:version", code=code, number=number)


@require_POST
@needs(Right.BUDGET)
def drop(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Put away a version that waits to be signed; what is in force stays."""
    person = person_of(request)
    budget = access_budget_by_code(person, code)
    access_entity_of_finance(person, budget.entity.code)
    version = access_version(person, budget, number)
    put_away(version_id=version.pk, actor=person)
    messages.success(request, f"{budget.name}, version {number}, is put away.")
    return redirect("budgets:budget", code=code)
