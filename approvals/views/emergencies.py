"""Emergencies: declared on a draft, listed with what is owed and how long, answered by whoever owes it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals.emergency_forms import DebtForm, EmergencyForm, TermsForm
from approvals.models import Debt, DebtTimer, Emergency, Request
from approvals.selectors.emergencies import (
    access_emergency_by_number,
    approvers_for,
    emergencies_seen,
    may_pay,
    open_debts,
    overdue_debts,
    roles_for_terms,
    room_for,
    terms_of,
)
from approvals.selectors.places import path_of, paths_of
from approvals.selectors.requests import access_request_by_number, visible_requests
from approvals.services.emergencies import declare_emergency, pay_debt, state_terms
from approvals.views.person import person_of
from approvals.views.refusals import RefusalShown, refusal_shown
from budgets.selectors.balances import thread_balance
from budgets.selectors.books import in_books
from core import clock
from core.access import needs, whole_entities_of
from core.errors import InvalidInput, NotFound, Refusal
from core.models import User
from core.posted import posted
from core.rules.rights import Right

MOST = 200
DECLARING = (Right.REQUEST, Right.DECIDE, Right.AUDIT, Right.ADMINISTER)

FREES = "It needs a reason, and frees what is not spent."
# The buttons below what is owed, the first the main one, and what is asked for. The impact is stated first, then answered.
ANSWERS: dict[str, tuple[tuple[tuple[str, str], ...], str]] = {
    "written": ((("confirmed", "I approved it"), ("denied", "I did not")), f"To deny it: {FREES[0].lower()}{FREES[1:]}"),
    "review": (
        (("", "Keep the review"),),
        "What happened, why it could not wait, and what keeps it from happening again.",
    ),
    "impact": ((("", "Keep the impact"),), "What it cost and will cost, and whether it should go on."),
    "stated": ((("goes_on", "It goes on"), ("ends", "It ends here")), f"To end it: {FREES[0].lower()}{FREES[1:]}"),
}


@dataclass(frozen=True)
class DebtShown:
    """What is owed: by whom, how long, how it ended, and whether this person answers it, and how."""

    debt: Debt
    kind: str
    word: str
    may_answer: bool = False
    answers: list[tuple[str, str]] = field(default_factory=list)
    asks: str = ""
    moments: list[DebtTimer] = field(default_factory=list)


@require_safe
@needs(*DECLARING)
def emergencies(request: HttpRequest) -> HttpResponse:
    """List what is owed and since when, then all emergencies that one may see, the newest first."""
    person, now = person_of(request), clock.now()
    seen = list(emergencies_seen(person)[:MOST])
    context = {
        "debts": [_shown(debt, now) for debt in open_debts(person)[:MOST]],
        "rows": seen,
        "asleep": overdue_debts(person, now=now).exists(),
        "may_state": whole_entities_of(person, Right.ADMINISTER).exists(),
    }
    return render(request, "approvals/emergencies.html", context)


@require_safe
def emergency(request: HttpRequest, number: str) -> HttpResponse:
    """Show an emergency and what is owed for it. Raises NotFound."""
    person = person_of(request)
    return _page(request, access_emergency_by_number(person, number), person)


@require_POST
def answer(request: HttpRequest, number: str, debt_id: int) -> HttpResponse:
    """Take an answer to what is owed. 422: something is missing; 403: not theirs; 409: paid already. Raises NotFound."""
    person = person_of(request)
    found = access_emergency_by_number(person, number)
    if not any(debt.pk == debt_id for debt in found.debts.all()):
        raise NotFound("There is no such debt.", remedy="Open the emergency to see what is owed.")
    form = DebtForm(request.POST)
    if not form.is_valid():
        return _page(request, found, person, form=form, answered=debt_id, status=422)
    try:
        debt = pay_debt(debt_id=debt_id, actor=person, **form.cleaned_data)
    except InvalidInput as refusal:
        for name, sentence in refusal.details.items():
            form.add_error(name if name in form.fields else None, str(sentence))
        return _page(request, found, person, form=form, answered=debt_id, status=422)
    messages.success(request, f"{debt.get_kind_display().capitalize()}: {debt.get_outcome_display() or 'stated'}.")
    return redirect("approvals:emergency", number)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def declare(request: HttpRequest, number: str) -> HttpResponse:
    """Declare that a draft is an emergency. 422: something is missing; 403, 409: refused, with the ways out. Raises NotFound."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    if found.requester_id != person.pk or not found.is_editable:
        raise NotFound("There is no draft of yours with this number.", remedy="Go back to the list of requests.")
    form = _form(request, found, person)
    if request.method != "POST" or not form.is_valid():
        return _declaring(request, found, person, form, status=422 if form.is_bound else 200)
    try:
        declare_emergency(request_id=found.pk, actor=person, data=form.wanted())
    except InvalidInput as refusal:
        for name, sentence in (refusal.details or {"": refusal.message}).items():
            form.add_error(name if name in form.fields else None, str(sentence))
        return _declaring(request, found, person, form, status=422)
    except Refusal as refusal:
        shown = refusal_shown(refusal, person=person, currency=found.currency)
        return _declaring(request, found, person, form, status=refusal.status, refusal=shown)
    messages.success(request, f"{number} is committed. {form.wanted().approver} is asked to confirm it in writing.")
    return redirect("approvals:emergency", number)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.ADMINISTER)
def terms(request: HttpRequest) -> HttpResponse:
    """Show what counts as an emergency and up to what; a POST states it anew. 422: something is missing."""
    person = person_of(request)
    entities = list(whole_entities_of(person, Right.ADMINISTER).order_by("code"))
    asked = request.POST.get("entity") or request.GET.get("entity") or ""
    entity = next((each for each in entities if str(each.pk) == asked), entities[0] if entities else None)
    if entity is None:
        raise NotFound("You administer no organization as a whole.", remedy="Ask one of its administrators.")
    roles = list(roles_for_terms(entity))
    now = terms_of(entity)
    form = TermsForm(posted(request), entities=entities, roles=roles, terms=now, initial={"entity": entity})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        spans = {name: data[name] for name in ("written_within", "review_within", "impact_within")}
        try:
            state_terms(
                entity=data["entity"], criteria=data["criteria"].splitlines(), limits=data["limits"], actor=person, **spans
            )
        except InvalidInput as refusal:
            for name, sentence in refusal.details.items():
                form.add_error(name if name in form.fields else None, str(sentence))
        else:
            messages.success(request, f"These hold for {entity.name} from now on. Emergencies before keep theirs.")
            return redirect(f"{request.path}?entity={entity.pk}")
    others = [each for each in entities if each != entity]
    context = {"form": form, "entity": entity, "others": others, "terms": now}
    return render(request, "approvals/emergency_terms.html", context, status=422 if form.is_bound else 200)


def _form(request: HttpRequest, found: Request, person: User) -> EmergencyForm:
    now = clock.now()
    stated = terms_of(found.entity)
    path = path_of(found)
    amount = in_books(found.amount, found.currency, found.entity, on=now.date())
    people = approvers_for(person, found.entity, path, amount)
    initial = {"spoken_at": timezone.localtime(now)}
    return EmergencyForm(posted(request), criteria=stated.criteria if stated else (), people=people, initial=initial)


def _declaring(
    request: HttpRequest, found: Request, person: User, form: EmergencyForm, *, status: int, refusal: RefusalShown | None = None
) -> HttpResponse:
    path = path_of(found)
    now = clock.now()
    context = {
        "request_": found,
        "form": form,
        "refusal": refusal,
        "terms": terms_of(found.entity),
        "room": room_for(person, found.entity, path, now=now),
        "overdue": overdue_debts(person, now=now).first(),
    }
    return render(request, "approvals/emergency_form.html", context, status=status)


def _page(
    request: HttpRequest, found: Emergency, person: User, *, form: DebtForm | None = None, answered: int = 0, status: int = 200
) -> HttpResponse:
    now, paths = clock.now(), paths_of(found.request)
    timers: dict[int, list[DebtTimer]] = {}
    for timer in DebtTimer.objects.filter(debt__emergency=found).order_by("due_at"):
        timers.setdefault(timer.debt_id, []).append(timer)
    lines = list(found.request.lines.select_related("account__budget", "account__cost_centre").order_by("number"))
    held = thread_balance([line.thread for line in lines])
    context: dict[str, Any] = {
        "emergency": found,
        "request_": found.request,
        "debts": [_answerable(debt, found, person, paths, now, timers.get(debt.pk, [])) for debt in found.debts.all()],
        "lines": [(line, held[line.thread]) for line in lines],
        "sees_request": visible_requests(person).filter(pk=found.request_id).exists(),
        "form": form or DebtForm(auto_id=False),
        "answered": answered,
    }
    return render(request, "approvals/emergency.html", context, status=status)


def _answerable(
    debt: Debt, found: Emergency, person: User, paths: list[str], now: datetime, moments: list[DebtTimer]
) -> DebtShown:
    debt.emergency = found
    shown = _shown(debt, now)
    if not may_pay(debt, person, paths):
        return DebtShown(debt, shown.kind, shown.word, moments=moments)
    kind = "stated" if debt.kind == Debt.Kind.IMPACT and debt.text else str(debt.kind)
    answers, asks = ANSWERS[kind]
    return DebtShown(debt, shown.kind, shown.word, True, list(answers), asks, moments)


def _shown(debt: Debt, now: datetime) -> DebtShown:
    if debt.closed_at is not None:
        bad = debt.outcome in {Debt.Outcome.DENIED, Debt.Outcome.ENDS}
        return DebtShown(debt, "watch" if bad else "good", debt.get_outcome_display().capitalize())
    if debt.due_at <= now:
        return DebtShown(debt, "bad", f"Overdue {_age(now, debt.due_at)}")
    return DebtShown(debt, "", f"Due in {_age(debt.due_at, now)}")


def _age(later: datetime, earlier: datetime) -> str:
    """Write a span by its two largest units. These clocks run through nights and weekends."""
    minutes = int((later - earlier).total_seconds()) // 60
    days, rest = divmod(minutes, 24 * 60)
    parts = [f"{number}\u00a0{unit}" for number, unit in ((days, "d"), (rest // 60, "h"), (rest % 60, "min")) if number]
    return " ".join(parts[:2]) or "under 1\u00a0min"
