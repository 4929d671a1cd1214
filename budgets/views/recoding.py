"""Re-coding spend: what was spent on one budget line is put on another, with both sides shown first."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from budgets.forms import RecodeForm
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.freshness import freshness_of_budgets
from budgets.selectors.recoding import Side, access_spend_to_recode, lines_to_recode_to, sides_of_recoding
from budgets.services.recoding import recode
from core import clock
from core.access import needs
from core.errors import InvalidInput, Refusal
from core.rules.rights import Right
from core.views.people import person_of


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def page(request: HttpRequest, code: str, entry_id: int) -> HttpResponse:
    """Show what was spent, and both lines before and after; a POST with `then` set to `do` puts it on the other line."""
    user = person_of(request)
    budget = access_budget_by_code(user, code)
    entry = access_spend_to_recode(user, entry_id, budget=budget)
    lines = lines_to_recode_to(user, entry)
    form = RecodeForm(request.POST or None, lines=lines)
    key, status = _form_key(request), 200
    sides: tuple[Side, Side] | None = None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            taker = form.cleaned_data["line"]
            sides, status = sides_of_recoding(entry, taker), 200
            if request.POST.get("then") == "do":
                try:
                    done = recode(
                        key=f"recode:{key}",
                        entry_ids=[entry.pk],
                        to_account=taker,
                        actor=user,
                        month=form.cleaned_data["month"],
                        memo=form.cleaned_data["reason"],
                    )
                except Refusal as refusal:
                    form.add_error(None, str(refusal))
                    status = 422 if isinstance(refusal, InvalidInput) else refusal.status
                else:
                    messages.success(request, f"{entry.amount:,.2f} {entry.account.currency} is spent on {taker.name} now.")
                    return redirect("budgets:journal", done.id)
    context = {"budget": budget, "entry": entry, "form": form, "sides": sides, "form_key": key, "lines": lines}
    context["fresh"] = freshness_of_budgets([side.account.budget for side in sides], now=clock.now()) if sides else None
    return render(request, "budgets/recode.html", context, status=status)


def _form_key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid4()
