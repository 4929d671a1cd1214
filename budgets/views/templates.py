"""Budget templates: the list, keeping a plan as one, beginning a budget from one, and putting one away."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from budgets.forms import CopyForm, TemplateForm
from budgets.models import BudgetTemplate
from budgets.rules.copying import CopyTerms
from budgets.selectors.periods import access_entity_of_finance, entities_of_finance
from budgets.selectors.templates import access_template_by_id, begun_from, templates_in_reach
from budgets.services.templates import keep_template, put_template_away
from budgets.views.plans import show_plan, to_change
from core.access import needs
from core.errors import InvalidInput
from core.posted import posted
from core.rules.rights import Right
from core.views.people import person_of


@require_safe
@needs(Right.BUDGET)
def templates(request: HttpRequest) -> HttpResponse:
    """List an organization's templates (`?entity=` its code)."""
    user = person_of(request)
    entity = access_entity_of_finance(user, request.GET.get("entity", "")[:60])
    rows = templates_in_reach(user).filter(entity=entity, put_away_at__isnull=True)
    context = {"entity": entity, "entities": list(entities_of_finance(user)), "rows": [(row, *_size(row)) for row in rows]}
    return render(request, "budgets/templates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def keep(request: HttpRequest, code: str) -> HttpResponse:
    """Keep the plan of a budget's version in force as a template. 422: its name is taken; what was typed stays."""
    user = person_of(request)
    budget, version = to_change(user, code)
    form = TemplateForm(posted(request), initial={"name": budget.name})
    if form.is_bound and form.is_valid():
        try:
            kept = keep_template(version=version, **form.cleaned_data, actor=user)
        except InvalidInput as refusal:
            for name, sentence in refusal.details.items():
                form.add_error(name, str(sentence))
        else:
            messages.success(request, f"{kept.name} is kept as a template: budgets can begin from it.")
            return redirect(f"{reverse('budgets:templates')}?entity={budget.entity.code}")
    context = {"budget": budget, "version": version, "form": form}
    return render(request, "budgets/template_form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def begin(request: HttpRequest, template_id: int) -> HttpResponse:
    """Begin a budget from a template: what it would do is shown before anything is kept."""
    user = person_of(request)
    found = access_template_by_id(user, template_id)
    form = CopyForm(posted(request))

    def document() -> dict[str, Any]:
        return begun_from(found, CopyTerms(**form.cleaned_data))

    total, currency, lines = _size(found)
    context = {"template": found, "total": total, "currency": currency, "lines": lines}
    return show_plan(request, user, form, "budgets/template_begin.html", context, document)


@require_POST
@needs(Right.BUDGET)
def put_away(request: HttpRequest, template_id: int) -> HttpResponse:
    """Offer a template no more. Raises WrongState where it was put away before."""
    user = person_of(request)
    found = put_template_away(template_id=access_template_by_id(user, template_id).pk, actor=user)
    messages.success(request, f"{found.name} is put away. Budgets that began from it stay as they are.")
    return redirect(f"{reverse('budgets:templates')}?entity={found.entity.code}")


def _size(row: BudgetTemplate) -> tuple[str, str, int]:
    """Return a template's total, its currency, and how many lines it has."""
    budget = row.document["budget"]
    return budget["total"], budget["currency"], sum(len(envelope["lines"]) for envelope in budget["envelopes"])
