"""Drawing on a reserve: the form, both lines before and after, and the report that a draw owes."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals.models import Request, Reserve, ReserveTerms
from approvals.reserve_forms import DrawForm, MissingForm, OutcomeForm
from approvals.selectors.draws import Drawing, access_draw_by_number, approvals_of, may_confirm, report_of, spending_of, state_of
from approvals.selectors.moves import sides_of
from approvals.selectors.reserves import access_reserve_by_id, approver_words, available_in, terms_at
from approvals.selectors.terms import RESERVE_DRAW, draw_of
from approvals.services.draw_reports import confirm_report, return_report, write_report
from approvals.services.draws import ask_draw, predicted_draw
from approvals.views.asking import own_editable
from approvals.views.chain import Chain, chain_from
from approvals.views.choices import choices_for
from approvals.views.refusals import RefusalShown, refusal_shown
from approvals.views.reserves import SEEING, say_on
from budgets.rules.months import first_of
from budgets.selectors.overview import freshness_of
from core import clock
from core.access import needs
from core.errors import InvalidInput, NotFound, Refusal, WrongState
from core.models import User
from core.rules.rights import Right
from core.views.people import person_of

NAMES = ("taker", "month", "amount", "reason", "document")


@dataclass
class Desk:
    """One showing of the form: who draws on which reserve, what is typed, the draw that was sent back, and what went wrong."""

    person: User
    reserve: Reserve
    form: DrawForm
    kept: Request | None = None
    form_key: UUID = field(default_factory=uuid4)
    refusal: RefusalShown | None = None
    status: int = 200


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def new(request: HttpRequest, reserve_id: int) -> HttpResponse:
    """Show the form, filled in from the address (`taker`, `month`, `amount`), or take it."""
    person = person_of(request)
    reserve = access_reserve_by_id(person, reserve_id)
    if reserve.closed_at is not None:
        raise WrongState(f"{reserve.name} was given up.", remedy="Draw on another reserve, or move budget.")
    if request.method == "POST":
        return _take(request, Desk(person, reserve, _posted(request, person, reserve), form_key=_form_key(request)))
    initial = {"month": f"{clock.now():%Y-%m}"} | {name: request.GET[name][:40] for name in NAMES if name in request.GET}
    return _show(request, Desk(person, reserve, _form(person, reserve, initial)))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def edit(request: HttpRequest, number: str) -> HttpResponse:
    """Show a draw that was sent back, for its requester to change."""
    person = person_of(request)
    kept = own_editable(person, number, subject_kind=RESERVE_DRAW)
    draw = draw_of(kept)
    if draw is None:
        raise NotFound("There is no such draw.", remedy="Start from the list of reserves.")
    reserve = access_reserve_by_id(person, draw.reserve_id)
    if request.method == "POST":
        return _take(request, Desk(person, reserve, _posted(request, person, reserve), kept))
    line = kept.lines.order_by("number").first()
    said = {"month": f"{line.month:%Y-%m}", "amount": f"{line.net:,.2f}"} if line else {}
    initial = said | {"taker": str(draw.taker_id), "reason": kept.reason, "document": draw.document}
    return _show(request, Desk(person, reserve, _form(person, reserve, initial), kept))


def _terms(reserve: Reserve) -> ReserveTerms | None:
    return terms_at(reserve, first_of(clock.now().date()))


def _form(person: User, reserve: Reserve, initial: dict[str, Any]) -> DrawForm:
    terms = _terms(reserve)
    return DrawForm(initial=initial, reserve=reserve, document=terms.document if terms else "", choices=choices_for(person))


def _posted(request: HttpRequest, person: User, reserve: Reserve) -> DrawForm:
    terms = _terms(reserve)
    named = terms.document if terms else ""
    return DrawForm(request.POST, request.FILES, reserve=reserve, document=named, choices=choices_for(person))


def _form_key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid4()


def _take(request: HttpRequest, desk: Desk) -> HttpResponse:
    form = desk.form
    is_valid = form.is_valid()
    if request.POST.get("then") == "look":
        form.errors.pop("reason", None)
        desk.status = 422 if form.errors else 200
        return _show(request, desk)
    drawing = form.drawing() if is_valid else None
    if drawing is None:
        desk.status = 422
        return _show(request, desk)
    file = form.cleaned_data.get("file")
    sent = (file.name, file.read()) if file else None
    kept_id = desk.kept.pk if desk.kept else None
    try:
        made = ask_draw(actor=desk.person, drawing=drawing, form_key=desk.form_key, file=sent, request_id=kept_id)
    except InvalidInput as refusal:
        say_on(form, refusal)
        desk.status = 422
        return _show(request, desk)
    except Refusal as refusal:
        currency = desk.reserve.account.currency
        desk.refusal = refusal_shown(refusal, person=desk.person, currency=currency)
        desk.status = refusal.status
        return _show(request, desk)
    amount = f"{drawing.total:,.2f} {desk.reserve.account.currency}"
    messages.success(request, f"{made.number} is submitted and holds {amount} on {desk.reserve.name}.")
    return redirect("approvals:request", made.number)


def _show(request: HttpRequest, desk: Desk) -> HttpResponse:
    kept, form, reserve = desk.kept, desk.form, desk.reserve
    drawing = _typed(form)
    terms = _terms(reserve)
    context = {
        "form": form,
        "form_key": desk.form_key,
        "kept": kept,
        "reserve": reserve,
        "terms": terms,
        "approver": approver_words(terms) if terms else "",
        "left": available_in(reserve.account, first_of(clock.now().date())),
        "action": reverse("approvals:draw-edit", args=[kept.number]) if kept else reverse("approvals:draw", args=[reserve.pk]),
        "refusal": desk.refusal,
        "drawing": drawing,
        "sides": sides_of(reserve.account, drawing.taker, drawing.amounts) if drawing else None,
        "fresh": freshness_of(reserve.account.budget, now=clock.now()),
        "chain": _chain(desk.person, drawing),
    }
    return render(request, "approvals/draw.html", context, status=desk.status)


def _typed(form: DrawForm) -> Drawing | None:
    judged = form
    if not form.is_bound:
        said = {name: form.initial.get(name, "") for name in form.fields}
        judged = DrawForm(said, reserve=form.reserve, document="", choices=form.choices)
    judged.is_valid()
    return judged.drawing(so_far=True)


def _chain(person: User, drawing: Drawing | None) -> Chain:
    if drawing is None:
        return Chain()
    try:
        return chain_from(predicted_draw(actor=person, drawing=drawing), total=drawing.total)
    except Refusal as refusal:
        return Chain(error=refusal.message, remedy=refusal.remedy)


# ---------------------------------------------------------------- the report about a draw


@require_safe
@needs(*SEEING)
def report(request: HttpRequest, number: str) -> HttpResponse:
    """Show the report that a draw owes or has, and what can be done about it."""
    return _report(request, person_of(request), number)


@require_POST
@needs(Right.REQUEST)
def write(request: HttpRequest, number: str) -> HttpResponse:
    """Write the report, or write it anew."""
    person = person_of(request)
    draw = access_draw_by_number(person, number)
    form = OutcomeForm(request.POST)
    if not form.is_valid():
        return _report(request, person, number, outcome=form, status=422)
    try:
        write_report(request_id=draw.request_id, outcome=form.cleaned_data["outcome"], actor=person)
    except Refusal as refusal:
        say_on(form, refusal)
        return _report(request, person, number, outcome=form, status=refusal.status)
    messages.success(request, f"The report about {number} is written. Whoever approved the draw confirms it.")
    return redirect("approvals:draw-report", number)


@require_POST
@needs(*SEEING)
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """Confirm the report, or (`then=return`) give it back with what it misses."""
    person = person_of(request)
    draw = access_draw_by_number(person, number)
    form = MissingForm(request.POST)
    gives_back = request.POST.get("then") == "return"
    if gives_back and not form.is_valid():
        return _report(request, person, number, missing=form, status=422)
    try:
        if gives_back:
            return_report(request_id=draw.request_id, missing=form.cleaned_data["missing"], actor=person)
        else:
            confirm_report(request_id=draw.request_id, actor=person)
    except Refusal as refusal:
        form = MissingForm({"missing": request.POST.get("missing", "-")})
        form.is_valid()
        say_on(form, refusal)
        return _report(request, person, number, missing=form, status=refusal.status)
    said = "is given back" if gives_back else "is confirmed"
    messages.success(request, f"The report about {number} {said}.")
    return redirect("approvals:draw-report", number)


def _report(
    request: HttpRequest,
    person: User,
    number: str,
    *,
    outcome: OutcomeForm | None = None,
    missing: MissingForm | None = None,
    status: int = 200,
) -> HttpResponse:
    draw = access_draw_by_number(person, number)
    found = report_of(draw)
    if found is None:
        raise NotFound(f"No report is owed for {number}.", remedy="A report is owed for a draw once it is approved.")
    stands = state_of(found, clock.now())
    context = {
        "draw": draw,
        "request_": draw.request,
        "report": found,
        "state": stands,
        "spending": spending_of(draw),
        "fresh": freshness_of(draw.taker.budget, now=clock.now()),
        "kept": found.figures.get("months", []) if found.written_at else [],
        "approved_by": [str(each.who) for each in approvals_of([draw]).get(draw.request_id, [])],
        "approver": approver_words(draw.terms),
        "outcome": outcome or OutcomeForm(initial={"outcome": found.outcome}),
        "missing": missing or MissingForm(),
        "may_write": draw.request.requester_id == person.pk and found.confirmed_at is None,
        "may_confirm": stands == "written" and may_confirm(person, draw),
    }
    return render(request, "approvals/draw_report.html", context, status=status)
