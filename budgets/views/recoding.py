"""Re-coding spend: what was spent on one budget line is put on another, with both sides shown first."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from budgets.forms import RecodeForm
from budgets.models import Budget, Entry, FundsAccount
from budgets.selectors.accounts import accounts_in_reach
from budgets.selectors.balances import Figures, account_figures
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.entries import entries_in_reach
from budgets.services.recoding import recode
from core.access import needs
from core.errors import InvalidInput, NotFound, Refusal
from core.models import User
from core.rules.rights import Right
from core.views.people import person_of


@dataclass(frozen=True)
class Side:
    """A budget line over all months, before and after, in its currency."""

    account: FundsAccount
    before: Figures
    by: Decimal

    @property
    def spent_after(self) -> Decimal:
        return self.before.spent + self.by

    @property
    def available_after(self) -> Decimal:
        return self.before.available - self.by


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def page(request: HttpRequest, code: str, entry_id: int) -> HttpResponse:
    """Show what was spent, and both lines before and after; a POST with `then` set to `do` puts it on the other line."""
    user = person_of(request)
    budget = access_budget_by_code(user, code)
    entry = _entry(user, budget, entry_id)
    lines = _lines(user, entry)
    form = RecodeForm(request.POST or None, lines=lines)
    key, status = _form_key(request), 200
    sides: tuple[Side, Side] | None = None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            taker = form.cleaned_data["line"]
            sides, status = _sides(entry, taker), 200
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
    return render(request, "budgets/recode.html", context, status=status)


def _entry(user: User, budget: Budget, entry_id: int) -> Entry:
    kept = accounts_in_reach(user, Right.BUDGET).order_by().values("pk")
    rows = entries_in_reach(user).select_related("account__entity", "account__budget", "journal", "account__cost_centre")
    found = rows.filter(pk=entry_id, account__budget=budget, account__in=kept, bucket="spent").first()
    if found is None:
        raise NotFound("There is no such spend, or none that you keep.", remedy="Choose it from the list of entries.")
    return found


def _lines(user: User, entry: Entry) -> list[FundsAccount]:
    rows = accounts_in_reach(user, Right.BUDGET).filter(entity=entry.account.entity, currency=entry.account.currency)
    return list(rows.exclude(pk=entry.account_id).order_by("budget__code", "category__path", "name"))


def _sides(entry: Entry, taker: FundsAccount) -> tuple[Side, Side]:
    figures = account_figures([entry.account_id, taker.pk])
    giver = entry.account
    return Side(giver, figures[giver.pk], -entry.amount), Side(taker, figures[taker.pk], entry.amount)


def _form_key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid4()
