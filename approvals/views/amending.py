"""Amending a budget: its amounts in a table or a file, what that would change and who would decide, and asking for it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from approvals.change_forms import AmendForm, SinceForm
from approvals.models import Request
from approvals.selectors.amendments import access_amendable, open_months_of, rows_of
from approvals.selectors.requests import visible_requests
from approvals.selectors.terms import AMENDMENT, amendment_of
from approvals.services.amendments import Amended, Prospect, Wanted, amend_budget, preview_amendment
from approvals.views.asking import own_editable
from approvals.views.chain import Chain, chain_from
from approvals.views.person import person_of
from approvals.views.refusals import RefusalShown, refusal_shown
from budgets.models import Budget, BudgetVersion
from budgets.rules import safe_yaml
from budgets.selectors.budgets import version_in_force
from core.access import needs
from core.errors import InvalidInput, NotFound, Refusal, WrongState
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
    kept = own_editable(person, number, subject_kind=AMENDMENT)
    amendment = amendment_of(kept)
    if amendment is None:
        raise NotFound("This amends no budget.", remedy="Open the request.")
    return _page(request, person, access_amendable(person, amendment.version.budget.code), kept)


def _page(request: HttpRequest, person: User, budget: Budget, kept: Request | None = None) -> HttpResponse:
    version = version_in_force(budget)
    months = open_months_of(budget)
    if version is None or not months:
        raise WrongState(f"{budget.name} has no version in force, or no open month.", remedy="Load its file, or open a month.")
    asked = request.POST if request.method == "POST" else request.GET
    since_form = SinceForm({"since": asked.get("since") or f"{months[0]:%Y-%m}"}, months=months)
    since = date.fromisoformat(f"{since_form.cleaned_data['since']}-01") if since_form.is_valid() else months[0]
    rows = rows_of(version, since)
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    initial = {"base": version.pk, "reason": kept.reason if kept else ""}
    form = AmendForm(*data, budget=budget, rows=rows, initial=initial)
    amending = Amending(person, budget, version, since, form, since_form, kept, _form_key(request))
    if request.method != "POST":
        return _show(request, amending)
    if not form.is_valid() or not since_form.is_valid():
        amending.status = 422
        return _show(request, amending)
    return _take(request, amending)


def _form_key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid4()


def _take(request: HttpRequest, amending: Amending) -> HttpResponse:
    asks = request.POST.get("then") == "ask"
    try:
        wanted = _wanted(amending)
        if asks:
            kept_id = amending.kept.pk if amending.kept else None
            done = amend_budget(actor=amending.person, wanted=wanted, form_key=amending.form_key, request_id=kept_id)
            return _onward(request, amending, done)
        amending.prospect = preview_amendment(actor=amending.person, wanted=wanted)
    except InvalidInput as refusal:
        for name, sentence in (refusal.details or {"": refusal.message}).items():
            known = name in amending.form.fields
            amending.form.add_error(name if known else None, str(sentence) if known or not name else f"{name}: {sentence}")
        amending.status = 422
    except Refusal as refusal:
        amending.refusal = _refused(amending, refusal)
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


def _onward(request: HttpRequest, amending: Amending, done: Amended) -> HttpResponse:
    if done.request is not None:
        messages.success(request, f"{done.request.number} is submitted. The version in force stays until it is decided.")
        return redirect("approvals:request", done.request.number)
    assert done.version is not None
    waits = done.version.state == BudgetVersion.State.SCHEDULED
    said = f"waits for {amending.since:%B %Y}" if waits else "is in force"
    messages.success(request, f"{amending.budget.name}, version {done.version.number}, {said}.")
    return redirect("budgets:versions", amending.budget.code)


def _refused(amending: Amending, refusal: Refusal) -> RefusalShown:
    return refusal_shown(refusal, seen=visible_requests(amending.person), currency=amending.budget.currency)


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
        "would_be": _refused(amending, prospect.refusal) if prospect and prospect.refusal else None,
        "chain": _chain(prospect),
        "wrong": amending.status == 422,
    }
    return render(request, "approvals/amend.html", context, status=amending.status)


def _chain(prospect: Prospect | None) -> Chain:
    if prospect is None or prospect.prediction is None:
        return Chain()
    return chain_from(prospect.prediction, total=prospect.change, holds=False)
