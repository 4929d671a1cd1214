"""Saying who owns a budget."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from budgets.forms import OwnerForm
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.owners import people_to_own
from budgets.selectors.periods import access_entity_of_finance
from budgets.services.owners import set_owner
from core.access import needs
from core.errors import InvalidInput
from core.posted import posted
from core.rules.rights import Right
from core.views.people import person_of


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def owner(request: HttpRequest, code: str) -> HttpResponse:
    """Show who may own a budget, and take who does. 422: that person cannot."""
    user = person_of(request)
    budget = access_budget_by_code(user, code)
    access_entity_of_finance(user, budget.entity.code)
    form: forms.Form = OwnerForm(posted(request), people=people_to_own(budget), initial={"owner": budget.owner_id})
    if form.is_bound and form.is_valid():
        try:
            kept = set_owner(budget_id=budget.pk, owner=form.cleaned_data["owner"], actor=user)
        except InvalidInput as refusal:
            form.add_error("owner", str(refusal))
        else:
            messages.success(request, f"{kept.owner.name if kept.owner else 'Nobody by name'} owns {kept.name} now.")
            return redirect("budgets:budget", kept.code)
    context = {"budget": budget, "form": form}
    return render(request, "budgets/owner.html", context, status=422 if form.is_bound else 200)
