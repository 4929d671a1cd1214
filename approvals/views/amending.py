"""Amending a budget: its amounts in a table or a file, what that would change and who would decide, and asking for it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from approvals.change_forms import AmendForm, SinceForm
from approvals.models import Request
from approvals.selectors.amendments import access_amendable, rows_of
from approvals.services.amendments import Prospect, Wanted, amend_budget, preview_amendment
from approvals.views.amended import chain_of, form_key_of, onward, opened, own_amendment, refused, would_be
from approvals.views.person import person_of
from approvals.views.refusals import RefusalShown
from budgets.models import Budget, BudgetVersion
from budgets.rules import safe_yaml
from budgets.selectors.overview import freshness_of
from core import clock
from core.access import needs
from core.errors import InvalidInput, Refusal
from core.models import User
from core.rules.rights import Right


@dataclass
class Amending:
    """One showing of the page: who amends what from which month on, what is typed, and what went wrong."""

    person: User
    budget: Budget
    version: BudgetVersion
    since: date
    form: AmendForm
    since_form: SinceForm
    kept: Request | None = None
    form_key: UUID = field(default_factory=uuid4)
    prospect: Prospect | None = None
    refusal: RefusalShown | None = None
    status: int = 200


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Show what stands, from the month that `since` names on; a POST says what it would change, or asks for it."""
    person = person_of(request)
    return _page(request, person, access_amendable(person, code))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def edit(request: HttpRequest, number: str) -> HttpResponse:
    """Show an amendment that was sent back, for its requester to change."""
    person = person_of(request)
    kept, budget = own_amendment(person, number)
    return _page(request, person, budget, kept)


def _page(request: HttpRequest, person: User, budget: Budget, kept: Request | None = None) -> HttpResponse:
    begun = opened(request, budget)
    version, since, since_form = begun.version, begun.since, begun.form
    rows = rows_of(version, since)
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    initial = {"base": version.pk, "reason": kept.reason if kept else ""}
    form = AmendForm(*data, budget=budget, rows=rows, initial=initial)
    amending = Amending(person, budget, version, since, form, since_form, kept, form_key_of(request))
    if request.method != "POST":
        return _show(request, amending)
    if not form.is_valid() or not since_form.is_valid():
        amending.status = 422
        return _show(request, amending)
    return _take(request, amending)


def _take(request: HttpRequest, amending: Amending) -> HttpResponse:
    asks = request.POST.get("then") == "ask"
    try:
        wanted = _wanted(amending)
        if asks:
            kept_id = amending.kept.pk if amending.kept else None
            done = amend_budget(actor=amending.person, wanted=wanted, form_key=amending.form_key, request_id=kept_id)
            return onward(request, amending.budget, amending.since, done)
        amending.prospect = preview_amendment(actor=amending.person, wanted=wanted)
    except InvalidInput as refusal:
        for name, sentence in (refusal.details or {"": refusal.message}).items():
            known = name in amending.form.fields
            amending.form.add_error(name if known else None, str(sentence) if known or not name else f"{name}: {sentence}")
        amending.status = 422
    except Refusal as refusal:
        amending.refusal = refused(amending.person, amending.budget, refusal)
        amending.status = refusal.status
    return _show(request, amending)


def _wanted(amending: Amending) -> Wanted:
    data = amending.form.cleaned_data
    file = data["file"]
    return Wanted(
        budget=amending.budget,
        base_id=data["base"],
        since=amending.since,
        reason=data["reason"],
        amounts=amending.form.amounts(),
        document=safe_yaml.read(file.read()) if file else None,
        source_name=(file.name or "file") if file else "",
        is_forced=data["is_forced"],
    )


def _show(request: HttpRequest, amending: Amending) -> HttpResponse:
    prospect, kept = amending.prospect, amending.kept
    name, where = ("approvals:amend-edit", kept.number) if kept else ("approvals:amend", amending.budget.code)
    context: dict[str, Any] = {
        "budget": amending.budget,
        "version": amending.version,
        "since": amending.since,
        "since_form": amending.since_form,
        "form": amending.form,
        "form_key": amending.form_key,
        "kept": kept,
        "action": reverse(name, args=[where]),
        "refusal": amending.refusal,
        "prospect": prospect,
        "fresh": freshness_of(amending.budget, now=clock.now()) if prospect else None,
        "would_be": would_be(amending.person, amending.budget, prospect),
        "chain": chain_of(prospect),
        "wrong": amending.status == 422,
    }
    return render(request, "approvals/amend.html", context, status=amending.status)
