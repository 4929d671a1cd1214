"""What the pages share on which a budget is amended: where they begin, who would decide, and where they lead."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from approvals.change_forms import SinceForm
from approvals.models import Request
from approvals.selectors.amendments import access_amendable, open_months_of
from approvals.selectors.terms import AMENDMENT, amendment_of
from approvals.services.amendments import Amended, Prospect
from approvals.views.asking import own_editable
from approvals.views.chain import Chain, chain_from
from approvals.views.refusals import RefusalShown, refusal_shown
from budgets.models import Budget, BudgetVersion
from budgets.selectors.budgets import version_in_force
from core.errors import NotFound, Refusal, WrongState
from core.models import User


@dataclass(frozen=True, slots=True)
class Opened:
    """The version that is amended, the budget's open months, and the one from which on it changes."""

    version: BudgetVersion
    months: list[date]
    since: date
    form: SinceForm


def opened(request: HttpRequest, budget: Budget) -> Opened:
    """Return where amending begins, as the request has it. Raises WrongState where nothing can be amended."""
    version, months = version_in_force(budget), open_months_of(budget)
    if version is None or not months:
        raise WrongState(f"{budget.name} has no version in force, or no open month.", remedy="Load its file, or open a month.")
    asked: Mapping[str, str] = request.POST if request.method == "POST" else request.GET
    form = SinceForm({"since": asked.get("since") or f"{months[0]:%Y-%m}"}, months=months)
    since = date.fromisoformat(f"{form.cleaned_data['since']}-01") if form.is_valid() else months[0]
    return Opened(version, months, since, form)


def own_amendment(person: User, number: str) -> tuple[Request, Budget]:
    """Return an amendment of one's own that may be changed, and the budget that it amends. Raises NotFound, WrongState."""
    kept = own_editable(person, number, subject_kind=AMENDMENT)
    amendment = amendment_of(kept)
    if amendment is None:
        raise NotFound("This amends no budget.", remedy="Open the request.")
    return kept, access_amendable(person, amendment.version.budget.code)


def form_key_of(request: HttpRequest) -> UUID:
    """Return what tells one showing of the form from another."""
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid4()


def onward(request: HttpRequest, budget: Budget, since: date, done: Amended) -> HttpResponse:
    """Say what came of it, and go there."""
    if done.request is not None:
        messages.success(request, f"{done.request.number} is submitted. The version in force stays until it is decided.")
        return redirect("approvals:request", done.request.number)
    assert done.version is not None
    waits = done.version.state == BudgetVersion.State.SCHEDULED
    said = f"waits for {since:%B %Y}" if waits else "is in force"
    messages.success(request, f"{budget.name}, version {done.version.number}, {said}.")
    return redirect("budgets:versions", budget.code)


def refused(person: User, budget: Budget, refusal: Refusal) -> RefusalShown:
    """Return a refusal with its figures and ways out, as far as the person may see them."""
    return refusal_shown(refusal, person=person, currency=budget.currency)


def would_be(person: User, budget: Budget, prospect: Prospect | None) -> RefusalShown | None:
    """Return what would refuse it now, if anything."""
    return refused(person, budget, prospect.refusal) if prospect and prospect.refusal else None


def chain_of(prospect: Prospect | None) -> Chain:
    """Return who would decide, for the page."""
    if prospect is None or prospect.prediction is None:
        return Chain()
    return chain_from(prospect.prediction, total=prospect.change, holds=False)
